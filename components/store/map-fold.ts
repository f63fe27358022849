// Folds the stream of service maps (one whole, then changes) into the model the views draw. The model is replaced, never
// written, and vertices and edges that did not change stay the same objects, so a view can compare by identity.

import { TrafficDirection } from '#proto/gen/flow/flow.ts';
import { type Edge, type ServiceMap, type Vertex, VertexKind } from '#proto/gen/parallax/v1/dashboard.ts';
import { ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import { meshWords } from '../format/mesh-words.ts';
import type { MapEdge, MapVertex, MapVertexKind, ServiceMapModel } from './service-map-model.ts';
import { unixMs } from './unix-ms.ts';

export function foldMap(model: ServiceMapModel, message: ServiceMap): ServiceMapModel {
  const vertices = new Map(message.whole ? [] : model.vertices);
  const edges = new Map(message.whole ? [] : model.edges);
  for (const vertex of message.vertices) vertices.set(vertex.id, mapVertex(vertex));
  for (const edge of message.edges) edges.set(edge.id, mapEdge(edge));
  for (const id of message.removedEdges) edges.delete(id);
  for (const id of message.removedVertices) vertices.delete(id);
  const changed = !sameKeys(model.vertices, vertices) || !sameKeys(model.edges, edges);
  return {
    vertices,
    edges,
    windowSeconds: message.windowSeconds,
    coveredMs: message.coveredMs,
    folded: message.folded,
    isFromFlows: message.fromFlows,
    topologyRevision: model.topologyRevision + (changed ? 1 : 0),
  };
}

function sameKeys(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): boolean {
  if (before.size !== after.size) return false;
  for (const key of after.keys()) if (!before.has(key)) return false;
  return true;
}

function mapVertex(vertex: Vertex): MapVertex {
  const { id, cluster, namespace, name, workloadKind, labels, pods, workloadId, workload, pod } = vertex;
  const part = { workloadId, workload, pod, ...(vertex.sharedId === '' ? {} : { sharedId: vertex.sharedId }) };
  return { id, kind: vertexKind(vertex.kind), cluster, namespace, name, workloadKind, labels, pods, ...part };
}

function vertexKind(kind: VertexKind): MapVertexKind {
  switch (kind) {
    case VertexKind.VERTEX_KIND_WORKLOAD:
      return 'workload';
    case VertexKind.VERTEX_KIND_HOST_PROCESS:
      return 'host-process';
    case VertexKind.VERTEX_KIND_EXTERNAL:
      return 'external';
    case VertexKind.VERTEX_KIND_OTHER:
      return 'other';
    default:
      return 'reserved';
  }
}

function mapEdge(edge: Edge): MapEdge {
  return {
    id: edge.id,
    sourceId: edge.sourceId,
    destinationId: edge.destinationId,
    destinationPort: edge.destinationPort,
    protocol: edge.protocol,
    l7Protocol: edge.l7Protocol,
    flows: Number(edge.flows),
    connections: Number(edge.connections),
    forwarded: Number(edge.forwarded),
    dropped: Number(edge.dropped),
    requests: Number(edge.requests),
    responses: Number(edge.responses),
    errorsClient: Number(edge.errorsClient),
    errorsServer: Number(edge.errorsServer),
    drops: edge.drops.map(({ reason, count, firstSeen }) => ({
      ...{ reason, count: Number(count) },
      firstSeenMs: unixMs(firstSeen),
    })),
    latencyHistogram: edge.latencyHistogram,
    bytes: Number(edge.bytes),
    view: edgeView(edge.view),
    isFromAccessLog: edge.requestSource === ViewSource.VIEW_SOURCE_ACCESS_LOG,
    ...(meshWords[edge.mesh] ? { mesh: meshWords[edge.mesh] } : {}),
    firstSeenMs: unixMs(edge.firstSeen),
    lastSeenMs: unixMs(edge.lastSeen),
  };
}

function edgeView(direction: TrafficDirection): MapEdge['view'] {
  if (direction === TrafficDirection.INGRESS) return 'ingress';
  return direction === TrafficDirection.EGRESS ? 'egress' : 'unknown';
}
