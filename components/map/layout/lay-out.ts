// One layout from request to geometry: placement, routing, then paths and what is under a point. A pure function of its
// arguments but for the cache of namespaces, so that it can run in a worker; what comes and goes is plain data.

import { type FlatPaths, flatPaths } from '../routing/flat-paths.ts';
import { cardWidthFor } from '../routing/grid-metrics.ts';
import { type HitGrid, hitGrid } from '../routing/hit-index.ts';
import { type LineTable, lineTable } from '../routing/line-table.ts';
import { type RoutedMap, routeLinks } from '../routing/route-links.ts';
import type { GroupLayouts } from './layered-group.ts';
import type { Cell, LayoutGraph } from './layout-graph.ts';
import { layOutMap } from './layout-map.ts';
import { moveTo } from './place-kept.ts';
import { movedTo, type Placement, pushDown } from './placement.ts';

export interface LayoutRequest {
  readonly graph: LayoutGraph;
  /** Names on the cards, for their width on a fresh map. */
  readonly titles: readonly string[];
  /** What is on screen, or was when the reader left; undefined asks for a fresh map. */
  readonly previous: KeptMap | undefined;
  /** Blocks that keep their place on a fresh map. */
  readonly pins: ReadonlyMap<string, Cell>;
  /** The reader dropped a card or a box: nothing else is placed anew. */
  readonly move?: { readonly id: string; readonly cell: Cell };
}

export interface KeptMap {
  readonly placement: Placement;
  readonly cardWidth: number;
  readonly gutters: readonly number[];
}

export interface LaidOutMap {
  readonly placement: Placement;
  readonly routed: Omit<RoutedMap, 'routes'>;
  readonly lines: LineTable;
  readonly paths: FlatPaths;
  readonly grid: HitGrid;
  /** Namespaces laid out without elk because it failed. */
  readonly engineFailures: number;
}

export async function layOut(request: LayoutRequest, layouts: GroupLayouts): Promise<LaidOutMap> {
  const { graph, previous } = request;
  const placement = await placementFor(request, layouts);
  const cardWidth = previous?.cardWidth ?? cardWidthFor([...request.titles]);
  const routed = routeLinks(graph, placement, cardWidth, previous?.gutters ?? []);
  return withPaths(placement, routed, layouts.engineFailures);
}

/** All that is derived from the routes and takes time. */
export function withPaths(placement: Placement, { routes, ...routed }: RoutedMap, engineFailures: number): LaidOutMap {
  const paths = flatPaths(routes);
  return { placement, routed, lines: lineTable(routes), paths, grid: hitGrid(routed.cards, paths), engineFailures };
}

/** What a worker can hand over instead of copying it. */
export function buffersOf({ lines, paths, grid }: LaidOutMap): ArrayBuffer[] {
  const { cardStarts, cards, segmentStarts, links, segments } = grid;
  const arrays = [
    lines.starts,
    lines.corners,
    paths.starts,
    paths.points,
    paths.lengths,
    cardStarts,
    cards,
    segmentStarts,
    links,
    segments,
  ];
  return arrays.map(({ buffer }) => buffer);
}

async function placementFor({ graph, previous, pins, move }: LayoutRequest, layouts: GroupLayouts): Promise<Placement> {
  if (move !== undefined && previous !== undefined) return moveTo(previous.placement, move.id, move.cell);
  let placement = await layOutMap(graph, layouts, previous?.placement);
  if (previous === undefined) {
    for (const [id, cell] of pins) if (placement.blocks.has(id)) placement = pinTo(placement, id, cell);
  }
  return placement;
}

/** The block stands where it was pinned; what it covers there makes room. */
function pinTo(placement: Placement, id: string, cell: Cell): Placement {
  const block = placement.blocks.get(id);
  return block === undefined ? placement : pushDown(placement, movedTo(block, cell));
}
