// Durations counted in buckets of a fixed ratio, so that quantiles of any length of time cost a few kilobytes at most.
// Bucket i covers [2^(i/4), 2^((i+1)/4)) microseconds: a quantile is at most 19 % off, and 9 % on average.

const perDoubling = 4;
/** Up to 2^40 us, twelve days; longer ones fall into the last. */
const buckets = 40 * perDoubling;

export class DurationHistogram {
  /** By bucket; sparse, since a route has a handful of different durations in a few seconds, and there are many routes. */
  readonly #counts = new Map<number, number>();
  #total = 0;

  add(us: number): void {
    const bucket = us < 1 ? 0 : Math.min(buckets - 1, Math.floor(Math.log2(us) * perDoubling));
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total += 1;
  }

  addAll(other: DurationHistogram): void {
    for (const [bucket, count] of other.#counts) this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#total += other.#total;
  }

  /** Microseconds, the middle of the bucket that the share q of all durations reaches; 0 where there are none. */
  quantile(q: number): bigint {
    const wanted = Math.ceil(q * this.#total);
    let seen = 0;
    for (const bucket of [...this.#counts.keys()].sort((a, b) => a - b)) {
      seen += this.#counts.get(bucket) ?? 0;
      if (seen >= wanted) return BigInt(Math.round(2 ** ((bucket + 0.5) / perDoubling)));
    }
    return 0n;
  }
}
