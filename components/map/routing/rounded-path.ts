// A route's corners as a smooth line: quarter turns where there is room, one S where a step is too small for two of
// them. Curves stay inside the corners they cut, so a rounded route is free of cards wherever the square one is.

import { CORNER_RADIUS, type Point } from './grid-metrics.ts';

/** A cubic from the previous end point; a straight piece has its controls on the line. */
export interface Piece {
  readonly c1: Point;
  readonly c2: Point;
  readonly end: Point;
  readonly isStraight: boolean;
}

export interface SmoothPath {
  readonly start: Point;
  readonly pieces: readonly Piece[];
}

/** Half the width of an S over a small step. */
const S_HALF = 14;

export function smoothPath(corners: readonly Point[]): SmoothPath {
  const start = corners[0] ?? { x: 0, y: 0 };
  const pieces: Piece[] = [];
  let at = start;
  const line = (end: Point) => {
    if (end.x === at.x && end.y === at.y) return;
    pieces.push({ c1: at, c2: end, end, isStraight: true });
    at = end;
  };
  const curve = (c1: Point, c2: Point, end: Point) => {
    pieces.push({ c1, c2, end, isStraight: false });
    at = end;
  };
  for (let index = 1; index < corners.length - 1; index++) {
    const before = corners[index - 1];
    const corner = corners[index];
    const after = corners[index + 1];
    if (!before || !corner || !after) continue;
    const beyond = corners[index + 2];
    const step = Math.abs(after.y - corner.y);
    if (corner.x === after.x && beyond && step < CORNER_RADIUS * 2) {
      const into = Math.sign(corner.x - before.x);
      const outOf = Math.sign(beyond.x - after.x);
      if (into === outOf) {
        const half = Math.min(S_HALF, Math.abs(corner.x - before.x) / 2, Math.abs(beyond.x - after.x) / 2);
        line({ x: corner.x - into * half, y: corner.y });
        curve(corner, after, { x: after.x + outOf * half, y: after.y });
        index++;
        continue;
      }
    }
    const radius = Math.min(CORNER_RADIUS, length(before, corner) / 2, length(corner, after) / 2);
    const enter = towards(corner, before, radius);
    const leave = towards(corner, after, radius);
    line(enter);
    curve(towards(enter, corner, radius * 0.55), towards(leave, corner, radius * 0.55), leave);
  }
  const end = corners.at(-1);
  if (end) line(end);
  return { start, pieces };
}

function length(from: Point, to: Point): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
}

function towards(from: Point, to: Point, distance: number): Point {
  const whole = length(from, to);
  if (whole === 0) return from;
  return { x: from.x + ((to.x - from.x) * distance) / whole, y: from.y + ((to.y - from.y) * distance) / whole };
}

/** Points along the path for dots, hit tests and markers: `points` x,y pairs, `lengths` running length at each. */
export interface FlatPath {
  readonly points: Float32Array;
  readonly lengths: Float32Array;
  readonly total: number;
}

const CURVE_STEPS = 6;

export function flattenPath(path: SmoothPath): FlatPath {
  const flat: number[] = [path.start.x, path.start.y];
  let from = path.start;
  for (const piece of path.pieces) {
    const steps = piece.isStraight ? 1 : CURVE_STEPS;
    for (let step = 1; step <= steps; step++) {
      const t = step / steps;
      const u = 1 - t;
      const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
      flat.push(
        a * from.x + b * piece.c1.x + c * piece.c2.x + d * piece.end.x,
        a * from.y + b * piece.c1.y + c * piece.c2.y + d * piece.end.y,
      );
    }
    from = piece.end;
  }
  const points = Float32Array.from(flat);
  const lengths = new Float32Array(points.length / 2);
  let total = 0;
  for (let index = 1; index < lengths.length; index++) {
    const at = index * 2;
    total += Math.hypot((points[at] ?? 0) - (points[at - 2] ?? 0), (points[at + 1] ?? 0) - (points[at - 1] ?? 0));
    lengths[index] = total;
  }
  return { points, lengths, total };
}

/** The point at a length from the start, clamped to the path. */
export function pointAt(path: FlatPath, distance: number): Point {
  const { points, lengths } = path;
  let low = 0;
  let high = lengths.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lengths[middle] ?? 0) <= distance) low = middle;
    else high = middle;
  }
  const from = lengths[low] ?? 0;
  const span = (lengths[high] ?? from) - from;
  const share = span === 0 ? 0 : Math.max(0, Math.min(1, (distance - from) / span));
  const x = points[low * 2] ?? 0;
  const y = points[low * 2 + 1] ?? 0;
  return { x: x + ((points[high * 2] ?? x) - x) * share, y: y + ((points[high * 2 + 1] ?? y) - y) * share };
}
