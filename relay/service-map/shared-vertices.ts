// Vertices of several clusters that are parts of one: the same workload or service, by kind, namespace and name. That is also
// what Cilium's ClusterMesh asks of a global service in each cluster. Pure.

import { type Vertex, VertexKind } from '#proto/gen/parallax/v1/dashboard.ts';

/** Gives parts of one the same shared_id; the others keep none. */
export function markShared(vertices: readonly Vertex[]): void {
  const byName = new Map<string, Vertex[]>();
  let first: string | undefined;
  let isOneCluster = true;
  for (const { kind, cluster } of vertices) {
    if (kind !== VertexKind.VERTEX_KIND_WORKLOAD || cluster === '') continue;
    first ??= cluster;
    isOneCluster &&= cluster === first;
  }
  if (isOneCluster) return;
  for (const vertex of vertices) {
    const { kind, cluster, namespace, workloadKind, name } = vertex;
    if (kind !== VertexKind.VERTEX_KIND_WORKLOAD || cluster === '') continue;
    const key = `shared/${namespace}/${workloadKind}/${name}`;
    const parts = byName.get(key);
    if (parts === undefined) byName.set(key, [vertex]);
    else parts.push(vertex);
  }
  for (const [key, parts] of byName)
    if (new Set(parts.map(({ cluster }) => cluster)).size > 1) for (const part of parts) part.sharedId = key;
}
