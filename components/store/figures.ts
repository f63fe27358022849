// From the map's window totals to the figures people ask for: rates, error share, percentiles, drops.

import type { MapEdge, ServiceMapModel } from './service-map-model.ts';

export interface Figures {
  /** Requests, where a protocol was understood, else connections, a second. */
  readonly requestsPerSecond: number;
  readonly hasRequests: boolean;
  readonly bytesPerSecond: number;
  readonly dropsPerSecond: number;
  /** Share of responses that are the server's errors, 0..1. */
  readonly errorShare: number;
  readonly clientErrorShare: number;
  /** Microseconds; undefined where no latency was measured. */
  readonly p50Us: number | undefined;
  readonly p99Us: number | undefined;
}

export function figuresOf(edges: Iterable<MapEdge>, model: ServiceMapModel): Figures {
  const seconds = Math.max(1, model.coveredMs / 1000);
  let requests = 0;
  let connections = 0;
  let responses = 0;
  let server = 0;
  let client = 0;
  let bytes = 0;
  let dropped = 0;
  const histogram: number[] = [];
  for (const edge of edges) {
    requests += edge.requests;
    connections += edge.connections;
    responses += edge.responses;
    server += edge.errorsServer;
    client += edge.errorsClient;
    bytes += edge.bytes;
    dropped += edge.dropped;
    for (const [bucket, count] of edge.latencyHistogram.entries()) histogram[bucket] = (histogram[bucket] ?? 0) + count;
  }
  return {
    requestsPerSecond: (requests || connections) / seconds,
    hasRequests: requests > 0,
    bytesPerSecond: bytes / seconds,
    dropsPerSecond: dropped / seconds,
    errorShare: responses === 0 ? 0 : server / responses,
    clientErrorShare: responses === 0 ? 0 : client / responses,
    p50Us: percentileUs(histogram, 0.5),
    p99Us: percentileUs(histogram, 0.99),
  };
}

/** Microseconds below which `share` of the counts lie, interpolated within the bucket [2^(i/2), 2^((i+1)/2)). */
export function percentileUs(histogram: readonly number[], share: number): number | undefined {
  const total = histogram.reduce((sum, count) => sum + (count ?? 0), 0);
  if (total === 0) return undefined;
  let left = total * share;
  for (const [bucket, count = 0] of histogram.entries()) {
    if (count > 0 && left <= count) return 2 ** ((bucket + left / count) / 2);
    left -= count;
  }
  return 2 ** (histogram.length / 2);
}

export function incomingEdges(model: ServiceMapModel, vertexId: string): MapEdge[] {
  return [...model.edges.values()].filter((edge) => edge.destinationId === vertexId);
}

export function outgoingEdges(model: ServiceMapModel, vertexId: string): MapEdge[] {
  return [...model.edges.values()].filter((edge) => edge.sourceId === vertexId);
}

/** A service is judged by what it is asked; one that only asks, by what it is answered. */
export function figuresOfVertex(model: ServiceMapModel, vertexId: string): Figures {
  const incoming = incomingEdges(model, vertexId);
  return figuresOf(incoming.length > 0 ? incoming : outgoingEdges(model, vertexId), model);
}
