// What an end of a connection is in a map of pods or processes: the instance in place of its workload. Pure.

import { MapScope, VertexKind } from '#proto/gen/parallax/v1/dashboard.ts';
import type { MapEnd, MapVertex } from './map-end.ts';

/** A vertex that is a part of a workload. Processes get theirs from process-ends.ts. */
export interface PartVertex extends MapVertex {
  readonly workloadId?: string;
  readonly workload?: string;
  readonly pod?: string;
}

const pods = new WeakMap<MapEnd, PartVertex>();

/** The same object for the same end, so that a map that is made twice a second makes no pods anew. */
export function vertexInScope(end: MapEnd, scope: MapScope): PartVertex {
  if (scope !== MapScope.MAP_SCOPE_POD) return end.vertex;
  const known = pods.get(end);
  if (known !== undefined) return known;
  const made = podVertex(end);
  pods.set(end, made);
  return made;
}

/** The end's pod; its vertex itself where it has none: outside, reserved, a process of a host. */
function podVertex({ vertex, instance }: MapEnd): PartVertex {
  const pod = podOf(vertex, instance);
  if (pod === '') return vertex;
  return {
    ...vertex,
    id: `pod/${vertex.cluster}/${instance}`,
    name: pod,
    workloadKind: 'Pod',
    workloadId: vertex.id,
    workload: vertex.name,
    pod,
  };
}

/** Name of the pod that an instance is; '' where it is an address. */
export function podOf({ kind, namespace }: MapVertex, instance: string): string {
  const isPod = kind === VertexKind.VERTEX_KIND_WORKLOAD && namespace !== '' && instance.startsWith(`${namespace}/`);
  return isPod ? instance.slice(namespace.length + 1) : '';
}
