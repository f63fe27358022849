// Last touch on a fresh map: inside each box, cards of one column trade places (with each other or with a gap) as long
// as that lets links climb less, now that it is known where everything outside the box stands.

import { type Cell, compareText, type LayoutGraph } from './layout-graph.ts';
import { allCells, type Block, type Placement } from './placement.ts';

const PASSES = 4;

export function polishCells(placement: Placement, graph: LayoutGraph): Placement {
  const rows = new Map([...allCells(placement)].map(([id, cell]) => [id, cell.row]));
  const neighbours = new Map<string, string[]>();
  for (const link of graph.links) {
    if (link.sourceId === link.destinationId) continue;
    noteNeighbour(neighbours, link.sourceId, link.destinationId);
    noteNeighbour(neighbours, link.destinationId, link.sourceId);
  }
  const climb = (id: string, row: number) => {
    let sum = 0;
    for (const other of neighbours.get(id) ?? []) sum += Math.abs((rows.get(other) ?? row) - row);
    return sum;
  };
  const blocks = new Map(placement.blocks);
  for (const block of placement.blocks.values()) {
    if (block.cells.size > 1) blocks.set(block.id, polishBlock(block, rows, climb));
  }
  return { blocks };
}

function noteNeighbour(neighbours: Map<string, string[]>, id: string, other: string): void {
  const others = neighbours.get(id);
  if (others) others.push(other);
  else neighbours.set(id, [other]);
}

/** Trades rows in place; `rows` (absolute) follows along, so later boxes see the result. */
function polishBlock(block: Block, rows: Map<string, number>, climb: (id: string, row: number) => number): Block {
  const cells = new Map<string, Cell>(block.cells);
  const at = new Map([...cells].map(([id, cell]) => [`${cell.column},${cell.row}`, id]));
  for (let pass = 0; pass < PASSES; pass++) {
    let traded = false;
    for (let column = 0; column < block.columns; column++) {
      for (let row = 0; row + 1 < block.rows; row++) {
        const [upperKey, lowerKey] = [`${column},${row}`, `${column},${row + 1}`];
        const upper = at.get(upperKey);
        const lower = at.get(lowerKey);
        const high = block.row + row;
        let before = 0;
        let after = 0;
        if (upper !== undefined) {
          before += climb(upper, high);
          after += climb(upper, high + 1);
        }
        if (lower !== undefined) {
          before += climb(lower, high + 1);
          after += climb(lower, high);
        }
        if (after >= before) continue;
        traded = true;
        place(cells, at, rows, upper, lowerKey, { column, row: row + 1 }, high + 1);
        place(cells, at, rows, lower, upperKey, { column, row }, high);
      }
    }
    if (!traded) break;
  }
  return { ...block, cells: new Map([...cells].sort(([left], [right]) => compareText(left, right))) };
}

function place(
  cells: Map<string, Cell>,
  at: Map<string, string>,
  rows: Map<string, number>,
  id: string | undefined,
  key: string,
  cell: Cell,
  row: number,
): void {
  if (id === undefined) {
    at.delete(key);
    return;
  }
  at.set(key, id);
  cells.set(id, cell);
  rows.set(id, row);
}
