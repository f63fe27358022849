// The vocabulary between the map and whoever mounts it: what can be selected, measured and hovered.
// Plain data, so the shell can keep it in the URL.

import type { MapEdge, ServiceMapModel } from '../store/service-map-model.ts';

/** The figure that sets an edge's width and the line under a card's name. */
export const MAP_METRICS = [
  'requests',
  'flows',
  'error-share',
  'latency-p50',
  'latency-p99',
  'bytes',
  'drops',
] as const;
export type MapMetric = (typeof MAP_METRICS)[number];

/**
 * One thing on the map. An edge stands for every port and protocol between two vertices, so it is named by its ends:
 * the matching `MapEdge`s are those with this `sourceId` and `destinationId`.
 */
export type MapSelection =
  | { readonly kind: 'vertex'; readonly id: string }
  | { readonly kind: 'edge'; readonly sourceId: string; readonly destinationId: string }
  | { readonly kind: 'namespace'; readonly cluster: string; readonly namespace: string };

export type MapTheme = 'dark' | 'light';

/** A closed namespace's card stands as an edge's end under this id. */
export function namespaceCardId(cluster: string, namespace: string): string {
  return `ns:${cluster}/${namespace}`;
}

/** The model's edges a selection means: those of a vertex or namespace in both directions, or those between two ends. */
export function edgesOfSelection(model: ServiceMapModel, selection: MapSelection): MapEdge[] {
  const isEnd = (vertexId: string, end: string) => {
    if (vertexId === end) return true;
    const vertex = model.vertices.get(vertexId);
    return vertex !== undefined && namespaceCardId(vertex.cluster, vertex.namespace) === end;
  };
  const isMeant = (edge: MapEdge): boolean => {
    switch (selection.kind) {
      case 'vertex':
        return edge.sourceId === selection.id || edge.destinationId === selection.id;
      case 'edge':
        return isEnd(edge.sourceId, selection.sourceId) && isEnd(edge.destinationId, selection.destinationId);
      case 'namespace': {
        const id = namespaceCardId(selection.cluster, selection.namespace);
        return isEnd(edge.sourceId, id) || isEnd(edge.destinationId, id);
      }
    }
  };
  return [...model.edges.values()].filter(isMeant);
}
