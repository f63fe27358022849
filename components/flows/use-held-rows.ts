'use client';

// Rows never move under the reader: while paused, while the pointer is over them, or while scrolled away from the top,
// the rows stay those they were, and what came since is counted.

import { useRef } from 'react';

/** Rows are numbered in the order in which they came. */
interface Numbered {
  readonly seq: number;
}

export interface HeldRows<Row> {
  readonly rows: readonly Row[];
  /** New rows that are not shown yet. */
  readonly waiting: number;
}

export function useHeldRows<Row extends Numbered>(live: readonly Row[], isHeld: boolean): HeldRows<Row> {
  const held = useRef<readonly Row[] | undefined>(undefined);
  if (!isHeld) held.current = undefined;
  // Nothing is not worth holding: a table that starts paused takes its first rows.
  else if (held.current === undefined && live.length > 0) held.current = live;
  const rows = held.current ?? live;
  return { rows, waiting: waitingCount(rows, live) };
}

function waitingCount(shown: readonly Numbered[], live: readonly Numbered[]): number {
  const newestShown = shown.at(-1)?.seq ?? -1;
  let count = 0;
  for (let at = live.length - 1; at >= 0 && (live[at]?.seq ?? -1) > newestShown; at--) count++;
  return count;
}
