// How often each policy and each rule decided, and which pods no policy selects, over the last minutes: buckets of time, the
// oldest dropped as a new one begins.

import type { Decided } from './annotator.ts';

/** 90 buckets of 10 s: the longest window a page asks for, 15 minutes. */
const bucketMs = 10_000;
const maxBuckets = 90;
/** Keys of one bucket, 200 bytes each: 90 x 5,000 is 90 MB, if all of them are hit every 10 s. */
const maxKeys = 5_000;

export interface Tally {
  allowed: number;
  denied: number;
  /** Forwarded though policy would deny. */
  notEnforced: number;
}

interface Bucket {
  readonly startMs: number;
  /** By policy reference, and by "reference path" of a rule. */
  readonly byKey: Map<string, Tally>;
  /** "direction namespace/pod" of pods that no policy selects. */
  readonly open: Map<string, number>;
}

export class PolicyTally {
  readonly #nowMs: () => number;
  #buckets: Bucket[] = [];
  /** What found no place. */
  overflow = 0;
  /** Since the start; `open`: no policy selects the pod. */
  readonly totals = { allowed: 0, denied: 0, notEnforced: 0, open: 0 };

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add({ direction, outcome, rules, policies, subject, isEnforced }: Decided): void {
    const bucket = this.#bucket();
    if (!isEnforced) {
      this.totals.open += 1;
      this.#count(bucket.open, `${direction} ${subject}`, (count) => (count ?? 0) + 1);
      return;
    }
    this.totals[outcome === 'not enforced' ? 'notEnforced' : outcome] += 1;
    for (const key of [...policies, ...new Set(rules)])
      this.#count(bucket.byKey, key, (tally = { allowed: 0, denied: 0, notEnforced: 0 }) => {
        if (outcome === 'allowed') tally.allowed += 1;
        else if (outcome === 'denied') tally.denied += 1;
        else tally.notEnforced += 1;
        return tally;
      });
  }

  /** Sums over the buckets of the last `windowMs`. */
  within(windowMs: number): { byKey: Map<string, Tally>; open: Map<string, number>; coveredMs: number } {
    const nowMs = this.#nowMs();
    const byKey = new Map<string, Tally>();
    const open = new Map<string, number>();
    const buckets = this.#buckets.filter(({ startMs }) => startMs + bucketMs > nowMs - windowMs);
    for (const bucket of buckets) {
      for (const [key, count] of bucket.open) open.set(key, (open.get(key) ?? 0) + count);
      for (const [key, { allowed, denied, notEnforced }] of bucket.byKey) {
        const sum = byKey.get(key) ?? { allowed: 0, denied: 0, notEnforced: 0 };
        sum.allowed += allowed;
        sum.denied += denied;
        sum.notEnforced += notEnforced;
        byKey.set(key, sum);
      }
    }
    const [first] = buckets;
    return { byKey, open, coveredMs: first === undefined ? 0 : Math.min(windowMs, nowMs - first.startMs) };
  }

  #bucket(): Bucket {
    const startMs = Math.floor(this.#nowMs() / bucketMs) * bucketMs;
    const last = this.#buckets.at(-1);
    if (last !== undefined && last.startMs >= startMs) return last;
    const bucket = { startMs, byKey: new Map(), open: new Map() };
    this.#buckets.push(bucket);
    if (this.#buckets.length > maxBuckets) this.#buckets.shift();
    return bucket;
  }

  #count<Value>(map: Map<string, Value>, key: string, next: (value: Value | undefined) => Value): void {
    const value = map.get(key);
    if (value === undefined && map.size >= maxKeys) {
      this.overflow += 1;
      return;
    }
    map.set(key, next(value));
  }
}
