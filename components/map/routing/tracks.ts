// Keeps horizontal stretches apart: each run takes the height nearest to its wish that no other run uses in the same
// columns. Runs that continue a port's line go first, because moving them would add a bend.

import { TRACK_PITCH } from './grid-metrics.ts';
import type { Run, Wire } from './wires.ts';

/** Tries either side of the wish: 24 x 2.5 px covers a whole empty row. */
const TRIES = 24;
/** What lies farther away is in nobody's way. */
const REACH = (TRIES * TRACK_PITCH) / 2 + TRACK_PITCH;

interface Placed {
  readonly y: number;
  readonly wireId: string;
}

/** Writes the final `y` of every run; ports must be assigned. */
export function assignTracks(wires: readonly Wire[]): void {
  const placed = new PlacedRuns();
  const stubs = stubsByGutter(wires);
  const order = wires
    .flatMap((wire) => wire.runs.map((run) => ({ wire, run, rank: rankOf(run) })))
    .sort((left, right) => left.rank - right.rank);
  for (const { wire, run } of order) {
    if (run.followsLeft) run.y = wire.left.y;
    else if (run.followsRight) run.y = wire.right.y;
    run.y = freeHeight(wire, run, placed, stubs);
    placed.add(run, wire.id);
  }
}

/** By column, and within it by height, as only what is near in both can be in the way. */
class PlacedRuns {
  readonly #strips = new Map<number, Map<number, Placed[]>>();

  add(run: Run, wireId: string): void {
    const entry = { y: run.y, wireId };
    for (let column = run.from; column <= run.to; column++) {
      let strips = this.#strips.get(column);
      if (strips === undefined) {
        strips = new Map();
        this.#strips.set(column, strips);
      }
      const entries = strips.get(stripOf(run.y));
      if (entries) entries.push(entry);
      else strips.set(stripOf(run.y), [entry]);
    }
  }

  near(column: number, y: number, note: (entry: Placed) => void): void {
    const strips = this.#strips.get(column);
    if (strips === undefined) return;
    for (let strip = stripOf(y) - 1; strip <= stripOf(y) + 1; strip++) strips.get(strip)?.forEach(note);
  }
}

function stripOf(y: number): number {
  return Math.floor(y / REACH);
}

function rankOf(run: Run): number {
  return (run.followsLeft ? 0 : 1) + (run.followsRight ? 0 : 1);
}

/** Heights at which ports enter a gutter from each side: a run that turns there must not seem to join them. */
function stubsByGutter(wires: readonly Wire[]): Map<string, Placed[]> {
  const stubs = new Map<string, Placed[]>();
  const add = (key: string, y: number, wireId: string) => {
    const entries = stubs.get(key);
    if (entries) entries.push({ y, wireId });
    else stubs.set(key, [{ y, wireId }]);
  };
  for (const wire of wires) {
    add(`${wire.left.cell.column + 1} from left`, wire.left.y, wire.id);
    if (wire.isSameColumn) add(`${wire.left.cell.column + 1} from left`, wire.right.y, wire.id);
    else add(`${wire.right.cell.column} from right`, wire.right.y, wire.id);
  }
  return stubs;
}

function freeHeight(wire: Wire, run: Run, placed: PlacedRuns, stubs: ReadonlyMap<string, readonly Placed[]>): number {
  const start = Math.max(run.low, Math.min(run.high, run.y));
  const taken: number[] = [];
  const note = (entry: Placed) => {
    if (entry.wireId !== wire.id && Math.abs(entry.y - start) <= REACH) taken.push(entry.y);
  };
  // One column further on either side: two runs that turn in one gutter would overlap inside it.
  for (let column = run.from - 1; column <= run.to + 1; column++) placed.near(column, start, note);
  // A run on a port's line has no bend to lose; the order of lanes keeps it off the stubs instead.
  if (!run.followsRight && !run.followsLeft) {
    for (const entry of stubs.get(`${run.to + 1} from right`) ?? []) note(entry);
    for (const entry of stubs.get(`${run.from} from left`) ?? []) note(entry);
  }
  let best = start;
  let bestGap = -1;
  for (let attempt = 0; attempt <= TRIES * 2; attempt++) {
    const step = Math.ceil(attempt / 2) * (TRACK_PITCH / 2) * (attempt % 2 === 0 ? 1 : -1);
    const y = start + step;
    if (y < run.low || y > run.high) continue;
    let gap = TRACK_PITCH;
    for (const other of taken) gap = Math.min(gap, Math.abs(other - y));
    if (gap >= TRACK_PITCH) return y;
    if (gap > bestGap) {
      best = y;
      bestGap = gap;
    }
  }
  return best;
}
