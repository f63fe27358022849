// Routes every link: bands, runs, ports, tracks, lanes, then pixels. All choices are made on heights alone, so gutter
// widths follow from the lanes needed; a kept map keeps its widths and draws lanes closer instead of moving cards.

import type { Cell, LayoutGraph } from '../layout/layout-graph.ts';
import { allCells, type Placement } from '../layout/placement.ts';
import { bandsByColumn } from './bands.ts';
import {
  BOX_BOTTOM,
  BOX_SIDE,
  BOX_TOP,
  CARD_HEIGHT,
  LANE_MARGIN_LEFT,
  LANE_MARGIN_RIGHT,
  LANE_PITCH,
  MAX_GUTTER,
  MIN_GUTTER,
  type Point,
  type Rect,
  ROW_PITCH,
} from './grid-metrics.ts';
import { assignLanes, type Vertical } from './lanes.ts';
import { assignPorts } from './ports.ts';
import { findRuns } from './runs.ts';
import { assignTracks } from './tracks.ts';
import { type Wire, wiresOf } from './wires.ts';

export interface RoutedMap {
  readonly cardWidth: number;
  readonly cards: ReadonlyMap<string, Rect>;
  readonly boxes: ReadonlyMap<string, Rect>;
  /** Corner points from source to destination; horizontal and vertical stretches only. */
  readonly routes: ReadonlyMap<string, readonly Point[]>;
  /** Left edge of each column. */
  readonly columnXs: readonly number[];
  /** Gutter g lies left of column g; hand them back to keep the map's columns where they are. */
  readonly gutters: readonly number[];
  readonly bounds: Rect;
}

export function routeLinks(
  graph: LayoutGraph,
  placement: Placement,
  cardWidth: number,
  keptGutters: readonly number[] = [],
): RoutedMap {
  const cells = allCells(placement);
  const groupOf = new Map(graph.vertices.map((vertex) => [vertex.id, vertex.groupId]));
  const wires = wiresOf(graph.links, cells);
  findRuns(wires, bandsByColumn(placement), (id) => groupOf.get(id) ?? null);
  assignPorts(wires);
  assignTracks(wires);
  const { verticals, laneCounts } = assignLanes(wires);
  const sides = boxSides(placement);
  const columnCount = Math.max(0, ...[...cells.values()].map((cell) => cell.column + 1));
  const gutters = gutterWidths(columnCount, laneCounts, sides, keptGutters);
  const columnXs = columnStarts(columnCount, gutters, cardWidth);
  const cards = new Map([...cells].map(([id, cell]) => [id, cardRect(cell, columnXs, cardWidth)]));
  const boxes = boxRects(placement, columnXs, cardWidth);
  const laneX = laneXs(columnXs, gutters, cardWidth, laneCounts, sides);
  const routes = new Map<string, readonly Point[]>();
  for (const wire of wires)
    routes.set(wire.id, corners(wire, verticals.get(wire.id) ?? [], laneX, columnXs, cardWidth));
  return {
    cardWidth,
    cards,
    boxes,
    routes,
    columnXs,
    gutters,
    bounds: boundsOf([...cards.values(), ...boxes.values()], routes),
  };
}

/** Which gutters have a box's side in them, on their left or right edge. */
interface BoxSides {
  readonly closing: ReadonlySet<number>;
  readonly opening: ReadonlySet<number>;
}

function boxSides(placement: Placement): BoxSides {
  const closing = new Set<number>();
  const opening = new Set<number>();
  for (const block of placement.blocks.values()) {
    if (!block.isGroup) continue;
    opening.add(block.column);
    closing.add(block.column + block.columns);
  }
  return { closing, opening };
}

/** Lanes stay between the boxes where boxes are: a vertical on a box's line would read as part of it. */
function laneMargins(gutter: number, { closing, opening }: BoxSides): { left: number; right: number } {
  return {
    left: LANE_MARGIN_LEFT + (closing.has(gutter) ? 6 : 0),
    right: LANE_MARGIN_RIGHT + (opening.has(gutter) ? 4 : 0),
  };
}

function gutterWidths(
  columnCount: number,
  laneCounts: readonly number[],
  sides: BoxSides,
  kept: readonly number[],
): number[] {
  return Array.from({ length: columnCount + 1 }, (_, gutter) => {
    const keptWidth = kept[gutter];
    // The last gutter of the map before is open to the right, so it can still grow.
    if (keptWidth !== undefined && gutter < kept.length - 1) return keptWidth;
    const margins = laneMargins(gutter, sides);
    const lanes = Math.max(0, (laneCounts[gutter] ?? 0) - 1) * LANE_PITCH;
    return Math.max(MIN_GUTTER, Math.min(MAX_GUTTER, margins.left + lanes + margins.right));
  });
}

function columnStarts(columnCount: number, gutters: readonly number[], cardWidth: number): number[] {
  const xs: number[] = [];
  let x = 0;
  for (let column = 0; column < columnCount; column++) {
    if (column > 0) x += cardWidth + (gutters[column] ?? MIN_GUTTER);
    xs.push(x);
  }
  return xs;
}

/** x of a lane: lanes are centred between the gutter's margins, closer together when there are too many. */
function laneXs(
  columnXs: readonly number[],
  gutters: readonly number[],
  cardWidth: number,
  laneCounts: readonly number[],
  sides: BoxSides,
): (vertical: Vertical) => number {
  return ({ gutter, lane }) => {
    const start = gutter === 0 ? (columnXs[0] ?? 0) - (gutters[0] ?? 0) : (columnXs[gutter - 1] ?? 0) + cardWidth;
    const margins = laneMargins(gutter, sides);
    const room = (gutters[gutter] ?? MIN_GUTTER) - margins.left - margins.right;
    const count = laneCounts[gutter] ?? 1;
    const pitch = count > 1 ? Math.min(LANE_PITCH, room / (count - 1)) : 0;
    return start + margins.left + room / 2 + (lane - (count - 1) / 2) * pitch;
  };
}

function cardRect(cell: Cell, columnXs: readonly number[], width: number): Rect {
  return { x: columnXs[cell.column] ?? 0, y: cell.row * ROW_PITCH, width, height: CARD_HEIGHT };
}

function boxRects(placement: Placement, columnXs: readonly number[], cardWidth: number): Map<string, Rect> {
  const boxes = new Map<string, Rect>();
  for (const block of placement.blocks.values()) {
    if (!block.isGroup) continue;
    const x = (columnXs[block.column] ?? 0) - BOX_SIDE;
    const last = columnXs[Math.min(columnXs.length, block.column + block.columns) - 1] ?? 0;
    const y = block.row * ROW_PITCH - BOX_TOP;
    const bottom = (block.row + block.rows - 1) * ROW_PITCH + CARD_HEIGHT + BOX_BOTTOM;
    boxes.set(block.id, { x, y, width: last + cardWidth + BOX_SIDE - x, height: bottom - y });
  }
  return boxes;
}

function corners(
  wire: Wire,
  verticals: readonly Vertical[],
  laneX: (vertical: Vertical) => number,
  columnXs: readonly number[],
  cardWidth: number,
): Point[] {
  const startX = (columnXs[wire.left.cell.column] ?? 0) + cardWidth;
  const endX = wire.isSameColumn ? startX : (columnXs[wire.right.cell.column] ?? 0);
  const points: Point[] = [{ x: startX, y: wire.left.y }];
  let y = wire.left.y;
  for (const vertical of verticals) {
    const x = laneX(vertical);
    const next = y === vertical.top ? vertical.bottom : vertical.top;
    points.push({ x, y }, { x, y: next });
    y = next;
  }
  points.push({ x: endX, y: wire.right.y });
  return wire.isReversed ? points.reverse() : points;
}

function boundsOf(rects: readonly Rect[], routes: ReadonlyMap<string, readonly Point[]>): Rect {
  let left = Number.POSITIVE_INFINITY;
  let top = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  const take = (x: number, y: number) => {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  };
  for (const rect of rects) {
    take(rect.x, rect.y);
    take(rect.x + rect.width, rect.y + rect.height);
  }
  for (const points of routes.values()) for (const point of points) take(point.x, point.y);
  return rects.length === 0
    ? { x: 0, y: 0, width: 0, height: 0 }
    : { x: left, y: top, width: right - left, height: bottom - top };
}
