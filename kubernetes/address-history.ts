// Who had an address when: Kubernetes gives the address of a deleted pod to the next one, and a flow is named by the owner
// of its own time.
import { canonicalAddress } from './addresses.ts';

/** A flow is named seconds after its time; older owners than this many are of no use. */
const MAX_OWNERS_PER_ADDRESS = 4;
/** Clocks of nodes and of the API server differ a little, and a creation time has whole seconds. */
const CLOCK_TOLERANCE_MS = 2000;

interface Tenure {
  readonly ownerKey: string;
  readonly fromMs: number;
  /** Undefined while the owner lives. */
  untilMs: number | undefined;
}

export class AddressHistory {
  private readonly tenures = new Map<string, Tenure[]>();
  private readonly maxAddresses: number;
  /** Addresses not remembered because the bound was reached. */
  refused = 0;

  constructor(maxAddresses: number) {
    this.maxAddresses = maxAddresses;
  }

  get size(): number {
    return this.tenures.size;
  }

  /**
   * Adds or keeps a tenure. It begins when the owner was created, but not before an earlier owner had ended: pods get their
   * addresses some time after their creation. An earlier owner that still lives ends at `seenMs`.
   */
  begin(address: string, ownerKey: string, createdMs: number, seenMs: number): void {
    const key = canonicalAddress(address);
    if (key === undefined) return;
    const owners = this.tenures.get(key) ?? [];
    if (owners.some((tenure) => tenure.ownerKey === ownerKey && tenure.untilMs === undefined)) return;
    if (owners.length === 0 && this.tenures.size >= this.maxAddresses) {
      this.refused++;
      return;
    }
    let fromMs = createdMs;
    for (const tenure of owners) {
      tenure.untilMs ??= seenMs;
      fromMs = Math.max(fromMs, tenure.untilMs);
    }
    owners.push({ ownerKey, fromMs, untilMs: undefined });
    owners.sort((left, right) => left.fromMs - right.fromMs);
    if (owners.length > MAX_OWNERS_PER_ADDRESS) owners.shift();
    this.tenures.set(key, owners);
  }

  end(address: string, ownerKey: string, untilMs: number): void {
    const key = canonicalAddress(address) ?? '';
    for (const tenure of this.tenures.get(key) ?? []) {
      if (tenure.ownerKey === ownerKey && tenure.untilMs === undefined) tenure.untilMs = untilMs;
    }
  }

  /** The owner at that time; of several, the latest. */
  ownerAt(address: string, atMs: number): string | undefined {
    const owners = this.tenures.get(address) ?? [];
    const exact = owners.findLast(
      (tenure) => tenure.fromMs <= atMs && atMs < (tenure.untilMs ?? Number.POSITIVE_INFINITY),
    );
    if (exact) return exact.ownerKey;
    return owners.findLast(
      (tenure) =>
        tenure.fromMs - CLOCK_TOLERANCE_MS <= atMs &&
        atMs < (tenure.untilMs ?? Number.POSITIVE_INFINITY) + CLOCK_TOLERANCE_MS,
    )?.ownerKey;
  }

  /** Forgets tenures that ended before; returns their owners' keys. */
  forgetBefore(unixMs: number): string[] {
    const gone: string[] = [];
    for (const [address, owners] of this.tenures) {
      const kept = owners.filter((tenure) => tenure.untilMs === undefined || tenure.untilMs >= unixMs);
      if (kept.length === owners.length) continue;
      for (const tenure of owners) if (!kept.includes(tenure)) gone.push(tenure.ownerKey);
      if (kept.length === 0) this.tenures.delete(address);
      else this.tenures.set(address, kept);
    }
    return gone;
  }
}
