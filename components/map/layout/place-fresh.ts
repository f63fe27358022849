// A whole new map: column for every block, then rows by barycenter sweeps, then blocks slide towards their neighbours
// so that links run straight. The best of the sweeps is kept. Pure and deterministic.

import { type BlockLink, startColumns, targetColumns } from './block-columns.ts';
import { compareText, type LayoutGraph } from './layout-graph.ts';
import { type Block, movedTo, type Placement, rowsBetween, shareColumns } from './placement.ts';

const SWEEPS = 8;
const ALIGN_PASSES = 6;
/** A column may be this much taller than the average before blocks spill into the next one. */
const SPILL_SLACK = 1.2;

/** Which blocks a block is linked with, by number, and by how many rows it stands off where the link would be level. */
interface Pulls {
  readonly others: Int32Array;
  readonly offsets: Int32Array;
}

/** Blocks by number, their columns settled: from here on only rows change, so everything else is known once and for all. */
interface Columns {
  readonly blocks: readonly Block[];
  readonly pulls: readonly Pulls[];
  /** Who shares a column with whom. */
  readonly neighbours: readonly (readonly number[])[];
  /** For the median of the longest list of pulls. */
  readonly scratch: Int32Array;
}

interface Rows {
  /** By block. */
  readonly rows: Int32Array;
  /** Blocks from above. */
  readonly order: readonly number[];
}

/** Places blocks (whose own position is ignored) for a graph without history. */
export function placeFresh(blocks: readonly Block[], graph: LayoutGraph): Placement {
  const start = startColumns(blocks, blockLinks(blocks, graph));
  const seeded = spill(blocks.map((block) => movedTo(block, { column: start.get(block.id) ?? 0, row: 0 })));
  const pulls = pullsOf(seeded, graph);
  const scratch = new Int32Array(Math.max(0, ...pulls.map(({ others }) => others.length)));
  const columns = { blocks: seeded, pulls, neighbours: columnNeighbours(seeded), scratch };
  let current = stack(columns, new Int32Array(seeded.length));
  let best = current;
  let bestCost = cost(columns, current);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const { rows } = current;
    current = stack(
      columns,
      rows.map((row, block) => wishOf(columns, block, rows) ?? row),
    );
    const aligned = align(columns, current);
    const alignedCost = cost(columns, aligned);
    if (alignedCost < bestCost) {
      best = aligned;
      bestCost = alignedCost;
    }
  }
  const placed = best.order.flatMap((at) => {
    const block = seeded[at];
    return block === undefined ? [] : [movedTo(block, { column: block.column, row: best.rows[at] ?? 0 })];
  });
  return { blocks: new Map(fromTop(placed).map((block) => [block.id, block])) };
}

function blockLinks(blocks: readonly Block[], graph: LayoutGraph): BlockLink[] {
  const home = new Map<string, string>();
  for (const block of blocks) for (const id of block.cells.keys()) home.set(id, block.id);
  const weights = new Map<string, BlockLink>();
  for (const link of graph.links) {
    const source = home.get(link.sourceId);
    const destination = home.get(link.destinationId);
    if (source === undefined || destination === undefined || source === destination) continue;
    const key = `${source}\n${destination}`;
    weights.set(key, { source, destination, weight: (weights.get(key)?.weight ?? 0) + 1 });
  }
  return [...weights.values()];
}

function pullsOf(blocks: readonly Block[], graph: LayoutGraph): Pulls[] {
  const home = new Map<string, { readonly at: number; readonly row: number }>();
  for (const [at, block] of blocks.entries()) for (const [id, { row }] of block.cells) home.set(id, { at, row });
  const lists = blocks.map(() => ({ others: [] as number[], offsets: [] as number[] }));
  const add = (from: number, other: number, offset: number) => {
    lists[from]?.others.push(other);
    lists[from]?.offsets.push(offset);
  };
  for (const link of graph.links) {
    const source = home.get(link.sourceId);
    const destination = home.get(link.destinationId);
    if (!source || !destination || source.at === destination.at) continue;
    add(source.at, destination.at, destination.row - source.row);
    add(destination.at, source.at, source.row - destination.row);
  }
  return lists.map(({ others, offsets }) => ({ others: Int32Array.from(others), offsets: Int32Array.from(offsets) }));
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

function columnNeighbours(blocks: readonly Block[]): number[][] {
  return blocks.map((block) =>
    [...blocks.keys()].filter((at) => {
      const other = blocks[at];
      return other !== undefined && other !== block && shareColumns(block, other);
    }),
  );
}

/** Sets blocks as high as they go, in order of the row that each would like. */
function stack({ blocks, neighbours }: Columns, wishes: Int32Array): Rows {
  const rank = blocks.map((block, at) => (wishes[at] ?? 0) + block.rows / 2);
  const order = [...blocks.keys()].sort(
    (left, right) => (rank[left] ?? 0) - (rank[right] ?? 0) || byId(blocks, left, right),
  );
  const rows = new Int32Array(blocks.length).fill(-1);
  for (const at of order) {
    const block = blocks[at];
    if (block === undefined) continue;
    let row = 0;
    for (const neighbour of neighbours[at] ?? []) {
      const above = rows[neighbour] ?? -1;
      const other = blocks[neighbour];
      if (above >= 0 && other !== undefined) row = Math.max(row, above + other.rows + rowsBetween(other, block));
    }
    rows[at] = row;
  }
  return { rows, order };
}

function byId(blocks: readonly Block[], left: number, right: number): number {
  return compareText(blocks[left]?.id ?? '', blocks[right]?.id ?? '');
}

/** The row a block would like: the median over its links of "my end level with the other end". */
function wishOf({ pulls, scratch }: Columns, at: number, rows: Int32Array, upper = false): number | undefined {
  const { others, offsets } = pulls[at] ?? NO_PULLS;
  if (others.length === 0) return undefined;
  for (let pull = 0; pull < others.length; pull++) {
    scratch[pull] = (rows[others[pull] ?? 0] ?? 0) + (offsets[pull] ?? 0);
  }
  const wanted = scratch.subarray(0, others.length).sort();
  const middle = (wanted.length - 1) / 2;
  return wanted[upper ? Math.ceil(middle) : Math.floor(middle)];
}

const NO_PULLS: Pulls = { others: new Int32Array(0), offsets: new Int32Array(0) };

/** Slides each block towards its wish as far as the blocks above and below let it. */
function align(columns: Columns, stacked: Rows): Rows {
  const { blocks, neighbours } = columns;
  const rows = stacked.rows.slice();
  const order = [...blocks.keys()].sort(
    (left, right) => (rows[left] ?? 0) - (rows[right] ?? 0) || byId(blocks, left, right),
  );
  const rankOf = new Int32Array(blocks.length);
  for (const [rank, at] of order.entries()) rankOf[at] = rank;
  const bottom = bottomOf(blocks, rows);
  for (let pass = 0; pass < ALIGN_PASSES; pass++) {
    const downwards = pass % 2 === 0;
    for (const at of downwards ? order.toReversed() : order) {
      const block = blocks[at];
      if (block === undefined) continue;
      let highest = 0;
      let lowest = bottom - block.rows;
      for (const neighbour of neighbours[at] ?? []) {
        const other = blocks[neighbour];
        const row = rows[neighbour] ?? 0;
        if (other === undefined) continue;
        const isAbove = (rankOf[neighbour] ?? 0) < (rankOf[at] ?? 0);
        if (isAbove) highest = Math.max(highest, row + other.rows + rowsBetween(other, block));
        else lowest = Math.min(lowest, row - block.rows - rowsBetween(block, other));
      }
      // Either median in turn: of two neighbours, the one that can follow does.
      const wanted = wishOf(columns, at, rows, downwards) ?? rows[at] ?? 0;
      rows[at] = Math.max(highest, Math.min(lowest, wanted));
    }
  }
  return { rows, order };
}

/** Rows that links climb, and a little for height itself. */
function cost({ blocks, pulls }: Columns, { rows }: Rows): number {
  let climbed = 0;
  for (const [at, { others, offsets }] of pulls.entries()) {
    const row = rows[at] ?? 0;
    for (let pull = 0; pull < others.length; pull++) {
      climbed += Math.abs(row - (rows[others[pull] ?? 0] ?? 0) - (offsets[pull] ?? 0));
    }
  }
  return climbed + bottomOf(blocks, rows);
}

function bottomOf(blocks: readonly Block[], rows: Int32Array): number {
  return Math.max(...blocks.map((block, at) => (rows[at] ?? 0) + block.rows));
}

function fromTop(blocks: readonly Block[]): Block[] {
  const top = Math.min(...blocks.map((block) => block.row));
  const first = Math.min(...blocks.map((block) => block.column));
  return blocks.map((block) => movedTo(block, { column: block.column - first, row: block.row - top }));
}
