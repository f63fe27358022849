// What lies under a point: a uniform grid over cards and path segments, as arrays that a worker makes and hands over.
// Also answers how far the nearest other line is, which is what markers need to stand clear.

import type { FlatPaths } from './flat-paths.ts';
import type { Point, Rect } from './grid-metrics.ts';

const CELL = 128;

export type Hit = { readonly kind: 'card'; readonly id: string } | { readonly kind: 'link'; readonly id: string };

/** Cells row by row; what touches cell c lies in [starts[c], starts[c + 1]) of the arrays. */
export interface HitGrid {
  /** Cell coordinates of the first cell. */
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
  readonly cardStarts: Uint32Array<ArrayBuffer>;
  /** Card by its number in the map of cards. */
  readonly cards: Uint32Array<ArrayBuffer>;
  readonly segmentStarts: Uint32Array<ArrayBuffer>;
  /** Link by its number, and the segment's first point. */
  readonly links: Uint32Array<ArrayBuffer>;
  readonly segments: Uint32Array<ArrayBuffer>;
}

type Visit = (cell: number, thing: number, part: number) => void;

/** O(cards + segments x cells they touch). */
export function hitGrid(cards: ReadonlyMap<string, Rect>, paths: FlatPaths): HitGrid {
  const rects = [...cards.values()];
  const { left, top, columns, rows } = extent(rects, paths.points);
  const cover = (x1: number, y1: number, x2: number, y2: number, visit: (cell: number) => void) => {
    for (let y = cellAt(Math.min(y1, y2)); y <= cellAt(Math.max(y1, y2)); y++)
      for (let x = cellAt(Math.min(x1, x2)); x <= cellAt(Math.max(x1, x2)); x++)
        visit((y - top) * columns + (x - left));
  };
  const eachCard = (visit: Visit) =>
    rects.forEach(({ x, y, width, height }, card) => {
      cover(x, y, x + width, y + height, (cell) => visit(cell, card, 0));
    });
  const eachSegment = (visit: Visit) => {
    const { starts, points } = paths;
    for (let link = 0; link + 1 < starts.length; link++) {
      for (let at = starts[link] ?? 0; at + 1 < (starts[link + 1] ?? 0); at++) {
        const [x1, y1, x2, y2] = [points[at * 2], points[at * 2 + 1], points[at * 2 + 2], points[at * 2 + 3]];
        cover(x1 ?? 0, y1 ?? 0, x2 ?? 0, y2 ?? 0, (cell) => visit(cell, link, at));
      }
    }
  };
  const byCard = sortedByCell(columns * rows, eachCard);
  const bySegment = sortedByCell(columns * rows, eachSegment);
  return {
    ...{ left, top, columns, rows },
    cardStarts: byCard.starts,
    cards: byCard.things,
    segmentStarts: bySegment.starts,
    links: bySegment.things,
    segments: bySegment.parts,
  };
}

/** Counts, then fills: no cell has an array of its own. */
function sortedByCell(cells: number, each: (visit: Visit) => void) {
  const starts = new Uint32Array(cells + 1);
  each((cell) => {
    starts[cell + 1] = (starts[cell + 1] ?? 0) + 1;
  });
  for (let cell = 0; cell < cells; cell++) starts[cell + 1] = (starts[cell + 1] ?? 0) + (starts[cell] ?? 0);
  const next = starts.slice();
  const [things, parts] = [new Uint32Array(starts[cells] ?? 0), new Uint32Array(starts[cells] ?? 0)];
  each((cell, thing, part) => {
    const at = next[cell] ?? 0;
    next[cell] = at + 1;
    things[at] = thing;
    parts[at] = part;
  });
  return { starts, things, parts };
}

function extent(rects: readonly Rect[], points: Float32Array) {
  let [left, top, right, bottom] = [0, 0, 0, 0];
  const add = (x: number, y: number) => {
    left = Math.min(left, cellAt(x));
    top = Math.min(top, cellAt(y));
    right = Math.max(right, cellAt(x));
    bottom = Math.max(bottom, cellAt(y));
  };
  for (const { x, y, width, height } of rects) {
    add(x, y);
    add(x + width, y + height);
  }
  for (let at = 0; at < points.length; at += 2) add(points[at] ?? 0, points[at + 1] ?? 0);
  return { left, top, columns: right - left + 1, rows: bottom - top + 1 };
}

function cellAt(position: number): number {
  return Math.floor(position / CELL);
}

export class HitIndex {
  readonly #cardIds: readonly string[];
  readonly #rects: readonly Rect[];
  readonly #paths: FlatPaths;
  readonly #grid: HitGrid;

  constructor(cards: ReadonlyMap<string, Rect>, paths: FlatPaths, grid: HitGrid) {
    this.#cardIds = [...cards.keys()];
    this.#rects = [...cards.values()];
    this.#paths = paths;
    this.#grid = grid;
  }

  /** The card at a point, else the nearest link within `reach`; `reach` must stay below the grid's 128. */
  at(point: Point, reach: number): Hit | null {
    const { cards, cardStarts } = this.#grid;
    const cell = this.#cell(cellAt(point.x), cellAt(point.y));
    for (let at = cardStarts[cell] ?? 0; at < (cardStarts[cell + 1] ?? 0); at++) {
      const card = cards[at] ?? 0;
      const [id, rect] = [this.#cardIds[card], this.#rects[card]];
      if (id !== undefined && rect && contains(rect, point)) return { kind: 'card', id };
    }
    const nearest = this.nearestLink(point, reach);
    return nearest ? { kind: 'link', id: nearest.id } : null;
  }

  nearestLink(point: Point, reach: number, exceptId?: string): { id: string; distance: number } | null {
    const { ids, points } = this.#paths;
    const { links, segments, segmentStarts } = this.#grid;
    let nearest = -1;
    let distance = reach;
    this.#around(point, reach, (cell) => {
      const end = segmentStarts[cell + 1] ?? 0;
      for (let at = segmentStarts[cell] ?? 0; at < end; at++) {
        const link = links[at] ?? 0;
        if (ids[link] === exceptId) continue;
        const first = (segments[at] ?? 0) * 2;
        const away = distanceTo(
          point,
          points[first] ?? 0,
          points[first + 1] ?? 0,
          points[first + 2] ?? 0,
          points[first + 3] ?? 0,
        );
        if (away < distance || (away === distance && nearest === -1)) [nearest, distance] = [link, away];
      }
    });
    const id = ids[nearest];
    return id === undefined ? null : { id, distance };
  }

  /** Distance to the nearest card, or `reach` if none is nearer. */
  cardDistance(point: Point, reach: number): number {
    const { cards, cardStarts } = this.#grid;
    let nearest = reach;
    this.#around(point, reach, (cell) => {
      for (let at = cardStarts[cell] ?? 0; at < (cardStarts[cell + 1] ?? 0); at++) {
        const rect = this.#rects[cards[at] ?? 0];
        if (!rect) continue;
        const dx = Math.max(rect.x - point.x, 0, point.x - rect.x - rect.width);
        const dy = Math.max(rect.y - point.y, 0, point.y - rect.y - rect.height);
        nearest = Math.min(nearest, Math.hypot(dx, dy));
      }
    });
    return nearest;
  }

  #around(point: Point, reach: number, visit: (cell: number) => void): void {
    for (let x = cellAt(point.x - reach); x <= cellAt(point.x + reach); x++) {
      for (let y = cellAt(point.y - reach); y <= cellAt(point.y + reach); y++) {
        const cell = this.#cell(x, y);
        if (cell >= 0) visit(cell);
      }
    }
  }

  /** -1 outside of the grid: nothing is there. */
  #cell(x: number, y: number): number {
    const { left, top, columns, rows } = this.#grid;
    const [column, row] = [x - left, y - top];
    return column < 0 || row < 0 || column >= columns || row >= rows ? -1 : row * columns + column;
  }
}

function contains(rect: Rect, point: Point): boolean {
  return point.x >= rect.x && point.x <= rect.x + rect.width && point.y >= rect.y && point.y <= rect.y + rect.height;
}

function distanceTo(point: Point, x1: number, y1: number, x2: number, y2: number): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const squared = dx * dx + dy * dy;
  const share = squared === 0 ? 0 : Math.max(0, Math.min(1, ((point.x - x1) * dx + (point.y - y1) * dy) / squared));
  return Math.hypot(point.x - x1 - share * dx, point.y - y1 - share * dy);
}
