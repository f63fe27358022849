// Lanes: the order of vertical stretches inside one gutter. Two that overlap in height get lanes of their own, ordered
// so that they cross least and so that no wire's end lies on another's beginning.

import { compareText } from '../layout/layout-graph.ts';
import type { Wire } from './wires.ts';

export interface Vertical {
  readonly wireId: string;
  readonly gutter: number;
  readonly top: number;
  readonly bottom: number;
  /** Heights at which it meets horizontals to its left and right. */
  readonly leftYs: readonly number[];
  readonly rightYs: readonly number[];
  lane: number;
}

/** Above this many in one gutter the pairwise ordering (n squared) gives way to the plain sort. */
const MAX_ORDERED = 120;
const OVERLAP_COST = 20;
const TOUCH = 4;
/** Verticals of one lane keep this much height between them, so that rounded corners do not meet. */
const CLEAR = 10;

/** Every vertical stretch, by gutter (gutter g lies left of column g), with its lane; also the lanes used per gutter. */
export function assignLanes(wires: readonly Wire[]): { verticals: Map<string, Vertical[]>; laneCounts: number[] } {
  const byWire = new Map<string, Vertical[]>();
  const byGutter = new Map<number, Vertical[]>();
  for (const wire of wires) {
    const verticals = verticalsOf(wire);
    byWire.set(wire.id, verticals);
    for (const vertical of verticals) {
      const entries = byGutter.get(vertical.gutter);
      if (entries) entries.push(vertical);
      else byGutter.set(vertical.gutter, [vertical]);
    }
  }
  const laneCounts: number[] = [];
  for (const [gutter, verticals] of byGutter) {
    while (laneCounts.length <= gutter) laneCounts.push(0);
    laneCounts[gutter] = fillLanes(orderVerticals(verticals));
  }
  return { verticals: byWire, laneCounts };
}

function verticalsOf(wire: Wire): Vertical[] {
  const make = (gutter: number, from: number, to: number): Vertical => ({
    wireId: wire.id,
    gutter,
    top: Math.min(from, to),
    bottom: Math.max(from, to),
    leftYs: wire.isSameColumn ? [from, to] : [from],
    rightYs: wire.isSameColumn ? [] : [to],
    lane: 0,
  });
  const verticals: Vertical[] = [];
  let y = wire.left.y;
  let gutter = wire.left.cell.column + 1;
  for (const run of wire.runs) {
    if (run.y !== y) verticals.push(make(run.from, y, run.y));
    y = run.y;
    gutter = run.to + 1;
  }
  if (wire.right.y !== y) verticals.push(make(gutter, y, wire.right.y));
  return verticals;
}

/** Left to right: those that fall with the lowest start first, those that climb with the highest first, bows outside. */
function orderVerticals(verticals: Vertical[]): Vertical[] {
  const family = (vertical: Vertical) => {
    if (vertical.rightYs.length === 0) return 2;
    return (vertical.rightYs[0] ?? 0) >= (vertical.leftYs[0] ?? 0) ? 0 : 1;
  };
  const start = (vertical: Vertical) => {
    if (family(vertical) === 2) return vertical.bottom - vertical.top;
    return family(vertical) === 0 ? -(vertical.leftYs[0] ?? 0) : (vertical.leftYs[0] ?? 0);
  };
  const order = verticals.sort(
    (left, right) =>
      family(left) - family(right) || start(left) - start(right) || compareText(left.wireId, right.wireId),
  );
  return order.length > MAX_ORDERED ? order : reinsert(order);
}

const PASSES = 4;

/** Moves each vertical to the place in the order where it costs least, until nothing gains. */
function reinsert(order: Vertical[]): Vertical[] {
  for (let pass = 0; pass < PASSES; pass++) {
    let moved = false;
    for (const vertical of [...order]) {
      const from = order.indexOf(vertical);
      const others = order.filter((other) => other !== vertical);
      // Cost of standing first, then the change with every step to the right.
      let cost = 0;
      let own = 0;
      let best = 0;
      let bestCost = 0;
      others.forEach((other, index) => {
        if (index === from) own = cost;
        cost += crossings(other, vertical) - crossings(vertical, other);
        if (cost < bestCost) {
          bestCost = cost;
          best = index + 1;
        }
      });
      if (from === others.length) own = cost;
      if (bestCost >= own) continue;
      others.splice(best, 0, vertical);
      order = others;
      moved = true;
    }
    if (!moved) break;
  }
  return order;
}

/** What it costs to have `left` in a lane left of `right`: crossings, and horizontals lying on each other. */
function crossings(left: Vertical, right: Vertical): number {
  let cost = 0;
  for (const y of right.leftYs) if (y > left.top && y < left.bottom) cost++;
  for (const y of left.rightYs) if (y > right.top && y < right.bottom) cost++;
  for (const y of right.leftYs) {
    for (const other of left.rightYs) if (Math.abs(y - other) < TOUCH) cost += OVERLAP_COST;
  }
  return cost;
}

/** Greedy from the left: each takes the first lane right of all earlier ones it overlaps. Returns the lanes used. */
function fillLanes(order: readonly Vertical[]): number {
  let lanes = 0;
  order.forEach((vertical, index) => {
    for (let before = 0; before < index; before++) {
      const earlier = order[before];
      if (!earlier) continue;
      if (earlier.top - CLEAR > vertical.bottom || earlier.bottom + CLEAR < vertical.top) continue;
      vertical.lane = Math.max(vertical.lane, earlier.lane + 1);
    }
    lanes = Math.max(lanes, vertical.lane + 1);
  });
  return lanes;
}
