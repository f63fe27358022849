// Where the cross of a dropped link stands: on its own line, clear of other lines, of cards and of other markers, as
// near to the middle as that allows.

import type { Point } from './grid-metrics.ts';
import type { HitIndex } from './hit-index.ts';
import { type FlatPath, pointAt } from './rounded-path.ts';

/** Radius of the marker with a little air. */
const WANTED_CLEARANCE = 14;
const STEP = 5;

export function markerPlaces(
  linkIds: readonly string[],
  paths: ReadonlyMap<string, FlatPath>,
  index: HitIndex,
): Map<string, Point> {
  const places = new Map<string, Point>();
  for (const id of linkIds) {
    const path = paths.get(id);
    if (path) places.set(id, bestPlace(id, path, index, [...places.values()]));
  }
  return places;
}

function bestPlace(id: string, path: FlatPath, index: HitIndex, taken: readonly Point[]): Point {
  const middle = path.total / 2;
  let best = pointAt(path, middle);
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let distance = Math.min(STEP * 3, middle); distance <= path.total - STEP * 3; distance += STEP) {
    const point = pointAt(path, distance);
    const clear = Math.min(
      WANTED_CLEARANCE,
      index.nearestLink(point, WANTED_CLEARANCE, id)?.distance ?? WANTED_CLEARANCE,
      index.cardDistance(point, WANTED_CLEARANCE),
      ...taken.map((other) => Math.hypot(other.x - point.x, other.y - point.y) / 2),
    );
    // A pixel of clearance is worth a tenth of the way to the middle, until the marker stands free.
    const score = clear - (Math.abs(distance - middle) / Math.max(1, path.total)) * 10;
    if (score > bestScore) {
      bestScore = score;
      best = point;
    }
  }
  return best;
}
