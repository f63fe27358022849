// The layout's one door: graph and the placement on screen in, next placement out. Waits only for elk, and only for
// namespaces that are new or, on a fresh map, changed since they were last laid out.

import type { GroupCells, GroupLayouts } from './layered-group.ts';
import { type Cell, type LayoutGraph, type LayoutLink, membersByGroup } from './layout-graph.ts';
import { placeFresh } from './place-fresh.ts';
import { placeKept } from './place-kept.ts';
import { type Block, EMPTY_PLACEMENT, makeBlock, type Placement } from './placement.ts';
import { polishCells } from './polish-cells.ts';

const ORIGIN: Cell = { column: 0, row: 0 };

/** `previous` undefined asks for a fresh map (first sight, or "tidy"). */
export async function layOutMap(
  graph: LayoutGraph,
  groupLayouts: GroupLayouts,
  previous?: Placement,
): Promise<Placement> {
  if (graph.vertices.length === 0) return EMPTY_PLACEMENT;
  const keep = previous && previous.blocks.size > 0 ? previous : undefined;
  const inner = await innerCells(graph, groupLayouts, (groupId) => !keep?.blocks.get(groupId)?.isGroup);
  if (keep) return placeKept(keep, graph, inner);
  const blocks: Block[] = [];
  for (const [groupId, cells] of inner) blocks.push(makeBlock(groupId, true, cells, ORIGIN));
  for (const vertex of graph.vertices) {
    if (vertex.groupId === null) blocks.push(makeBlock(vertex.id, false, new Map([[vertex.id, ORIGIN]]), ORIGIN));
  }
  // Once for the cards inside, once more for the boxes that can now stand level with them.
  const rough = polishCells(placeFresh(blocks, graph), graph);
  return polishCells(placeFresh([...rough.blocks.values()], graph), graph);
}

async function innerCells(
  graph: LayoutGraph,
  groupLayouts: GroupLayouts,
  isWanted: (groupId: string) => boolean,
): Promise<Map<string, GroupCells>> {
  const groupOf = new Map(graph.vertices.map((vertex) => [vertex.id, vertex.groupId]));
  const linksOf = new Map<string, LayoutLink[]>();
  for (const link of graph.links) {
    const groupId = groupOf.get(link.sourceId);
    if (!groupId || groupId !== groupOf.get(link.destinationId)) continue;
    const links = linksOf.get(groupId);
    if (links) links.push(link);
    else linksOf.set(groupId, [link]);
  }
  const wanted = [...membersByGroup(graph)].filter(([groupId]) => isWanted(groupId));
  const cells = await Promise.all(wanted.map(([id, members]) => groupLayouts.cells(members, linksOf.get(id) ?? [])));
  return new Map(wanted.map(([groupId], index) => [groupId, cells[index] ?? new Map()]));
}
