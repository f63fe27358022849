// Counted parts to the map that is sent: adds up edges, and the vertices that their ends are in the map's scope. Pure.

import type { TrafficDirection } from '#proto/gen/flow/flow.ts';
import { Edge, type MapScope, ServiceMap, Vertex } from '#proto/gen/parallax/v1/dashboard.ts';
import { ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import * as bucket from './buckets.ts';
import type { Sighting } from './choose-view.ts';
import { type CountedPart, countedParts } from './counted-parts.ts';
import { dropReasonOf } from './drop-reasons.ts';
import type { MapEnd } from './map-end.ts';
import { vertexInScope } from './map-scope.ts';
import type { MapRecord } from './record-table.ts';
import { markShared } from './shared-vertices.ts';
import { wholeCount } from './whole-count.ts';

/** Names of flow.Layer4's fields, which are the protocols. */
const protocolNames = ['', 'TCP', 'UDP', 'ICMPv4', 'ICMPv6', 'SCTP', 'VRRP', 'IGMP'];

/** Vertices and edges sorted by id; the window's figures are left to the caller. */
export function buildMap(sightings: readonly Sighting[], scope: MapScope, bucketMs: number): ServiceMap {
  const draft = new MapDraft(scope, bucketMs);
  for (const part of countedParts(sightings)) draft.add(part);
  return draft.finish();
}

/** Ports between two vertices that get an edge of their own; the others share one of port 0. A port scan is one edge. */
const maxPortsPerPair = 32;

interface EdgeDraft {
  readonly edge: Edge;
  readonly drops: Map<number, { count: number; firstMs: number }>;
  firstBucket: number;
  lastSeenMs: number;
}

class MapDraft {
  readonly #edges = new Map<string, EdgeDraft>();
  readonly #vertices = new Map<string, Vertex>();
  readonly #portsOfPair = new Map<string, number>();
  #isFolded = false;
  readonly #instances = new Map<string, Set<string>>();
  readonly #scope: MapScope;
  readonly #bucketMs: number;

  constructor(scope: MapScope, bucketMs: number) {
    this.#scope = scope;
    this.#bucketMs = bucketMs;
  }

  add({ counts, sighting, source, destination, mesh }: CountedPart): void {
    const draft = this.#edgeBetween(source, destination, sighting.record);
    if (mesh !== 0) draft.edge.mesh = mesh;
    draft.firstBucket = Math.min(draft.firstBucket, sighting.record.firstBucket);
    if (counts === 'traffic') addTraffic(draft, sighting);
    else if (counts === 'requests') addRequests(draft, sighting);
    else addDrops(draft, sighting);
  }

  finish(): ServiceMap {
    const edges = [...this.#edges.values()]
      .map((draft) => finishEdge(draft, this.#bucketMs))
      .sort((a, b) => compare(a.id, b.id));
    const vertices = [...this.#vertices.values()].sort((a, b) => compare(a.id, b.id));
    for (const vertex of vertices) vertex.pods = this.#instances.get(vertex.id)?.size ?? 0;
    markShared(vertices);
    return ServiceMap.create({ whole: true, vertices, edges, folded: this.#isFolded });
  }

  #edgeBetween(
    source: MapEnd,
    destination: MapEnd,
    { port, protocol }: Pick<MapRecord, 'port' | 'protocol'>,
  ): EdgeDraft {
    const name = protocolNames[protocol] ?? '';
    const sourceId = this.#noteVertex(source);
    const destinationId = this.#noteVertex(destination);
    const pair = `${sourceId}>${destinationId}`;
    const id = `${pair}:${port}/${name}`;
    const known = this.#edges.get(id);
    if (known !== undefined) return known;
    const ports = this.#portsOfPair.get(pair) ?? 0;
    if (ports >= maxPortsPerPair && port !== 0) {
      this.#isFolded = true;
      return this.#edgeBetween(source, destination, { port: 0, protocol });
    }
    this.#portsOfPair.set(pair, ports + 1);
    const edge = Edge.create({
      id,
      sourceId,
      destinationId,
      destinationPort: port,
      protocol: name,
    });
    const draft = { edge, drops: new Map(), firstBucket: Number.POSITIVE_INFINITY, lastSeenMs: 0 };
    this.#edges.set(id, draft);
    return draft;
  }

  /** @returns the id of the vertex that the end is in this map's scope */
  #noteVertex(end: MapEnd): string {
    const vertex = vertexInScope(end, this.#scope);
    const instances = this.#instances.get(vertex.id);
    if (instances !== undefined) {
      instances.add(end.instance);
      return vertex.id;
    }
    this.#instances.set(vertex.id, new Set([end.instance]));
    this.#vertices.set(vertex.id, Vertex.create({ ...vertex, labels: [...vertex.labels] }));
    return vertex.id;
  }
}

function addTraffic(draft: EdgeDraft, { record, totals }: Sighting): void {
  const { edge } = draft;
  const { counters } = totals;
  edge.flows += wholes(counters, bucket.FLOWS) - wholes(counters, bucket.DROPPED);
  edge.forwarded += wholes(counters, bucket.FORWARDED);
  edge.connections += wholes(counters, bucket.CONNECTIONS);
  edge.bytes += wholes(counters, bucket.BYTES);
  edge.view = record.view.direction as TrafficDirection;
  noteLastSeen(draft, counters);
}

function addRequests(draft: EdgeDraft, { record, totals }: Sighting): void {
  const { edge } = draft;
  const { counters, latency } = totals;
  // A view that tells responses alone has seen as many requests.
  edge.requests += wholeCount(Math.max(counters[bucket.REQUESTS] as number, counters[bucket.RESPONSES] as number));
  edge.responses += wholes(counters, bucket.RESPONSES);
  edge.errorsClient += wholes(counters, bucket.CLIENT_ERRORS);
  edge.errorsServer += wholes(counters, bucket.SERVER_ERRORS);
  edge.requestSource = record.view.isAccessLog ? ViewSource.VIEW_SOURCE_ACCESS_LOG : ViewSource.VIEW_SOURCE_PACKETS;
  if (record.l7Protocol !== '') edge.l7Protocol = record.l7Protocol;
  latency?.forEach((count, index) => {
    while (edge.latencyHistogram.length < latency.length) edge.latencyHistogram.push(0);
    edge.latencyHistogram[index] = (edge.latencyHistogram[index] ?? 0) + count;
  });
  noteLastSeen(draft, counters);
}

function addDrops(draft: EdgeDraft, { record, totals }: Sighting): void {
  const { edge } = draft;
  edge.flows += wholes(totals.counters, bucket.DROPPED);
  edge.dropped += wholes(totals.counters, bucket.DROPPED);
  for (const [reason, count] of totals.drops) {
    const known = draft.drops.get(reason) ?? { count: 0, firstMs: Number.POSITIVE_INFINITY };
    known.count += count;
    known.firstMs = Math.min(known.firstMs, record.dropSpans?.get(reason)?.firstMs ?? Number.POSITIVE_INFINITY);
    draft.drops.set(reason, known);
  }
  noteLastSeen(draft, totals.counters);
}

function finishEdge({ edge, drops, firstBucket, lastSeenMs }: EdgeDraft, bucketMs: number): Edge {
  edge.drops = [...drops]
    .map(([reason, { count, firstMs }]) => ({
      reason: dropReasonOf(reason),
      count: wholeCount(count),
      firstSeen: timestampOf(firstMs),
    }))
    .sort((a, b) => compare(a.reason, b.reason));
  edge.firstSeen = timestampOf(firstBucket * bucketMs);
  edge.lastSeen = timestampOf(lastSeenMs);
  return edge;
}

function timestampOf(timeMs: number): Edge['lastSeen'] {
  if (!Number.isFinite(timeMs)) return undefined;
  const seconds = Math.floor(timeMs / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((timeMs - seconds * 1000) * 1e6) };
}

function noteLastSeen(draft: EdgeDraft, counters: Float64Array): void {
  draft.lastSeenMs = Math.max(draft.lastSeenMs, Math.floor(counters[bucket.LAST_SEEN_MS] as number));
}

function wholes(counters: Float64Array, column: number): bigint {
  return wholeCount(counters[column] as number);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
