// A map of things that end: what has ended is kept for a while, since reports of it still come, and then forgotten; at the
// bound the least recently told leaves, ended or not. Time is whatever the caller's clock says. The order of telling is a
// list through the entries: a Map that is deleted from at its front, and looked at there, walks over what was deleted.

/** Reports of a closed connection come until the kernel's table is swept (2 s after the last packet) and its batch is read. */
const GRACE_NS = 10e9;
const LIVES = -1;

interface Entry<Key, Value> {
  readonly key: Key;
  value: Value;
  /** LIVES, or when it ended. */
  endedNs: number;
  older: Entry<Key, Value> | undefined;
  newer: Entry<Key, Value> | undefined;
}

export class LifetimeMap<Key, Value> {
  readonly #bound: number;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  /** What has ended, in that order. */
  readonly #ended = new Set<Entry<Key, Value>>();
  #oldest: Entry<Key, Value> | undefined;
  #newest: Entry<Key, Value> | undefined;
  #evicted = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  get counters(): { readonly known: number; readonly evicted: number } {
    return { known: this.#entries.size, evicted: this.#evicted };
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** Puts it last in line. A thing that had ended and is told of anew lives again. */
  set(key: Key, value: Value): void {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      this.#revive(known);
      this.#unlink(known);
      this.#link(known);
      return;
    }
    const entry: Entry<Key, Value> = { key, value, endedNs: LIVES, older: undefined, newer: undefined };
    this.#entries.set(key, entry);
    this.#link(entry);
    if (this.#entries.size <= this.#bound || this.#oldest === undefined) return;
    this.#forget(this.#oldest);
    this.#evicted++;
  }

  end(key: Key, nowNs: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#revive(entry);
    entry.endedNs = nowNs;
    this.#ended.add(entry);
  }

  /** Forgets what ended long enough ago. Costs what it forgets. */
  sweep(nowNs: number): void {
    for (const entry of this.#ended) {
      if (entry.endedNs + GRACE_NS > nowNs) return;
      this.#forget(entry);
    }
  }

  #forget(entry: Entry<Key, Value>): void {
    this.#revive(entry);
    this.#unlink(entry);
    this.#entries.delete(entry.key);
  }

  #revive(entry: Entry<Key, Value>): void {
    if (entry.endedNs === LIVES) return;
    entry.endedNs = LIVES;
    this.#ended.delete(entry);
  }

  /** As the newest. */
  #link(entry: Entry<Key, Value>): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink({ older, newer }: Entry<Key, Value>): void {
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }
}
