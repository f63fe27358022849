// How many flows matched, second by second: the true count the relay names for each batch, not the sampled rows.
// Drops are known only from rows, so their count is that of the rows seen.

/** 15 minutes of seconds: the longest window the page offers. */
export const TIMELINE_SECONDS = 900;

export interface TimelineSecond {
  /** Unix seconds. */
  readonly second: number;
  readonly matched: number;
  readonly dropped: number;
  readonly errors: number;
}

export class Timeline {
  readonly #seconds = new Map<number, { matched: number; dropped: number; errors: number }>();

  addMatched(timeMs: number, matched: number): void {
    if (matched > 0) this.#at(timeMs).matched += matched;
  }

  addDropped(timeMs: number): void {
    this.#at(timeMs).dropped++;
  }

  addError(timeMs: number): void {
    this.#at(timeMs).errors++;
  }

  /** Oldest first; seconds without flows are left out. */
  seconds(): TimelineSecond[] {
    return [...this.#seconds].map(([second, counts]) => ({ second, ...counts })).sort((a, b) => a.second - b.second);
  }

  /** Mean matched flows per second over the whole seconds before `nowMs`, at most `span` of them. */
  rate(nowMs: number, span = 5): number {
    const now = Math.floor(nowMs / 1000);
    let matched = 0;
    for (let second = now - span; second < now; second++) matched += this.#seconds.get(second)?.matched ?? 0;
    return matched / span;
  }

  #at(timeMs: number): { matched: number; dropped: number; errors: number } {
    const second = Math.floor(timeMs / 1000);
    let counts = this.#seconds.get(second);
    if (counts === undefined) {
      counts = { matched: 0, dropped: 0, errors: 0 };
      this.#seconds.set(second, counts);
      this.#forgetBefore(second - TIMELINE_SECONDS);
    }
    return counts;
  }

  #forgetBefore(second: number): void {
    if (this.#seconds.size <= TIMELINE_SECONDS) return;
    for (const key of this.#seconds.keys()) if (key < second) this.#seconds.delete(key);
    // A clock far in the past would keep the map growing: the bound holds whatever the times are.
    for (const key of this.#seconds.keys()) {
      if (this.#seconds.size <= TIMELINE_SECONDS + 60) return;
      this.#seconds.delete(key);
    }
  }
}
