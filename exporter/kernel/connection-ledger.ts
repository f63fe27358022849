// What has already been told of each connection at each interface, so that records carry what is new since the last
// one: the kernel counts totals, which stay right whatever records are lost. One entry per entry of the kernel's
// tables; the sweep removes both together, and that is its bound.

interface Totals {
  readonly bytes: number;
  readonly packets: number;
}

interface Told {
  openedBootNs: number;
  first: Totals;
  second: Totals;
}

const NOTHING: Totals = { bytes: 0, packets: 0 };

export class ConnectionLedger {
  readonly #told = new Map<string, Told>();

  get size(): number {
    return this.#told.size;
  }

  /** Notes the totals of both sides and returns what is new. Totals that run backwards (records of two CPUs out of order) are nothing new. */
  account(
    interfaceIndex: number,
    connectionId: string,
    openedBootNs: number,
    first: Totals,
    second: Totals,
  ): readonly [Totals, Totals] {
    const key = `${interfaceIndex}|${connectionId}`;
    let told = this.#told.get(key);
    if (told === undefined || told.openedBootNs !== openedBootNs) {
      told = { openedBootNs, first: NOTHING, second: NOTHING };
      this.#told.set(key, told);
    }
    const fresh = [difference(first, told.first), difference(second, told.second)] as const;
    told.first = highest(first, told.first);
    told.second = highest(second, told.second);
    return fresh;
  }

  /** Packets of both sides that were told; 0 for a connection never heard of. */
  packetsTold(interfaceIndex: number, connectionId: string, openedBootNs: number): number {
    const told = this.#told.get(`${interfaceIndex}|${connectionId}`);
    return told?.openedBootNs === openedBootNs ? told.first.packets + told.second.packets : 0;
  }

  forget(interfaceIndex: number, connectionId: string): void {
    this.#told.delete(`${interfaceIndex}|${connectionId}`);
  }
}

function difference(now: Totals, before: Totals): Totals {
  return { bytes: Math.max(0, now.bytes - before.bytes), packets: Math.max(0, now.packets - before.packets) };
}

function highest(now: Totals, before: Totals): Totals {
  return now.packets >= before.packets ? now : before;
}
