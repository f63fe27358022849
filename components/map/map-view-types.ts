// The vocabulary between the map and whoever mounts it: what can be selected, measured, hovered, stepped into.
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

/** What one card stands for. */
export const MAP_SCOPES = ['cluster', 'namespace', 'workload', 'pod', 'process'] as const;
export type MapScope = (typeof MAP_SCOPES)[number];

/**
 * One thing on the map. An edge stands for every port and protocol between two cards, so it is named by its ends: a
 * vertex's id, or the id of a container (graph/map-scope.ts) where a card stands for several.
 */
export type MapSelection =
  | { readonly kind: 'vertex'; readonly id: string }
  | { readonly kind: 'edge'; readonly sourceId: string; readonly destinationId: string }
  | { readonly kind: 'namespace'; readonly cluster: string; readonly namespace: string }
  /** A cluster, a workload or a pod that stands for what is in it. */
  | { readonly kind: 'container'; readonly id: string };

/** What the reader opened or closed; what is in neither, the map decides by how much there is. */
export interface Folds {
  readonly open: readonly string[];
  readonly closed: readonly string[];
}

/** In `Folds`: every container. What is named in the other list is an exception. */
export const EVERY = '*';
export const NO_FOLDS: Folds = { open: [], closed: [] };

/** What the reader wants to look into: one scope down, with only this in view. */
export interface StepTarget {
  readonly kind: 'cluster' | 'namespace' | 'workload' | 'pod';
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
}

/** What a plan, a policy say, would make of traffic: refuse what passes, admit what is refused, or what nobody knows. */
export type EdgeMark = 'closes' | 'opens' | 'unsure';

/** An edge by the names of its ends: "shop/web", or what an external is called on the map. */
export interface MarkedEdge {
  readonly source: string;
  readonly destination: string;
  readonly mark: EdgeMark;
}

export type MapTheme = 'dark' | 'light';

/** A closed namespace's card stands as an edge's end under this id. */
export function namespaceCardId(cluster: string, namespace: string): string {
  return `ns:${cluster}/${namespace}`;
}
