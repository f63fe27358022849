// Latency in half powers of two of a microsecond: bucket i holds [2^(i/2), 2^((i+1)/2)) us. Half powers keep a
// quantile read from the buckets within 19 % of the truth.

/** 2^(51/2) us is 47 s; what takes longer is in the last bucket, what takes less than 1 us in the first. */
export const LATENCY_BUCKETS = 52;

export function latencyBucket(latencyNs: number): number {
  const microseconds = latencyNs / 1000;
  if (microseconds < 1) return 0;
  return Math.min(LATENCY_BUCKETS - 1, Math.floor(2 * Math.log2(microseconds)));
}
