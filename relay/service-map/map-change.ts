// What changed from one map to the next: the message after the first one of a stream. Pure.

import { type Edge, ServiceMap, type Vertex } from '#proto/gen/parallax/v1/dashboard.ts';

/** The change that turns `before` into `after`; both are whole maps sorted by id. */
export function mapChange(before: ServiceMap, after: ServiceMap): ServiceMap {
  const vertices = changed(before.vertices, after.vertices, isSameVertex);
  const edges = changed(before.edges, after.edges, isSameEdge);
  return ServiceMap.create({
    whole: false,
    vertices: vertices.new,
    edges: edges.new,
    removedVertices: vertices.gone,
    removedEdges: edges.gone,
    windowSeconds: after.windowSeconds,
    coveredMs: after.coveredMs,
    folded: after.folded,
    fromFlows: after.fromFlows,
  });
}

function changed<T extends { id: string }>(before: readonly T[], after: readonly T[], isSame: (a: T, b: T) => boolean) {
  const old = new Map(before.map((one) => [one.id, one]));
  const news: T[] = [];
  for (const one of after) {
    const known = old.get(one.id);
    if (known === undefined || !isSame(known, one)) news.push(one);
    old.delete(one.id);
  }
  return { new: news, gone: [...old.keys()] };
}

function isSameVertex(a: Vertex, b: Vertex): boolean {
  return (
    a.pods === b.pods &&
    a.sharedId === b.sharedId &&
    a.labels.length === b.labels.length &&
    a.labels.every((label, i) => label === b.labels[i])
  );
}

/** Ends, port and protocol are in the id; an edge that is first seen anew was gone from the map between. */
function isSameEdge(a: Edge, b: Edge): boolean {
  return (
    a.flows === b.flows &&
    a.forwarded === b.forwarded &&
    a.dropped === b.dropped &&
    a.connections === b.connections &&
    a.requests === b.requests &&
    a.responses === b.responses &&
    a.errorsClient === b.errorsClient &&
    a.errorsServer === b.errorsServer &&
    a.bytes === b.bytes &&
    a.view === b.view &&
    a.mesh === b.mesh &&
    a.l7Protocol === b.l7Protocol &&
    a.lastSeen?.seconds === b.lastSeen?.seconds &&
    a.lastSeen?.nanos === b.lastSeen?.nanos &&
    a.drops.length === b.drops.length &&
    a.drops.every((drop, i) => drop.reason === b.drops[i]?.reason && drop.count === b.drops[i].count) &&
    a.latencyHistogram.length === b.latencyHistogram.length &&
    a.latencyHistogram.every((count, i) => count === b.latencyHistogram[i])
  );
}
