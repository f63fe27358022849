// Where everything stands: blocks (a namespace's box, or one loose card) on the map's grid of whole columns and rows.
// One grid for all namespaces is what keeps gutters and row gaps free for the lanes. Pure; every change makes new maps.

import { type Cell, compareText } from './layout-graph.ts';

export interface Block {
  readonly id: string;
  readonly isGroup: boolean;
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
  /** Members relative to the block's corner; a loose card has itself at (0,0). */
  readonly cells: ReadonlyMap<string, Cell>;
}

export interface Placement {
  readonly blocks: ReadonlyMap<string, Block>;
}

export const EMPTY_PLACEMENT: Placement = { blocks: new Map() };

export function makeBlock(id: string, isGroup: boolean, cells: ReadonlyMap<string, Cell>, at: Cell): Block {
  let columns = 1;
  let rows = 1;
  for (const cell of cells.values()) {
    columns = Math.max(columns, cell.column + 1);
    rows = Math.max(rows, cell.row + 1);
  }
  return { id, isGroup, column: at.column, row: at.row, columns, rows, cells };
}

export function movedTo(block: Block, at: Cell): Block {
  return { ...block, column: at.column, row: at.row };
}

/** Free rows between two blocks above each other: a box needs one for its label and margin, loose cards none. */
export function rowsBetween(upper: Block, lower: Block): number {
  return upper.isGroup || lower.isGroup ? 1 : 0;
}

export function shareColumns(left: Block, right: Block): boolean {
  return left.column < right.column + right.columns && right.column < left.column + left.columns;
}

export function collide(left: Block, right: Block): boolean {
  const gap = rowsBetween(left, right);
  return shareColumns(left, right) && left.row < right.row + right.rows + gap && right.row < left.row + left.rows + gap;
}

/** Absolute cells of every card. */
export function allCells(placement: Placement): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const block of placement.blocks.values()) {
    for (const [id, cell] of block.cells)
      cells.set(id, { column: block.column + cell.column, row: block.row + cell.row });
  }
  return cells;
}

/**
 * The free place nearest to a wish, looked for in growing rings; a step sideways counts as three rows, because it
 * changes which lanes an edge takes. Columns left of 0 do not exist, rows above 0 do.
 */
export function nearestFree(block: Block, wish: Cell, others: readonly Block[]): Cell {
  const isFree = (cell: Cell) => !others.some((other) => collide(movedTo(block, cell), other));
  const start = { column: Math.max(0, wish.column), row: wish.row };
  for (let distance = 0; ; distance++) {
    for (let sideways = 0; sideways * 3 <= distance; sideways++) {
      const down = distance - sideways * 3;
      for (const column of sideways === 0 ? [start.column] : [start.column + sideways, start.column - sideways]) {
        if (column < 0) continue;
        for (const row of down === 0 ? [start.row] : [start.row + down, start.row - down]) {
          if (isFree({ column, row })) return { column, row };
        }
      }
    }
  }
}

/**
 * Moves whatever `anchor` overlaps down, and whatever that overlaps in turn. Blocks it does not reach stay. Taken from
 * the top, each block is settled once and for all, so two of them cannot go on pushing each other.
 */
export function pushDown(placement: Placement, anchor: Block): Placement {
  const settled: Block[] = [anchor];
  const order = [...placement.blocks.values()]
    .filter((block) => block.id !== anchor.id)
    .sort((left, right) => left.row - right.row || compareText(left.id, right.id));
  for (const block of order) {
    let placed = block;
    for (let above = hit(placed, settled); above; above = hit(placed, settled)) {
      placed = movedTo(placed, { column: placed.column, row: above.row + above.rows + rowsBetween(above, placed) });
    }
    settled.push(placed);
  }
  return { blocks: new Map(settled.map((block) => [block.id, block])) };
}

function hit(block: Block, others: readonly Block[]): Block | undefined {
  return others.find((other) => collide(block, other));
}
