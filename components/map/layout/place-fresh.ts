// A whole new map: column for every block, then rows by barycenter sweeps, then blocks slide towards their neighbours
// so that links run straight. The best of the sweeps is kept. Pure and deterministic.

import { type BlockLink, startColumns, targetColumns } from './block-columns.ts';
import { compareText, type LayoutGraph } from './layout-graph.ts';
import { type Block, movedTo, type Placement, rowsBetween, shareColumns } from './placement.ts';

const SWEEPS = 8;
const ALIGN_PASSES = 6;
/** A column may be this much taller than the average before blocks spill into the next one. */
const SPILL_SLACK = 1.2;

/** A link's pull on a block: the row its member has inside, and the other end. */
interface Pull {
  readonly inside: number;
  readonly otherBlock: string;
  readonly otherInside: number;
}

type Neighbours = ReadonlyMap<string, readonly string[]>;

/** Places blocks (whose own position is ignored) for a graph without history. */
export function placeFresh(blocks: readonly Block[], graph: LayoutGraph): Placement {
  const { links, pulls } = blockLinks(blocks, graph);
  const start = startColumns(blocks, links);
  const seeded = spill(blocks.map((block) => movedTo(block, { column: start.get(block.id) ?? 0, row: 0 })));
  const neighbours = columnNeighbours(seeded);
  let current = stack(seeded, new Map(), neighbours);
  let best = current;
  let bestCost = cost(current, pulls);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    current = stack(current, wishes(current, pulls), neighbours);
    const aligned = align(current, pulls, neighbours);
    const alignedCost = cost(aligned, pulls);
    if (alignedCost < bestCost) {
      best = aligned;
      bestCost = alignedCost;
    }
  }
  return { blocks: new Map(fromTop(best).map((block) => [block.id, block])) };
}

function blockLinks(blocks: readonly Block[], graph: LayoutGraph) {
  const home = new Map<string, { block: string; row: number }>();
  for (const block of blocks) for (const [id, cell] of block.cells) home.set(id, { block: block.id, row: cell.row });
  const weights = new Map<string, BlockLink>();
  const pulls = new Map<string, Pull[]>(blocks.map((block) => [block.id, []]));
  for (const link of graph.links) {
    const source = home.get(link.sourceId);
    const destination = home.get(link.destinationId);
    if (!source || !destination || source.block === destination.block) continue;
    const key = `${source.block}\n${destination.block}`;
    const weight = (weights.get(key)?.weight ?? 0) + 1;
    weights.set(key, { source: source.block, destination: destination.block, weight });
    pulls.get(source.block)?.push({
      inside: source.row,
      otherBlock: destination.block,
      otherInside: destination.row,
    });
    pulls.get(destination.block)?.push({ inside: destination.row, otherBlock: source.block, otherInside: source.row });
  }
  return { links: [...weights.values()], pulls };
}

/** Moves blocks out of columns that would become far taller than the average, to the lowest column near by. */
function spill(blocks: readonly Block[]): Block[] {
  const width = Math.max(targetColumns(blocks), ...blocks.map((block) => block.column + block.columns));
  const cells = blocks.reduce((sum, block) => sum + block.columns * heightOf(block), 0);
  const tallest = Math.max(...blocks.map(heightOf));
  const limit = Math.max(tallest, Math.ceil((cells / width) * SPILL_SLACK));
  const filled = new Array<number>(width).fill(0);
  const order = [...blocks].sort(
    (left, right) => left.column - right.column || heightOf(right) - heightOf(left) || compareText(left.id, right.id),
  );
  return order.map((block) => {
    const level = (column: number) => Math.max(...filled.slice(column, column + block.columns)) + heightOf(block);
    let column = block.column;
    if (level(column) > limit) {
      for (let candidate = 0; candidate + block.columns <= width; candidate++) {
        const gain = level(column) - level(candidate);
        const farther = Math.abs(candidate - block.column) - Math.abs(column - block.column);
        if (gain > farther * 2) column = candidate;
      }
    }
    const top = level(column);
    for (let at = column; at < column + block.columns; at++) filled[at] = top;
    return movedTo(block, { column, row: 0 });
  });
}

function heightOf(block: Block): number {
  return block.rows + (block.isGroup ? 1 : 0);
}

/** Who shares a column with whom: blocks keep their columns from here on, so that is known once and for all. */
function columnNeighbours(blocks: readonly Block[]): Neighbours {
  return new Map(
    blocks.map((block) => [
      block.id,
      blocks.filter((other) => other !== block && shareColumns(block, other)).map((other) => other.id),
    ]),
  );
}

/** Sets blocks as high as they go, in order of their wish (else their present row). */
function stack(blocks: readonly Block[], wish: ReadonlyMap<string, number>, neighbours: Neighbours): Block[] {
  const rank = (block: Block) => (wish.get(block.id) ?? block.row) + block.rows / 2;
  const order = [...blocks].sort((left, right) => rank(left) - rank(right) || compareText(left.id, right.id));
  const placed = new Map<string, Block>();
  for (const block of order) {
    let row = 0;
    for (const id of neighbours.get(block.id) ?? []) {
      const other = placed.get(id);
      if (other !== undefined) row = Math.max(row, other.row + other.rows + rowsBetween(other, block));
    }
    placed.set(block.id, movedTo(block, { column: block.column, row }));
  }
  return [...placed.values()];
}

/** The row each block would like: the median over its links of "my end level with the other end". */
function wishes(blocks: readonly Block[], pulls: ReadonlyMap<string, readonly Pull[]>): Map<string, number> {
  const rows = new Map(blocks.map((block) => [block.id, block.row]));
  const wish = new Map<string, number>();
  for (const block of blocks) {
    const wanted = wishOf(block, pulls, rows);
    if (wanted !== undefined) wish.set(block.id, wanted);
  }
  return wish;
}

function wishOf(
  block: Block,
  pulls: ReadonlyMap<string, readonly Pull[]>,
  rows: ReadonlyMap<string, number>,
  upper = false,
): number | undefined {
  const wanted = Float64Array.from(
    pulls.get(block.id) ?? [],
    (pull) => (rows.get(pull.otherBlock) ?? 0) + pull.otherInside - pull.inside,
  ).sort();
  const middle = (wanted.length - 1) / 2;
  return wanted[upper ? Math.ceil(middle) : Math.floor(middle)];
}

/** Slides each block towards its wish as far as the blocks above and below let it. */
function align(blocks: readonly Block[], pulls: ReadonlyMap<string, readonly Pull[]>, neighbours: Neighbours): Block[] {
  const current = [...blocks].sort((left, right) => left.row - right.row || compareText(left.id, right.id));
  const bottom = Math.max(...current.map((block) => block.row + block.rows));
  const positions = new Map(current.map((block, index) => [block.id, index]));
  const stacked = current.map((block) => (neighbours.get(block.id) ?? []).map((id) => positions.get(id) ?? -1));
  for (let pass = 0; pass < ALIGN_PASSES; pass++) {
    const downwards = pass % 2 === 0;
    const rows = new Map(current.map((block) => [block.id, block.row]));
    for (let step = 0; step < current.length; step++) {
      const index = downwards ? current.length - 1 - step : step;
      const block = current[index];
      if (!block) continue;
      let highest = 0;
      let lowest = bottom - block.rows;
      for (const at of stacked[index] ?? []) {
        const other = current[at];
        if (!other) continue;
        if (at < index) highest = Math.max(highest, other.row + other.rows + rowsBetween(other, block));
        else lowest = Math.min(lowest, other.row - block.rows - rowsBetween(block, other));
      }
      // Either median in turn: of two neighbours, the one that can follow does.
      const wanted = wishOf(block, pulls, rows, downwards) ?? block.row;
      const row = Math.max(highest, Math.min(lowest, wanted));
      current[index] = movedTo(block, { column: block.column, row });
      rows.set(block.id, row);
    }
  }
  return current;
}

/** Rows that links climb, and a little for height itself. */
function cost(blocks: readonly Block[], pulls: ReadonlyMap<string, readonly Pull[]>): number {
  const rows = new Map(blocks.map((block) => [block.id, block.row]));
  let climbed = 0;
  for (const block of blocks) {
    for (const pull of pulls.get(block.id) ?? []) {
      climbed += Math.abs(block.row + pull.inside - (rows.get(pull.otherBlock) ?? 0) - pull.otherInside);
    }
  }
  return climbed + Math.max(...blocks.map((block) => block.row + block.rows));
}

function fromTop(blocks: readonly Block[]): Block[] {
  const top = Math.min(...blocks.map((block) => block.row));
  const first = Math.min(...blocks.map((block) => block.column));
  return blocks.map((block) => movedTo(block, { column: block.column - first, row: block.row - top }));
}
