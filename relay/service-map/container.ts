// Which vertices a container of the map holds, by the id that viewers give to it. Pure.

import { VertexKind } from '#proto/gen/parallax/v1/dashboard.ts';
import type { PartVertex } from './map-scope.ts';

/**
 * Of "cl:CLUSTER", "ns:CLUSTER/NAMESPACE", "wl:ID OF THE WORKLOAD'S VERTEX" or "pod:CLUSTER/NAMESPACE/POD". What is
 * outside of every cluster is in none. @returns undefined where the id is a vertex's
 */
export function containerOf(id: string): ((vertex: PartVertex) => boolean) | undefined {
  const [, kind, rest] = /^(cl|ns|wl|pod):(.*)$/s.exec(id) ?? [];
  if (kind === undefined) return undefined;
  const holds: Record<string, (vertex: PartVertex) => boolean> = {
    cl: ({ cluster }) => cluster === rest,
    ns: ({ cluster, namespace }) => `${cluster}/${namespace}` === rest,
    wl: ({ workloadId }) => workloadId === rest,
    pod: ({ cluster, namespace, pod = '' }) => pod !== '' && `${cluster}/${namespace}/${pod}` === rest,
  };
  const inside = holds[kind];
  return (vertex) => !outside.has(vertex.kind) && inside?.(vertex) === true;
}

const outside: ReadonlySet<VertexKind> = new Set([VertexKind.VERTEX_KIND_EXTERNAL, VertexKind.VERTEX_KIND_RESERVED]);
