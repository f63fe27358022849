// Where the cross of a dropped link stands: on its own line, clear of other lines, of cards and of other markers, as
// near to the middle as that allows.

import type { Point } from './grid-metrics.ts';
import type { HitIndex } from './hit-index.ts';
import { type FlatPath, pointAt } from './rounded-path.ts';

/** Radius of the marker with a little air. */
const WANTED_CLEARANCE = 14;
const STEP = 5;
/** On a long line fewer places are tried, farther apart: there are enough that are free. */
const MAX_STEPS = 64;

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
  for (const distance of fromTheMiddle(path.total)) {
    // Nothing farther out can be better than this would be if it stood free.
    if (bestScore >= WANTED_CLEARANCE - offCentre(distance, path.total)) break;
    const point = pointAt(path, distance);
    const clear = Math.min(
      WANTED_CLEARANCE,
      index.nearestLink(point, WANTED_CLEARANCE, id)?.distance ?? WANTED_CLEARANCE,
      index.cardDistance(point, WANTED_CLEARANCE),
      ...taken.map((other) => Math.hypot(other.x - point.x, other.y - point.y) / 2),
    );
    const score = clear - offCentre(distance, path.total);
    if (score > bestScore) {
      bestScore = score;
      best = point;
    }
  }
  return best;
}

/** A pixel of clearance is worth a tenth of the way to the middle, until the marker stands free. */
function offCentre(distance: number, total: number): number {
  return (Math.abs(distance - total / 2) / Math.max(1, total)) * 10;
}

/** Distances from the start, the nearest to the middle first; the ends are left to arrows and cards. */
function fromTheMiddle(total: number): number[] {
  const first = Math.min(STEP * 3, total / 2);
  const step = Math.max(STEP, total / MAX_STEPS);
  const distances: number[] = [];
  for (let distance = first; distance <= total - STEP * 3; distance += step) distances.push(distance);
  return distances.sort((left, right) => offCentre(left, total) - offCentre(right, total) || left - right);
}
