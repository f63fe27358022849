// Boxes and links between two layouts, for the moment in which cards glide to new places: a line that jumped ahead of its
// cards would point at nothing.

import type { Rect } from '../routing/grid-metrics.ts';
import { type FlatPath, type Piece, pointAt, type SmoothPath } from '../routing/rounded-path.ts';
import type { DrawnLine } from './edge-layer.ts';

/** As the cards' transition: Tailwind's ease-out, cubic-bezier(0, 0, 0.2, 1). */
export const GLIDE_MS = 250;
/** With more links a frame would take longer than the glide is worth: the map then changes at once. */
export const MAX_GLIDING_LINKS = 400;
const SAMPLES = 20;

/** @param share of the way, 0 to 1, already eased */
export function linesBetween(
  from: ReadonlyMap<string, DrawnLine>,
  to: readonly DrawnLine[],
  share: number,
): DrawnLine[] {
  return to.map((line) => {
    const before = from.get(line.id);
    return before === undefined ? line : { ...line, smooth: between(before.flat, line.flat, share) };
  });
}

export function boxBetween(from: Rect | undefined, to: Rect, share: number): Rect {
  if (from === undefined) return to;
  const mix = (before: number, after: number) => before + (after - before) * share;
  const [x, y] = [mix(from.x, to.x), mix(from.y, to.y)];
  return { x, y, width: mix(from.width, to.width), height: mix(from.height, to.height) };
}

/** Part of the way that a CSS transition with this easing has gone after a part of its time. */
export function eased(time: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 20; step++) {
    const middle = (low + high) / 2;
    if (bezier(middle, 0, 0.2) < time) low = middle;
    else high = middle;
  }
  return time >= 1 ? 1 : bezier((low + high) / 2, 0, 1);
}

function bezier(at: number, first: number, second: number): number {
  const rest = 1 - at;
  return 3 * rest * rest * at * first + 3 * rest * at * at * second + at * at * at;
}

function between(from: FlatPath, to: FlatPath, share: number): SmoothPath {
  const points = Array.from({ length: SAMPLES + 1 }, (_, index) => {
    const before = pointAt(from, (from.total * index) / SAMPLES);
    const after = pointAt(to, (to.total * index) / SAMPLES);
    return { x: before.x + (after.x - before.x) * share, y: before.y + (after.y - before.y) * share };
  });
  const start = points[0] ?? { x: 0, y: 0 };
  const pieces = points.slice(1).map((end, index): Piece => {
    return { c1: points[index] ?? end, c2: end, end, isStraight: true };
  });
  return { start, pieces };
}
