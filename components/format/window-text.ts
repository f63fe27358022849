// The window of the figures in words: what was asked for, and what of it there is.

import { spanText } from './times.ts';

export function windowText(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** "15 min", or "4 min of 15 min" where the relay has not run as long, or remembers less. */
export function heldText(windowSeconds: number, coveredMs: number): string {
  const asked = windowText(windowSeconds);
  const isWhole = coveredMs === 0 || coveredMs >= windowSeconds * 950;
  return isWhole ? asked : `${spanText(coveredMs)} of ${asked}`;
}
