// Sums of what peers count, for the wire.

/**
 * Peers may say any 64-bit number, and sums of them go beyond what the wire holds, where encoding throws. A sum beyond 2^53
 * is no count any more: it stays there, and many of them still fit.
 */
export function wholeCount(sum: number): bigint {
  return BigInt(Math.min(sum, Number.MAX_SAFE_INTEGER));
}
