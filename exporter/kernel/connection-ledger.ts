// What has already been told of each connection at each interface, so that records carry what is new since the last
// one: the kernel counts totals, which stay right whatever records are lost. One entry per entry of the kernel's
// tables; the sweep removes both together, and that is its bound.

/** Bytes and packets of both sides. */
export interface SideTotals {
  firstBytes: number;
  firstPackets: number;
  secondBytes: number;
  secondPackets: number;
}

interface Told extends SideTotals {
  readonly interfaceIndex: number;
  openedBootNs: number;
  /** Of the same connection, at another interface. */
  next: Told | undefined;
}

export class ConnectionLedger {
  /** By connection; few interfaces see the same one. */
  readonly #told = new Map<string, Told>();
  readonly #fresh: SideTotals = { firstBytes: 0, firstPackets: 0, secondBytes: 0, secondPackets: 0 };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * Notes the totals of both sides and returns what is new, valid until the next call. Totals that run backwards (records of
   * two CPUs out of order) are nothing new.
   */
  account(
    interfaceIndex: number,
    connectionId: string,
    openedBootNs: number,
    totals: Readonly<SideTotals>,
  ): Readonly<SideTotals> {
    const told = this.#at(interfaceIndex, connectionId) ?? this.#add(interfaceIndex, connectionId, openedBootNs);
    if (told.openedBootNs !== openedBootNs) {
      told.openedBootNs = openedBootNs;
      told.firstBytes = told.firstPackets = told.secondBytes = told.secondPackets = 0;
    }
    const fresh = this.#fresh;
    fresh.firstBytes = Math.max(0, totals.firstBytes - told.firstBytes);
    fresh.firstPackets = Math.max(0, totals.firstPackets - told.firstPackets);
    fresh.secondBytes = Math.max(0, totals.secondBytes - told.secondBytes);
    fresh.secondPackets = Math.max(0, totals.secondPackets - told.secondPackets);
    if (totals.firstPackets >= told.firstPackets) {
      told.firstBytes = totals.firstBytes;
      told.firstPackets = totals.firstPackets;
    }
    if (totals.secondPackets >= told.secondPackets) {
      told.secondBytes = totals.secondBytes;
      told.secondPackets = totals.secondPackets;
    }
    return fresh;
  }

  /** Packets of both sides that were told; 0 for a connection never heard of. */
  packetsTold(interfaceIndex: number, connectionId: string, openedBootNs: number): number {
    const told = this.#at(interfaceIndex, connectionId);
    return told?.openedBootNs === openedBootNs ? told.firstPackets + told.secondPackets : 0;
  }

  forget(interfaceIndex: number, connectionId: string): void {
    let before: Told | undefined;
    for (let told = this.#told.get(connectionId); told !== undefined; before = told, told = told.next) {
      if (told.interfaceIndex !== interfaceIndex) continue;
      this.#size--;
      if (before !== undefined) before.next = told.next;
      else if (told.next !== undefined) this.#told.set(connectionId, told.next);
      else this.#told.delete(connectionId);
      return;
    }
  }

  #at(interfaceIndex: number, connectionId: string): Told | undefined {
    let told = this.#told.get(connectionId);
    while (told !== undefined && told.interfaceIndex !== interfaceIndex) told = told.next;
    return told;
  }

  #add(interfaceIndex: number, connectionId: string, openedBootNs: number): Told {
    const next = this.#told.get(connectionId);
    const nothing = { firstBytes: 0, firstPackets: 0, secondBytes: 0, secondPackets: 0 };
    const told: Told = { interfaceIndex, openedBootNs, ...nothing, next };
    this.#told.set(connectionId, told);
    this.#size++;
    return told;
  }
}
