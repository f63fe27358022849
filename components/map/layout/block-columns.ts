// Which column each block starts in: traffic flows left to right as far as cycles allow, and the map keeps the shape
// of a screen. Order by out-minus-in weight, longest path, squash to a target width.

import { compareText } from './layout-graph.ts';
import type { Block } from './placement.ts';

/** Links between two blocks, counted; direction matters. */
export interface BlockLink {
  readonly source: string;
  readonly destination: string;
  readonly weight: number;
}

/** Pixels of one cell with its share of gutter; only their ratio matters here. */
const CELL_WIDTH = 250;
const CELL_HEIGHT = 60;
/** Width over height a map aims at. */
const ASPECT = 1.7;
/** A short chain is drawn out in full, since folding it back would cost more reading than width. */
const MIN_COLUMNS = 7;

/** Starting column per block id. Deterministic: ties go by id. */
export function startColumns(blocks: readonly Block[], links: readonly BlockLink[]): Map<string, number> {
  const order = flowOrder(blocks, links);
  const rank = new Map(order.map((id, index) => [id, index]));
  const width = new Map(blocks.map((block) => [block.id, block.columns]));
  const forward = links.filter((link) => (rank.get(link.source) ?? 0) < (rank.get(link.destination) ?? 0));
  const earliest = longestPaths(order, forward, width, new Map());
  const start = longestPaths(order, forward, width, pulledSources(order, forward, width, earliest));
  squash(blocks, start);
  return start;
}

/** Widest map worth drawing for these blocks, in columns. */
export function targetColumns(blocks: readonly Block[]): number {
  let area = 0;
  let widest = 1;
  for (const block of blocks) {
    area += block.columns * (block.rows + (block.isGroup ? 1 : 0)) * CELL_WIDTH * CELL_HEIGHT;
    widest = Math.max(widest, block.columns);
  }
  return Math.max(widest, Math.ceil(Math.sqrt(area * ASPECT) / CELL_WIDTH));
}

/**
 * Sources first, sinks last, and in between whoever sends most beyond what it receives (Eades, Lin, Smyth 1993: at
 * most half of the links, in practice few, then point backwards). Blocks without links come last.
 */
function flowOrder(blocks: readonly Block[], links: readonly BlockLink[]): string[] {
  const out = new Map<string, number>();
  const into = new Map<string, number>();
  const touching = new Map<string, BlockLink[]>(blocks.map((block) => [block.id, []]));
  for (const link of links) {
    out.set(link.source, (out.get(link.source) ?? 0) + link.weight);
    into.set(link.destination, (into.get(link.destination) ?? 0) + link.weight);
    touching.get(link.source)?.push(link);
    touching.get(link.destination)?.push(link);
  }
  const left = new Set(blocks.map((block) => block.id).sort(compareText));
  const head: string[] = [];
  const tail: string[] = [];
  const remove = (id: string) => {
    left.delete(id);
    for (const link of touching.get(id) ?? []) {
      out.set(link.source, (out.get(link.source) ?? 0) - link.weight);
      into.set(link.destination, (into.get(link.destination) ?? 0) - link.weight);
    }
  };
  const balance = (id: string) => (out.get(id) ?? 0) - (into.get(id) ?? 0);
  while (left.size > 0) {
    let removed = false;
    for (const id of left) {
      if ((out.get(id) ?? 0) === 0) tail.push(id);
      else if ((into.get(id) ?? 0) === 0) head.push(id);
      else continue;
      remove(id);
      removed = true;
    }
    if (removed) continue;
    let best = '';
    for (const id of left) if (best === '' || balance(id) > balance(best)) best = id;
    head.push(best);
    remove(best);
  }
  return [...head, ...tail.reverse()];
}

function longestPaths(
  order: readonly string[],
  forward: readonly BlockLink[],
  width: ReadonlyMap<string, number>,
  atLeast: ReadonlyMap<string, number>,
): Map<string, number> {
  const bySource = Map.groupBy(forward, (link) => link.source);
  const start = new Map(order.map((id) => [id, atLeast.get(id) ?? 0]));
  for (const id of order) {
    const end = (start.get(id) ?? 0) + (width.get(id) ?? 1);
    for (const link of bySource.get(id) ?? []) {
      if (end > (start.get(link.destination) ?? 0)) start.set(link.destination, end);
    }
  }
  return start;
}

/**
 * A block nobody calls stands right before what it calls, not at the far left edge. What it alone calls does not
 * count, since that follows it anyway. Returns the columns such blocks must not stand left of.
 */
function pulledSources(
  order: readonly string[],
  forward: readonly BlockLink[],
  width: ReadonlyMap<string, number>,
  start: ReadonlyMap<string, number>,
): Map<string, number> {
  const callers = Map.groupBy(forward, (link) => link.destination);
  const bySource = Map.groupBy(forward, (link) => link.source);
  const atLeast = new Map<string, number>();
  for (const id of order) {
    const shared = (bySource.get(id) ?? []).filter((link) => (callers.get(link.destination) ?? []).length > 1);
    if (callers.has(id) || shared.length === 0) continue;
    const nearest = Math.min(...shared.map((link) => start.get(link.destination) ?? 0));
    atLeast.set(id, Math.max(0, nearest - (width.get(id) ?? 1)));
  }
  return atLeast;
}

function squash(blocks: readonly Block[], start: Map<string, number>): void {
  const ends = blocks.map((block) => (start.get(block.id) ?? 0) + block.columns);
  const end = Math.max(1, ...ends);
  const target = Math.max(targetColumns(blocks), Math.min(end, MIN_COLUMNS));
  if (end <= target) return;
  for (const block of blocks) {
    const at = start.get(block.id) ?? 0;
    if (end > block.columns) {
      start.set(block.id, Math.round((at * (target - block.columns)) / (end - block.columns)));
    }
  }
}
