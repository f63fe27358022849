// Where a horizontal stretch may cross a column: the free bands between cards, label strips and box lines.

import { allCells, type Placement } from '../layout/placement.ts';
import {
  BOX_BOTTOM,
  BOX_TOP,
  CARD_CLEARANCE,
  CARD_HEIGHT,
  LABEL_FROM,
  LABEL_TO,
  LINE_CLEARANCE,
  ROW_PITCH,
  TRACK_PITCH,
} from './grid-metrics.ts';

export interface Band {
  readonly low: number;
  readonly high: number;
  /** The box it runs through, or null in the open. */
  readonly groupId: string | null;
  readonly capacity: number;
  used: number;
}

/** How far above the first and below the last card the outermost bands reach. */
const OUTSIDE = 4000;
const MIN_BAND = 6;

/** Bands of every column, top to bottom. */
export function bandsByColumn(placement: Placement): Band[][] {
  const blocked: [number, number][][] = [];
  const boxes: { low: number; high: number; groupId: string }[][] = [];
  const block = (column: number, low: number, high: number) => {
    while (blocked.length <= column) blocked.push([]);
    blocked[column]?.push([low, high]);
  };
  for (const cell of allCells(placement).values()) {
    const y = cell.row * ROW_PITCH;
    block(cell.column, y - CARD_CLEARANCE, y + CARD_HEIGHT + CARD_CLEARANCE);
  }
  for (const group of placement.blocks.values()) {
    if (!group.isGroup) continue;
    const first = group.row * ROW_PITCH;
    const low = first - BOX_TOP;
    const high = (group.row + group.rows - 1) * ROW_PITCH + CARD_HEIGHT + BOX_BOTTOM;
    for (let column = group.column; column < group.column + group.columns; column++) {
      block(column, first - LABEL_FROM, first - LABEL_TO);
      block(column, low - LINE_CLEARANCE, low + LINE_CLEARANCE);
      block(column, high - LINE_CLEARANCE, high + LINE_CLEARANCE);
      while (boxes.length <= column) boxes.push([]);
      boxes[column]?.push({ low, high, groupId: group.id });
    }
  }
  return blocked.map((intervals, column) => freeBands(intervals, boxes[column] ?? []));
}

function freeBands(
  intervals: [number, number][],
  boxes: readonly { low: number; high: number; groupId: string }[],
): Band[] {
  intervals.sort((left, right) => left[0] - right[0]);
  const bands: Band[] = [];
  const add = (low: number, high: number) => {
    if (high - low < MIN_BAND) return;
    const middle = (low + high) / 2;
    const box = boxes.find((each) => each.low < middle && middle < each.high);
    const capacity = Math.floor((high - low) / TRACK_PITCH) + 1;
    bands.push({ low, high, groupId: box?.groupId ?? null, capacity, used: 0 });
  };
  let free = (intervals[0]?.[0] ?? 0) - OUTSIDE;
  if (intervals.length === 0) {
    add(free, OUTSIDE);
    return bands;
  }
  for (const [low, high] of intervals) {
    add(free, low);
    free = Math.max(free, high);
  }
  add(free, free + OUTSIDE);
  return bands;
}
