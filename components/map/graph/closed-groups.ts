// Which boxes are closed: as the reader said; else the largest first, until what is left fits the eye. A decision once
// taken stays, so that a vertex too many never folds the map under the reader.

import { compareText } from '../layout/layout-graph.ts';
import { EVERY, type Folds } from '../map-view-types.ts';

/** More cards than this at once read as wallpaper. */
export const MAX_OPEN_CARDS = 60;

export interface Closed {
  /** Whether each box is closed. */
  readonly closed: Map<string, boolean>;
  /** The map's own decisions, for the next time; what the reader said is not among them. */
  readonly decided: Map<string, boolean>;
}

/** @param sizes cards in each box while it is open */
export function decideClosed(
  sizes: ReadonlyMap<string, number>,
  looseCount: number,
  earlier: ReadonlyMap<string, boolean>,
  folds: Folds,
): Closed {
  const decided = new Map(earlier);
  const closed = new Map<string, boolean>();
  for (const id of sizes.keys()) {
    const known = saidOf(id, folds) ?? decided.get(id);
    if (known !== undefined) closed.set(id, known);
  }
  let cards = looseCount;
  for (const [id, size] of sizes) cards += closed.get(id) === true ? 1 : size;
  const undecided = [...sizes]
    .filter(([id]) => !closed.has(id))
    .sort(([leftId, left], [rightId, right]) => right - left || compareText(leftId, rightId));
  for (const [id, size] of undecided) {
    const isClosed = cards > MAX_OPEN_CARDS && size > 1;
    if (isClosed) cards -= size - 1;
    closed.set(id, isClosed);
    decided.set(id, isClosed);
  }
  return { closed, decided };
}

/** What the reader said of a box; undefined where nothing. */
function saidOf(id: string, { open, closed }: Folds): boolean | undefined {
  if (closed.includes(id)) return true;
  if (open.includes(id)) return false;
  if (closed.includes(EVERY)) return true;
  return open.includes(EVERY) ? false : undefined;
}

/** The folds after the reader opened or closed one. */
export function withFold({ open, closed }: Folds, id: string, isClosed: boolean): Folds {
  const without = (ids: readonly string[]) => ids.filter((each) => each !== id);
  return isClosed
    ? { open: without(open), closed: [...without(closed), id] }
    : { open: [...without(open), id], closed: without(closed) };
}
