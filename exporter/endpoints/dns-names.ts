// Names that clients learned for addresses from DNS answers: they fill source_names and destination_names of the flows that
// follow. Kept per client, since two clients can reach one address by different names.

/** Connections outlive the TTL of the answer that opened them, so a name is kept this much longer. */
const GRACE_MS = 600_000;
const MAX_NAMES_PER_ADDRESS = 4;

export interface DnsNamesCounters {
  /** Pairs of client and address known now. */
  readonly pairs: number;
  readonly learned: number;
  /** Pairs pushed out by newer ones before they expired. */
  readonly evicted: number;
}

export class DnsNames {
  private readonly maxPairs: number;
  /** In order of use: least recently learned or asked for first. Names map to the time until which they hold. */
  private readonly pairs = new Map<string, Map<string, number>>();
  private learned = 0;
  private changed = 0;
  private evicted = 0;

  /** `maxPairs` x about 300 bytes: 65,536 take 20 MiB. */
  constructor(maxPairs = 65_536) {
    this.maxPairs = maxPairs;
  }

  /** `name` as asked, before aliases; a trailing dot is dropped. */
  learn(client: string, name: string, addresses: readonly string[], ttlSeconds: number, nowUnixMs: number): void {
    const bare = name.replace(/\.$/, '');
    if (bare === '') return;
    for (const address of addresses) {
      const names = this.touch(`${client} ${address}`) ?? new Map<string, number>();
      if ([...names.keys()].at(-1) !== bare) this.changed++;
      names.delete(bare);
      names.set(bare, nowUnixMs + ttlSeconds * 1000 + GRACE_MS);
      for (const oldest of names.keys()) {
        if (names.size <= MAX_NAMES_PER_ADDRESS) break;
        names.delete(oldest);
      }
      this.pairs.set(`${client} ${address}`, names);
      this.learned++;
    }
    for (const oldest of this.pairs.keys()) {
      if (this.pairs.size <= this.maxPairs) break;
      this.pairs.delete(oldest);
      this.evicted++;
    }
  }

  /** Grows when an address got another name, or its names another order. */
  get changes(): number {
    return this.changed;
  }

  /** Names by which `client` knows `address`, the latest first; without trailing dot. */
  namesOf(client: string, address: string, nowUnixMs: number): string[] {
    const key = `${client} ${address}`;
    const names = this.touch(key);
    if (!names) return [];
    for (const [name, untilMs] of names) if (untilMs < nowUnixMs) names.delete(name);
    if (names.size === 0) this.pairs.delete(key);
    return [...names.keys()].reverse();
  }

  counters(): DnsNamesCounters {
    return { pairs: this.pairs.size, learned: this.learned, evicted: this.evicted };
  }

  private touch(key: string): Map<string, number> | undefined {
    const names = this.pairs.get(key);
    if (names) {
      this.pairs.delete(key);
      this.pairs.set(key, names);
    }
    return names;
  }
}
