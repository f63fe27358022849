// Durations counted in buckets of a fixed ratio, so that quantiles of any length of time cost the same few kilobytes.
// Bucket i covers [2^(i/4), 2^((i+1)/4)) microseconds: a quantile is at most 19 % off, and 9 % on average.

const perDoubling = 4;
/** Up to 2^40 us, twelve days; longer ones fall into the last. */
const buckets = 40 * perDoubling;

export class DurationHistogram {
  readonly #counts = new Uint32Array(buckets);
  #total = 0;

  add(us: number): void {
    const bucket = us < 1 ? 0 : Math.min(buckets - 1, Math.floor(Math.log2(us) * perDoubling));
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#total += 1;
  }

  addAll(other: DurationHistogram): void {
    if (other.#total === 0) return;
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      this.#counts[bucket] = (this.#counts[bucket] as number) + (other.#counts[bucket] as number);
    }
    this.#total += other.#total;
  }

  /** Microseconds, the middle of the bucket that the share q of all durations reaches; 0 where there are none. */
  quantile(q: number): bigint {
    if (this.#total === 0) return 0n;
    const wanted = Math.ceil(q * this.#total);
    let seen = 0;
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      seen += this.#counts[bucket] as number;
      if (seen >= wanted) return BigInt(Math.round(2 ** ((bucket + 0.5) / perDoubling)));
    }
    return 0n;
  }
}
