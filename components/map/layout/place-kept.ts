// The next map from the one on screen: what is already there stays, what is new takes a free place near its
// neighbours. A box that must grow, or a namespace the reader opened, pushes only the blocks it would cover.

import { type Cell, type LayoutGraph, membersByGroup } from './layout-graph.ts';
import {
  allCells,
  type Block,
  collide,
  makeBlock,
  movedTo,
  nearestFree,
  type Placement,
  pushDown,
} from './placement.ts';

/**
 * `freshCells`: inner cells of every group that has no box yet. A namespace keeps its id when it is opened or closed, so
 * its box starts where its card was, and the other way round.
 */
export function placeKept(
  previous: Placement,
  graph: LayoutGraph,
  freshCells: ReadonlyMap<string, ReadonlyMap<string, Cell>>,
): Placement {
  const groups = membersByGroup(graph);
  const loose = new Set(graph.vertices.filter((vertex) => vertex.groupId === null).map((vertex) => vertex.id));
  let placement = survivors(previous, groups, loose);
  for (const [groupId, members] of groups) {
    const block = placement.blocks.get(groupId);
    if (block) placement = growBlock(placement, block, members);
  }
  const added: Block[] = [];
  for (const [groupId] of groups) {
    if (placement.blocks.has(groupId)) continue;
    added.push(makeBlock(groupId, true, freshCells.get(groupId) ?? new Map(), { column: 0, row: 0 }));
  }
  for (const id of loose) {
    if (!placement.blocks.has(id))
      added.push(makeBlock(id, false, new Map([[id, { column: 0, row: 0 }]]), { column: 0, row: 0 }));
  }
  for (const block of added) {
    const former = previous.blocks.get(block.id);
    if (former) {
      placement = pushDown(placement, movedTo(block, former));
      continue;
    }
    const others = [...placement.blocks.values()];
    const at = nearestFree(block, wishNearNeighbours(block, graph, placement), others);
    placement = { blocks: new Map(placement.blocks).set(block.id, { ...block, ...at }) };
  }
  return placement;
}

/** Blocks that still have members, without the members that left; their boxes keep their size. */
function survivors(
  previous: Placement,
  groups: ReadonlyMap<string, readonly string[]>,
  loose: ReadonlySet<string>,
): Placement {
  const blocks = new Map<string, Block>();
  for (const block of previous.blocks.values()) {
    if (!block.isGroup) {
      if (loose.has(block.id)) blocks.set(block.id, block);
      continue;
    }
    const present = new Set(groups.get(block.id) ?? []);
    const cells = new Map([...block.cells].filter(([id]) => present.has(id)));
    if (cells.size > 0) blocks.set(block.id, { ...block, cells });
  }
  return { blocks };
}

/** Gives members without a cell the first free one: inside the box, else one row further down, pushing what is there. */
function growBlock(placement: Placement, block: Block, members: readonly string[]): Placement {
  const missing = members.filter((id) => !block.cells.has(id));
  if (missing.length === 0) return placement;
  const cells = new Map(block.cells);
  const taken = new Set([...cells.values()].map((cell) => `${cell.column},${cell.row}`));
  let place = 0;
  for (const id of missing) {
    const at = () => ({ column: place % block.columns, row: Math.floor(place / block.columns) });
    while (taken.has(`${at().column},${at().row}`)) place++;
    cells.set(id, at());
    place++;
  }
  const grown = makeBlock(block.id, true, cells, block);
  const kept = { ...grown, columns: Math.max(grown.columns, block.columns), rows: Math.max(grown.rows, block.rows) };
  return pushDown(placement, kept);
}

/** One column after its callers (or before what it calls), level with the median of its neighbours. */
function wishNearNeighbours(block: Block, graph: LayoutGraph, placement: Placement): Cell {
  const cells = allCells(placement);
  const rows: number[] = [];
  let afterCallers: number | undefined;
  let beforeCalled: number | undefined;
  for (const link of graph.links) {
    const inside = block.cells.get(link.sourceId) ?? block.cells.get(link.destinationId);
    const isSource = block.cells.has(link.sourceId);
    const other = cells.get(isSource ? link.destinationId : link.sourceId);
    if (!inside || !other) continue;
    rows.push(other.row - inside.row);
    if (isSource) beforeCalled = Math.min(beforeCalled ?? Number.POSITIVE_INFINITY, other.column - block.columns);
    else afterCallers = Math.max(afterCallers ?? 0, other.column + 1);
  }
  rows.sort((left, right) => left - right);
  const last = Math.max(0, ...[...placement.blocks.values()].map((each) => each.column + each.columns - 1));
  return { column: afterCallers ?? beforeCalled ?? last, row: rows[Math.floor((rows.length - 1) / 2)] ?? 0 };
}

/**
 * The reader dropped a card or a box on a cell: it goes there, or to the nearest free place. A member stays in its
 * box, which grows if nothing is in its way; a cell held by another member is exchanged with it.
 */
export function moveTo(placement: Placement, id: string, wish: Cell): Placement {
  const own = placement.blocks.get(id);
  if (own) {
    const others = [...placement.blocks.values()].filter((block) => block.id !== id);
    const at = nearestFree(own, wish, others);
    return { blocks: new Map(placement.blocks).set(id, { ...own, ...at }) };
  }
  for (const block of placement.blocks.values()) {
    const from = block.cells.get(id);
    if (!from) continue;
    const target = { column: Math.max(0, wish.column - block.column), row: Math.max(0, wish.row - block.row) };
    const cells = new Map(block.cells);
    for (const [other, cell] of block.cells) {
      if (cell.column === target.column && cell.row === target.row) cells.set(other, from);
    }
    cells.set(id, target);
    const grown = makeBlock(block.id, true, cells, block);
    const others = [...placement.blocks.values()].filter((other) => other.id !== block.id);
    if (others.some((other) => collide(grown, other))) return placement;
    return { blocks: new Map(placement.blocks).set(block.id, grown) };
  }
  return placement;
}
