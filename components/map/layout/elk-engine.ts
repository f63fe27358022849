// elk's layered algorithm as a LayeredEngine. elk runs where the caller's factory puts it: a browser worker, or this
// thread in Node. Every node has the size of one cell and every gap the size of none, so elk's pixels are our cells.

import type { ELK, ElkNode } from 'elkjs/lib/elk-api.js';
import type { LayeredEngine, LayeredRequest } from './layered-group.ts';
import type { Cell } from './layout-graph.ts';

const CELL = 100;
const NODE = 60;

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.randomSeed': '1',
  'elk.separateConnectedComponents': 'false',
  'elk.spacing.nodeNode': String(CELL - NODE),
  'elk.spacing.edgeNode': '0',
  'elk.spacing.edgeEdge': '0',
  'elk.layered.spacing.nodeNodeBetweenLayers': String(CELL - NODE),
  'elk.layered.spacing.edgeNodeBetweenLayers': '0',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '0',
  // Polyline routing reserves no room between layers, so layer i starts at exactly i cells.
  'elk.edgeRouting': 'POLYLINE',
  'elk.layered.edgeRouting.polyline.slopedEdgeZoneWidth': '0',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.padding': '[left=0,top=0,right=0,bottom=0]',
};

export function elkEngine(elk: Pick<ELK, 'layout'>): LayeredEngine {
  return async (request) => {
    const answer = await elk.layout(elkGraph(request));
    const cells = new Map<string, Cell>();
    const columns = layerColumns(answer.children ?? []);
    for (const node of answer.children ?? []) {
      cells.set(node.id, { column: columns.get(node.x ?? 0) ?? 0, row: (node.y ?? 0) / CELL });
    }
    return cells;
  };
}

function elkGraph({ vertexIds, links }: LayeredRequest): ElkNode {
  return {
    id: 'group',
    layoutOptions: OPTIONS,
    children: vertexIds.map((id) => ({ id, width: NODE, height: NODE })),
    edges: links.map((link) => ({ id: link.id, sources: [link.sourceId], targets: [link.destinationId] })),
  };
}

/** Layers are read from the distinct x values rather than divided out: elk may still widen a gap for a bundle. */
function layerColumns(nodes: readonly ElkNode[]): Map<number, number> {
  const xs = [...new Set(nodes.map((node) => node.x ?? 0))].sort((left, right) => left - right);
  const columns = new Map<number, number>();
  let column = -1;
  let previous = Number.NEGATIVE_INFINITY;
  for (const x of xs) {
    if (x - previous > NODE / 2) column++;
    columns.set(x, column);
    previous = x;
  }
  return columns;
}
