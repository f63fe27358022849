// Where things stood when the reader left, kept in this browser: one map a scope and filter. What cannot be read is as
// if it were not there.

import type { KeptMap } from './layout/lay-out.ts';
import type { Cell } from './layout/layout-graph.ts';
import type { Block } from './layout/placement.ts';
import { MEMORY_NAME } from './remembers-maps.ts';

export interface RememberedMap extends KeptMap {
  /** Blocks that the reader put where they are. */
  readonly pins: ReadonlySet<string>;
}

export interface MapMemory {
  recall(key: string): RememberedMap | undefined;
  remember(key: string, map: RememberedMap): void;
}

export const noMemory: MapMemory = { recall: () => undefined, remember: () => undefined };

/** Twelve maps of up to 2,000 cards: some 100 kB each, of the 5 MB that a browser gives. The oldest leaves. */
const MOST_MAPS = 12;
const MOST_CARDS = 2_000;

/** Writing all of it costs some milliseconds: not for each of many changes. */
const WRITE_AFTER_MS = 500;

type Stored = Record<string, unknown>;

/** Writes a little later, and when the page is left. */
export function browserMemory(): MapMemory {
  const memory = storedMemory(window.localStorage);
  const waiting = new Map<string, RememberedMap>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const [key, map] of waiting) memory.remember(key, map);
    waiting.clear();
  };
  window.addEventListener('pagehide', write);
  return {
    recall: (key) => waiting.get(key) ?? memory.recall(key),
    remember: (key, map) => {
      waiting.set(key, map);
      timer ??= setTimeout(write, WRITE_AFTER_MS);
    },
  };
}

export function storedMemory(storage: Pick<Storage, 'getItem' | 'setItem'>): MapMemory {
  const read = (): Stored => {
    try {
      const parsed: unknown = JSON.parse(storage.getItem(MEMORY_NAME) ?? '{}');
      return isRecord(parsed) ? parsed : {};
    } catch {
      return {};
    }
  };
  return {
    recall: (key) => mapFrom(read()[key]),
    remember: (key, map) => {
      const { [key]: _replaced, ...others } = read();
      const cards = [...map.placement.blocks.values()].reduce((sum, block) => sum + block.cells.size, 0);
      if (cards > MOST_CARDS) return;
      const kept = Object.entries(others).slice(-(MOST_MAPS - 1));
      try {
        storage.setItem(MEMORY_NAME, JSON.stringify(Object.fromEntries([...kept, [key, plainMap(map)]])));
      } catch {
        // Storage is full or forbidden: places are then kept for as long as the page is open.
      }
    },
  };
}

function plainMap({ placement, cardWidth, gutters, pins }: RememberedMap): unknown {
  const blocks = [...placement.blocks.values()].map(({ id, isGroup, column, row, columns, rows, cells }) => [
    ...[id, isGroup ? 1 : 0, column, row, columns, rows],
    [...cells].map(([card, cell]) => [card, cell.column, cell.row]),
  ]);
  return { cardWidth, gutters, pins: [...pins], blocks };
}

/** @returns undefined for anything that `plainMap` would not have written */
function mapFrom(stored: unknown): RememberedMap | undefined {
  if (!isRecord(stored)) return undefined;
  const { cardWidth, gutters, pins, blocks } = stored;
  if (typeof cardWidth !== 'number' || !isListOf(gutters, isPixels) || !isListOf(pins, isText)) return undefined;
  if (!Array.isArray(blocks)) return undefined;
  const made = blocks.map(blockFrom);
  if (made.some((block) => block === undefined)) return undefined;
  const known = made.filter((block) => block !== undefined);
  return {
    cardWidth,
    gutters,
    pins: new Set(pins),
    placement: { blocks: new Map(known.map((block) => [block.id, block])) },
  };
}

function blockFrom(stored: unknown): Block | undefined {
  if (!Array.isArray(stored) || stored.length !== 7) return undefined;
  const [id, isGroup, column, row, columns, rows, cells]: unknown[] = stored;
  if (!isText(id) || !isWhole(column) || !isWhole(row) || !isWhole(columns) || !isWhole(rows)) return undefined;
  if (!Array.isArray(cells) || column < 0) return undefined;
  const made = new Map<string, Cell>();
  for (const cell of cells) {
    if (!Array.isArray(cell)) return undefined;
    const [card, x, y]: unknown[] = cell;
    if (!isText(card) || !isWhole(x) || !isWhole(y) || x < 0 || y < 0) return undefined;
    made.set(card, { column: x, row: y });
  }
  return { id, isGroup: isGroup === 1, column, row, columns, rows, cells: made };
}

function isRecord(value: unknown): value is Stored {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf<Value>(value: unknown, is: (each: unknown) => each is Value): value is Value[] {
  return Array.isArray(value) && value.every(is);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isPixels(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 2_000;
}

/** Far beyond any map, and near enough that a forged one costs nothing. */
function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) < 10_000;
}
