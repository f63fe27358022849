// A map of things that end: what has ended is kept for a while, since reports of it still come, and then forgotten; at the
// bound the least recently told leaves, ended or not. Time is whatever the caller's clock says.

/** Reports of a closed connection come until the kernel's table is swept (2 s after the last packet) and its batch is read. */
const GRACE_NS = 10e9;

export class LifetimeMap<Key, Value> {
  readonly #bound: number;
  readonly #entries = new Map<Key, Value>();
  /** When each ended, in that order. */
  readonly #ended = new Map<Key, number>();
  #evicted = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  get counters(): { readonly known: number; readonly evicted: number } {
    return { known: this.#entries.size, evicted: this.#evicted };
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** Puts it last in line. A thing that had ended and is told of anew lives again. */
  set(key: Key, value: Value): void {
    this.#ended.delete(key);
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#bound) return;
    const [oldest] = this.#entries.keys();
    if (oldest === undefined) return;
    this.#entries.delete(oldest);
    this.#ended.delete(oldest);
    this.#evicted++;
  }

  end(key: Key, nowNs: number): void {
    this.#ended.delete(key);
    if (this.#entries.has(key)) this.#ended.set(key, nowNs);
  }

  /** Forgets what ended long enough ago. Costs what it forgets. */
  sweep(nowNs: number): void {
    for (const [key, endedNs] of this.#ended) {
      if (endedNs + GRACE_NS > nowNs) return;
      this.#ended.delete(key);
      this.#entries.delete(key);
    }
  }
}
