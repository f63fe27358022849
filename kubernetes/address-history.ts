// Who had an address when: Kubernetes gives the address of a deleted pod to the next one, and a flow is named by the owner
// of its own time. An owner is whatever the caller tells apart by reference.
import { canonicalAddress } from './addresses.ts';

/** A flow is named seconds after its time; older owners than this many are of no use. */
const MAX_OWNERS_PER_ADDRESS = 4;
/** Clocks of nodes and of the API server differ a little, and a creation time has whole seconds. */
const CLOCK_TOLERANCE_MS = 2000;

interface Tenure<Owner> {
  readonly owner: Owner;
  readonly fromMs: number;
  /** Infinity while the owner lives. */
  untilMs: number;
}

export class AddressHistory<Owner extends object> {
  readonly #tenures = new Map<string, Tenure<Owner>[]>();
  readonly #maxAddresses: number;
  /** Addresses not remembered because the bound was reached. */
  refused = 0;

  constructor(maxAddresses: number) {
    this.#maxAddresses = maxAddresses;
  }

  get size(): number {
    return this.#tenures.size;
  }

  /**
   * Adds or keeps a tenure. It begins when the owner was created, but not before an earlier owner had ended: pods get their
   * addresses some time after their creation. An earlier owner that still lives ends at `seenMs`.
   */
  begin(address: string, owner: Owner, createdMs: number, seenMs: number): void {
    const key = canonicalAddress(address);
    if (key === undefined) return;
    const owners = this.#tenures.get(key) ?? [];
    if (owners.some((tenure) => tenure.owner === owner && tenure.untilMs === Number.POSITIVE_INFINITY)) return;
    if (owners.length === 0 && this.#tenures.size >= this.#maxAddresses) {
      this.refused++;
      return;
    }
    let fromMs = createdMs;
    for (const tenure of owners) {
      tenure.untilMs = Math.min(tenure.untilMs, seenMs);
      fromMs = Math.max(fromMs, tenure.untilMs);
    }
    owners.push({ owner, fromMs, untilMs: Number.POSITIVE_INFINITY });
    owners.sort((left, right) => left.fromMs - right.fromMs);
    if (owners.length > MAX_OWNERS_PER_ADDRESS) owners.shift();
    this.#tenures.set(key, owners);
  }

  end(address: string, owner: Owner, untilMs: number): void {
    for (const tenure of this.#tenures.get(canonicalAddress(address) ?? '') ?? []) {
      if (tenure.owner === owner) tenure.untilMs = Math.min(tenure.untilMs, untilMs);
    }
  }

  /** The owner at that time; of several, the latest. `address` is canonical. */
  ownerAt(address: string, atMs: number): Owner | undefined {
    const owners = this.#tenures.get(address);
    if (owners === undefined) return undefined;
    return find(owners, atMs, 0) ?? find(owners, atMs, CLOCK_TOLERANCE_MS);
  }

  /** Forgets tenures that ended before. */
  forgetBefore(unixMs: number): void {
    for (const [address, owners] of this.#tenures) {
      if (!owners.some((tenure) => tenure.untilMs < unixMs)) continue;
      const kept = owners.filter((tenure) => tenure.untilMs >= unixMs);
      if (kept.length === 0) this.#tenures.delete(address);
      else this.#tenures.set(address, kept);
    }
  }
}

function find<Owner>(owners: readonly Tenure<Owner>[], atMs: number, toleranceMs: number): Owner | undefined {
  for (let index = owners.length - 1; index >= 0; index -= 1) {
    const tenure = owners[index] as Tenure<Owner>;
    if (tenure.fromMs - toleranceMs <= atMs && atMs < tenure.untilMs + toleranceMs) return tenure.owner;
  }
  return undefined;
}
