// The way of each wire over the columns between its ends: a shortest path over free bands, counting height climbed,
// bends, crowding, and boxes it has no business in. Cost per wire: columns crossed x bands near by.

import type { Band } from './bands.ts';
import type { Run, Wire } from './wires.ts';

const BEND = 36;
const FOREIGN_BOX = 90;
const OWN_BOX = 12;
const CROWDED = 160;
/** A stretch that follows no port keeps this far from the edge of its band, where the band is wide enough. */
const AIR = 8;

interface Stop {
  readonly band: Band;
  readonly y: number;
  cost: number;
  /** Index into the previous column's stops; -1 in the first. */
  from: number;
}

/** Sets `runs` of every wire that crosses columns, with `y` as wished, not yet kept apart from others. */
export function findRuns(
  wires: readonly Wire[],
  bands: readonly Band[][],
  groupOf: (vertexId: string) => string | null,
): void {
  for (const wire of wires) {
    if (wire.right.cell.column - wire.left.cell.column < 2) continue;
    const own = new Set([groupOf(wire.left.vertexId), groupOf(wire.right.vertexId)]);
    const path = cheapestPath(wire, bands, own);
    for (const stop of path) stop.band.used++;
    wire.runs = joinStops(wire, path);
  }
}

function cheapestPath(wire: Wire, bands: readonly Band[][], own: ReadonlySet<string | null>): Stop[] {
  const columns: Stop[][] = [];
  let previous: Stop[] = [];
  for (let column = wire.left.cell.column + 1; column < wire.right.cell.column; column++) {
    const stops = stopsOf(bands[column] ?? [], wire, own);
    if (previous.length === 0) {
      for (const stop of stops) stop.cost += climb(wire.left.y, stop.y);
    } else {
      reach(previous, stops);
    }
    columns.push(stops);
    previous = stops;
  }
  let best = -1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const [index, stop] of previous.entries()) {
    const total = stop.cost + climb(stop.y, wire.right.y);
    if (total < bestCost) {
      bestCost = total;
      best = index;
    }
  }
  const path: Stop[] = [];
  for (let column = columns.length - 1; column >= 0; column--) {
    const stop = columns[column]?.[best];
    if (!stop) break;
    path.unshift(stop);
    best = stop.from;
  }
  return path;
}

function climb(from: number, to: number): number {
  return from === to ? 0 : Math.abs(from - to) + BEND;
}

/** The heights worth trying in a column: in each band, as near as it gets to either end. Sorted by y. */
function stopsOf(bands: readonly Band[], wire: Wire, own: ReadonlySet<string | null>): Stop[] {
  const stops: Stop[] = [];
  for (const band of bands) {
    const inBox = band.groupId === null ? 0 : own.has(band.groupId) ? OWN_BOX : FOREIGN_BOX;
    const cost = inBox + (band.used >= band.capacity ? CROWDED : 0);
    const nearLeft = within(band, wire.left.y);
    const nearRight = within(band, wire.right.y);
    stops.push({ band, y: Math.min(nearLeft, nearRight), cost, from: -1 });
    if (nearLeft !== nearRight) stops.push({ band, y: Math.max(nearLeft, nearRight), cost, from: -1 });
  }
  return stops;
}

/** `y` itself if the band holds it, else the nearest height in it with some air. */
function within(band: Band, y: number): number {
  if (y >= band.low && y <= band.high) return y;
  const air = Math.min(AIR, (band.high - band.low) / 2);
  return y < band.low ? band.low + air : band.high - air;
}

/** Cheapest way from any stop of one column to each of the next, in two passes since both are sorted by y. */
function reach(previous: readonly Stop[], next: Stop[]): void {
  const gain = new Array<number>(next.length).fill(Number.POSITIVE_INFINITY);
  const source = new Array<number>(next.length).fill(-1);
  const offer = (index: number, cost: number, from: number) => {
    if (cost >= (gain[index] ?? 0)) return;
    gain[index] = cost;
    source[index] = from;
  };
  let at = 0;
  let best = Number.POSITIVE_INFINITY;
  let bestFrom = -1;
  for (const [index, stop] of next.entries()) {
    for (let before = previous[at]; before && before.y <= stop.y; before = previous[++at]) {
      if (before.y === stop.y) offer(index, before.cost, at);
      if (before.cost - before.y < best) {
        best = before.cost - before.y;
        bestFrom = at;
      }
    }
    offer(index, best + stop.y + BEND, bestFrom);
  }
  at = previous.length - 1;
  best = Number.POSITIVE_INFINITY;
  bestFrom = -1;
  for (let index = next.length - 1; index >= 0; index--) {
    const stop = next[index];
    if (!stop) continue;
    for (let before = previous[at]; before && before.y >= stop.y; before = previous[--at]) {
      if (before.cost + before.y < best) {
        best = before.cost + before.y;
        bestFrom = at;
      }
    }
    offer(index, best - stop.y + BEND, bestFrom);
  }
  for (const [index, stop] of next.entries()) {
    stop.cost += gain[index] ?? 0;
    stop.from = source[index] ?? -1;
  }
}

function joinStops(wire: Wire, path: readonly Stop[]): Run[] {
  const runs: Run[] = [];
  path.forEach((stop, index) => {
    const column = wire.left.cell.column + 1 + index;
    const last = runs.at(-1);
    const joined = last && last.y === stop.y;
    const low = joined ? Math.max(last.low, stop.band.low) : stop.band.low;
    const high = joined ? Math.min(last.high, stop.band.high) : stop.band.high;
    const run: Run = {
      from: joined ? last.from : column,
      to: column,
      low,
      high,
      y: stop.y,
      followsLeft: joined ? last.followsLeft : index === 0 && stop.y === wire.left.y,
      followsRight: index === path.length - 1 && stop.y === wire.right.y,
    };
    if (joined) runs[runs.length - 1] = run;
    else runs.push(run);
  });
  return runs;
}
