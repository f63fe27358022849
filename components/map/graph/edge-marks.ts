// What a plan would make of edges, said by the names of their ends, as marks of the links that show them. Where a link
// shows several, the gravest is shown.

import type { MapVertex, ServiceMapModel } from '../../store/service-map-model.ts';
import { linkId } from '../layout/layout-graph.ts';
import type { EdgeMark, MarkedEdge } from '../map-view-types.ts';
import type { ViewGraph } from './view-graph.ts';

const GRAVITY: Readonly<Record<EdgeMark, number>> = { opens: 0, unsure: 1, closes: 2 };

/** By link. Ends that are not on the map are left out. */
export function linkMarks(
  model: ServiceMapModel,
  graph: ViewGraph,
  edges: readonly MarkedEdge[],
): ReadonlyMap<string, EdgeMark> {
  const marks = new Map<string, EdgeMark>();
  const cards = cardsByName(model, graph);
  for (const { source, destination, mark } of edges) {
    for (const sourceCard of cards.get(source) ?? []) {
      for (const destinationCard of cards.get(destination) ?? []) {
        const id = linkId(sourceCard, destinationCard);
        if (!graph.links.has(id)) continue;
        const known = marks.get(id);
        if (known === undefined || GRAVITY[mark] > GRAVITY[known]) marks.set(id, mark);
      }
    }
  }
  return marks;
}

/** A name can stand in several clusters, or for several pods. */
function cardsByName(model: ServiceMapModel, graph: ViewGraph): Map<string, Set<string>> {
  const cards = new Map<string, Set<string>>();
  for (const [vertexId, card] of graph.cardOf) {
    const vertex = model.vertices.get(vertexId);
    if (vertex === undefined) continue;
    const name = nameOf(vertex);
    const known = cards.get(name);
    if (known === undefined) cards.set(name, new Set([card]));
    else known.add(card);
  }
  return cards;
}

function nameOf({ namespace, name, workload }: MapVertex): string {
  const own = workload === '' ? name : workload;
  return namespace === '' ? own : `${namespace}/${own}`;
}
