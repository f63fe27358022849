// What a card of the map stands for, and the box it stands in: cluster, namespace, workload, pod or process, each inside
// the one before. Clusters and namespaces are sums that are made here; pods and processes the relay tells apart.

import type { MapVertex } from '../../store/service-map-model.ts';
import { type MapScope, namespaceCardId } from '../map-view-types.ts';

/** Something that holds vertices: a box while it is open, a card while it is closed or is what the scope shows. */
export interface Container {
  readonly id: string;
  readonly kind: 'cluster' | 'namespace' | 'workload' | 'pod' | 'outside';
  readonly cluster: string;
  readonly namespace: string;
  /** Own name, without what it stands in. */
  readonly name: string;
}

/** Where a vertex is shown: the card that stands for it, and the box around that card. Each may be absent. */
export interface Place {
  readonly card: Container | undefined;
  readonly box: Container | undefined;
}

const nowhere: Place = { card: undefined, box: undefined };

/** @param hasClusters whether there is more than one: only then does a cluster need a box */
export function placeOf(vertex: MapVertex, scope: MapScope, hasClusters: boolean): Place {
  if (isOutside(vertex)) return nowhere;
  const { cluster, namespace } = vertex;
  const clusterOf = (): Container => ({ id: `cl:${cluster}`, kind: 'cluster', cluster, namespace: '', name: cluster });
  if (scope === 'cluster') return { card: clusterOf(), box: undefined };
  if (namespace === '' && scope !== 'process') return nowhere;
  const namespaceOf = (): Container => {
    return { id: namespaceCardId(cluster, namespace), kind: 'namespace', cluster, namespace, name: namespace };
  };
  switch (scope) {
    case 'namespace':
      return { card: namespaceOf(), box: hasClusters ? clusterOf() : undefined };
    case 'workload':
      return { card: undefined, box: namespaceOf() };
    case 'pod':
      return { card: undefined, box: workloadOf(vertex) ?? namespaceOf() };
    case 'process':
      return {
        card: undefined,
        box: podOf(vertex) ?? workloadOf(vertex) ?? (namespace === '' ? undefined : namespaceOf()),
      };
  }
}

/** Outside, and what is known by a reserved identity alone: in no namespace of any cluster. */
export function isOutside(vertex: MapVertex): boolean {
  return vertex.kind === 'external' || vertex.kind === 'reserved';
}

/** True if a model's vertex is in the container of that id. */
export function isWithin(vertex: MapVertex, containerId: string): boolean {
  if (isOutside(vertex)) return false;
  const { cluster, namespace } = vertex;
  if (containerId === `cl:${cluster}` || containerId === namespaceCardId(cluster, namespace)) return true;
  return containerId === workloadOf(vertex)?.id || containerId === podOf(vertex)?.id;
}

function workloadOf({ cluster, namespace, workload, workloadId }: MapVertex): Container | undefined {
  if (workloadId === '') return undefined;
  return { id: `wl:${workloadId}`, kind: 'workload', cluster, namespace, name: workload };
}

function podOf({ cluster, namespace, pod }: MapVertex): Container | undefined {
  if (pod === '') return undefined;
  return { id: `pod:${cluster}/${namespace}/${pod}`, kind: 'pod', cluster, namespace, name: pod };
}

/** What a card says of how much it stands for: "3 namespaces", "12 services". */
export const MEMBER_WORDS: Readonly<Record<MapScope, readonly [one: string, many: string]>> = {
  cluster: ['service', 'services'],
  namespace: ['service', 'services'],
  workload: ['service', 'services'],
  pod: ['pod', 'pods'],
  process: ['process', 'processes'],
};

/** "12 services", "3 pods". */
export function insideText(kind: Container['kind'], count: number): string {
  const [one, many] = MEMBER_WORDS[kind === 'workload' ? 'pod' : kind === 'pod' ? 'process' : 'workload'];
  return `${count} ${count === 1 ? one : many}`;
}
