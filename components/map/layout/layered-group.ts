// Cells of the cards inside one namespace. Connected members go through elk's layered algorithm, whose coordinates are
// then read as columns and rows; members without a link inside the namespace fill the free places after them.
// Results are cached by the group's vertices and links, so only a changed namespace runs again.

import { type Cell, compareText, type LayoutLink } from './layout-graph.ts';

/** What elk is asked: node ids and edges between them. It answers with a position for each node, in cell units. */
export interface LayeredRequest {
  readonly vertexIds: readonly string[];
  readonly links: readonly LayoutLink[];
}

/** Positions in cells, not yet whole: `column` grows along the flow, `row` across it. Rejects if the engine failed. */
export type LayeredEngine = (request: LayeredRequest) => Promise<ReadonlyMap<string, Cell>>;

export type GroupCells = ReadonlyMap<string, Cell>;

/** 512 namespaces x about 2 kB of cells = 1 MB; the oldest entry leaves first. */
const MAX_CACHED_GROUPS = 512;

/** Rows a column of unconnected cards may have before a second column starts, for few and for many cards. */
const ISOLATED_ROWS = 6;

export class GroupLayouts {
  readonly #engine: LayeredEngine;
  readonly #cache = new Map<string, GroupCells>();
  /** Groups laid out without elk because it failed; shown by the map as a notice. */
  engineFailures = 0;

  constructor(engine: LayeredEngine) {
    this.#engine = engine;
  }

  /** Cells of one group, from (0,0). Never rejects: when the engine fails, longest paths stand in for it. */
  async cells(vertexIds: readonly string[], links: readonly LayoutLink[]): Promise<GroupCells> {
    const key = groupKey(vertexIds, links);
    const cached = this.#cache.get(key);
    if (cached) return cached;
    const cells = await this.#layOut(vertexIds, links);
    if (this.#cache.size >= MAX_CACHED_GROUPS) {
      const oldest = this.#cache.keys().next();
      if (!oldest.done) this.#cache.delete(oldest.value);
    }
    this.#cache.set(key, cells);
    return cells;
  }

  async #layOut(vertexIds: readonly string[], links: readonly LayoutLink[]): Promise<GroupCells> {
    const inner = links.filter((link) => link.sourceId !== link.destinationId);
    if (vertexIds.length <= 2) return trivialCells(vertexIds);
    const connected = new Set(inner.flatMap((link) => [link.sourceId, link.destinationId]));
    const linked = vertexIds.filter((id) => connected.has(id));
    const isolated = vertexIds.filter((id) => !connected.has(id));
    if (linked.length === 0) return addIsolated(new Map(), isolated);
    let positions: ReadonlyMap<string, Cell>;
    try {
      positions = await this.#engine({ vertexIds: linked, links: inner });
    } catch {
      this.engineFailures++;
      positions = longestPathPositions(linked, inner);
    }
    return addIsolated(wholeCells(positions, inner, maxColumnsFor(linked.length)), isolated);
  }
}

/** A text that is equal for equal groups: ids are joined by a character no id contains. */
function groupKey(vertexIds: readonly string[], links: readonly LayoutLink[]): string {
  return `${vertexIds.join('\n')}\n\n${links.map((link) => link.id).join('\n')}`;
}

/** A box about as wide as it is high: cards are four times as wide as high, but lanes need the width too. */
function maxColumnsFor(cardCount: number): number {
  return Math.max(1, Math.floor(Math.sqrt(cardCount)));
}

/** One card, or two above each other: two side by side would stretch the column of boxes for nothing. */
function trivialCells(vertexIds: readonly string[]): GroupCells {
  return new Map(vertexIds.map((id, row) => [id, { column: 0, row }]));
}

/**
 * Reads positions as columns and rows. Layers beyond `maxColumns` are merged with a neighbour, where that puts the
 * fewest linked cards above each other; a merged column lists the earlier layer first.
 */
export function wholeCells(
  positions: ReadonlyMap<string, Cell>,
  links: readonly LayoutLink[],
  maxColumns: number,
): Map<string, Cell> {
  let columns = mergeLayers(layersOf(positions), links, maxColumns);
  columns = columns.filter((column) => column.length > 0);
  const cells = new Map<string, Cell>();
  const rowsOf = columns.map((column) => rowsInOrder(column, positions));
  const middle = Math.max(...rowsOf.map((rows) => (rows.at(-1) ?? 0) + 1)) / 2;
  columns.forEach((column, index) => {
    const rows = rowsOf[index] ?? [];
    // A merged column lost elk's heights, and so is centred instead.
    const isMerged = new Set(column.map((id) => positions.get(id)?.column)).size > 1;
    const shift = isMerged ? Math.floor(middle - ((rows.at(-1) ?? 0) + 1) / 2) : 0;
    column.forEach((id, at) => {
      cells.set(id, { column: index, row: (rows[at] ?? 0) + shift });
    });
  });
  return levelled(cells, links);
}

/** Ids by layer, each from top to bottom. */
function layersOf(positions: ReadonlyMap<string, Cell>): string[][] {
  const layers = new Map<number, { id: string; row: number }[]>();
  for (const [id, position] of positions) {
    const layer = Math.round(position.column);
    const entries = layers.get(layer) ?? [];
    entries.push({ id, row: position.row });
    layers.set(layer, entries);
  }
  return [...layers]
    .sort(([left], [right]) => left - right)
    .map(([, entries]) =>
      entries.sort((left, right) => left.row - right.row || compareText(left.id, right.id)).map((entry) => entry.id),
    );
}

/** Cost of a merge: links that become bows, and a little for height, so that columns stay of like length. */
function mergeLayers(layers: string[][], links: readonly LayoutLink[], maxColumns: number): string[][] {
  const columns = [...layers];
  while (columns.length > maxColumns) {
    let best = 0;
    let bestCost = Number.POSITIVE_INFINITY;
    for (let index = 0; index + 1 < columns.length; index++) {
      const joined = new Set([...(columns[index] ?? []), ...(columns[index + 1] ?? [])]);
      const bows = links.filter((link) => joined.has(link.sourceId) && joined.has(link.destinationId)).length;
      const mergeCost = bows + joined.size * 0.3;
      if (mergeCost < bestCost) {
        bestCost = mergeCost;
        best = index;
      }
    }
    columns.splice(best, 2, [...(columns[best] ?? []), ...(columns[best + 1] ?? [])]);
  }
  return columns;
}

/** Rows of one column's cards: elk's own where the column is one layer, otherwise one after the other. */
function rowsInOrder(column: readonly string[], positions: ReadonlyMap<string, Cell>): number[] {
  let next = Number.NEGATIVE_INFINITY;
  const isMerged = new Set(column.map((id) => positions.get(id)?.column)).size > 1;
  return column.map((id, index) => {
    const row = isMerged ? index : Math.max(Math.round(positions.get(id)?.row ?? 0), next);
    next = row + 1;
    return row;
  });
}

/** Slides a column of one card level with the middle of its neighbours, then starts rows at 0. */
function levelled(cells: Map<string, Cell>, links: readonly LayoutLink[]): Map<string, Cell> {
  const byColumn = Map.groupBy(cells, ([, cell]) => cell.column);
  for (const entries of byColumn.values()) {
    const only = entries.length === 1 ? entries[0] : undefined;
    if (!only) continue;
    const [id, cell] = only;
    const rows = links
      .filter((link) => link.sourceId === id || link.destinationId === id)
      .map((link) => cells.get(link.sourceId === id ? link.destinationId : link.sourceId)?.row ?? cell.row)
      .sort((left, right) => left - right);
    cells.set(id, { column: cell.column, row: rows[Math.floor((rows.length - 1) / 2)] ?? cell.row });
  }
  const top = Math.min(...[...cells.values()].map((cell) => cell.row));
  return new Map([...cells].map(([id, cell]) => [id, { column: cell.column, row: cell.row - top }]));
}

/** Fills free cells of the block first, column by column, then opens new columns to its right. */
function addIsolated(cells: Map<string, Cell>, isolated: readonly string[]): GroupCells {
  if (isolated.length === 0) return cells;
  const taken = new Set([...cells.values()].map((cell) => `${cell.column},${cell.row}`));
  const height = Math.max(-1, ...[...cells.values()].map((cell) => cell.row)) + 1;
  const rows = Math.max(height, Math.min(isolated.length, ISOLATED_ROWS), Math.ceil(Math.sqrt(isolated.length * 1.5)));
  let place = 0;
  for (const id of isolated) {
    while (taken.has(`${Math.floor(place / rows)},${place % rows}`)) place++;
    cells.set(id, { column: Math.floor(place / rows), row: place % rows });
    place++;
  }
  return cells;
}

/** Column = longest path from a source, cycles cut at the first edge that closes one; row = order of arrival. */
export function longestPathPositions(vertexIds: readonly string[], links: readonly LayoutLink[]): Map<string, Cell> {
  const rank = new Map(vertexIds.map((id, index) => [id, index]));
  const column = new Map(vertexIds.map((id) => [id, 0]));
  const forward = links
    .filter((link) => (rank.get(link.sourceId) ?? 0) < (rank.get(link.destinationId) ?? 0))
    .sort((left, right) => (rank.get(left.sourceId) ?? 0) - (rank.get(right.sourceId) ?? 0));
  for (const link of forward) {
    const next = (column.get(link.sourceId) ?? 0) + 1;
    if (next > (column.get(link.destinationId) ?? 0)) column.set(link.destinationId, next);
  }
  const filled = new Map<number, number>();
  return new Map(
    vertexIds.map((id) => {
      const at = column.get(id) ?? 0;
      const row = filled.get(at) ?? 0;
      filled.set(at, row + 1);
      return [id, { column: at, row }];
    }),
  );
}
