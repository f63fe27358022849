// The vocabulary between the map and whoever mounts it: what can be selected, measured and hovered.
// Plain data, so the shell can keep it in the URL.

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
