// How long to wait before the next attempt: doubles up to a bound, with jitter, so that many relays do not come back at
// one moment. Pure: the random number comes in.

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Peers are in the same cluster: soon at first, and a dead node costs two attempts a minute. */
export const peerBackoff: BackoffOptions = { firstMs: 250, maxMs: 30_000 };

/**
 * @param failures consecutive failures so far, at least 1
 * @param random in [0, 1)
 * @returns between half of the doubled time and all of it
 */
export function backoffMs(failures: number, random: number, { firstMs, maxMs }: BackoffOptions = peerBackoff): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(30, failures - 1));
  return Math.round(ceiling * (0.5 + random / 2));
}
