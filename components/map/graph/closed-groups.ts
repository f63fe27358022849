// Which namespaces start closed: the largest first, until what is left fits the eye. A decision once taken stays, so
// that a vertex too many never folds the map under the reader; what the reader opened or closed wins over it.

import { compareText } from '../layout/layout-graph.ts';
import type { ViewGroup } from './view-graph.ts';

/** More cards than this at once read as wallpaper. */
export const MAX_OPEN_CARDS = 60;

/** `decided`: group id to closed or not, from earlier calls and the reader's clicks. Returns it with new groups added. */
export function decideClosed(
  groups: ReadonlyMap<string, ViewGroup>,
  looseCount: number,
  decided: ReadonlyMap<string, boolean>,
): Map<string, boolean> {
  const next = new Map(decided);
  let cards = looseCount;
  for (const group of groups.values()) cards += next.get(group.id) === true ? 1 : group.memberIds.length;
  const undecided = [...groups.values()]
    .filter((group) => !next.has(group.id))
    .sort((left, right) => right.memberIds.length - left.memberIds.length || compareText(left.id, right.id));
  for (const group of undecided) {
    const isClosed = cards > MAX_OPEN_CARDS && group.memberIds.length > 1;
    if (isClosed) cards -= group.memberIds.length - 1;
    next.set(group.id, isClosed);
  }
  return next;
}
