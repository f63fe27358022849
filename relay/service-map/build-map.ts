// Sightings to the map that is sent: groups them by connection place, counts once, gives ends their best names, and adds
// up edges and vertices. Pure.

import type { TrafficDirection } from '#proto/gen/flow/flow.ts';
import { Edge, ServiceMap, Vertex } from '#proto/gen/parallax/v1/dashboard.ts';
import * as bucket from './buckets.ts';
import { bestName, chooseViews, type Sighting } from './choose-view.ts';
import { dropReasonOf } from './drop-reasons.ts';
import { type MapEnd, RANK_WORKLOAD } from './map-end.ts';
import type { MapRecord } from './record-table.ts';

/** Names of flow.Layer4's fields, which are the protocols. */
const protocolNames = ['', 'TCP', 'UDP', 'ICMPv4', 'ICMPv6', 'SCTP', 'VRRP', 'IGMP'];

/** Vertices and edges sorted by id; the window's figures are left to the caller. */
export function buildMap(sightings: readonly Sighting[]): ServiceMap {
  const draft = new MapDraft(sightings);
  for (const group of groupByPlaces(sightings)) draft.addGroup(group);
  return draft.finish();
}

function groupByPlaces(sightings: readonly Sighting[]): Iterable<Sighting[]> {
  const groups = new Map<string, Sighting[]>();
  for (const one of sightings) {
    const { opener, server, port, protocol } = one.record;
    const key = `${opener.place}>${server.place}:${port}/${protocol}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups.values();
}

/** Ports between two vertices that get an edge of their own; the others share one of port 0. A port scan is one edge. */
const maxPortsPerPair = 32;

interface EdgeDraft {
  readonly edge: Edge;
  readonly drops: Map<number, number>;
  lastSeenMs: number;
}

class MapDraft {
  readonly #edges = new Map<string, EdgeDraft>();
  readonly #vertices = new Map<string, Vertex>();
  readonly #portsOfPair = new Map<string, number>();
  #isFolded = false;
  readonly #instances = new Map<string, Set<string>>();
  /** Workloads by address, learned from whoever names them; absent where two have the same address. */
  readonly #workloads = new Map<string, MapEnd | undefined>();

  constructor(sightings: readonly Sighting[]) {
    for (const { record } of sightings) {
      for (const end of [record.opener, record.server]) {
        if (end.rank < RANK_WORKLOAD) continue;
        const known = this.#workloads.get(end.place);
        const isFirst = !this.#workloads.has(end.place);
        if (isFirst) this.#workloads.set(end.place, end);
        else if (known !== undefined && known.vertex.id !== end.vertex.id) this.#workloads.set(end.place, undefined);
      }
    }
  }

  addGroup(group: readonly Sighting[]): void {
    const choice = chooseViews(group);
    const openers = group.map(({ record }) => record.opener);
    const servers = group.map(({ record }) => record.server);
    const edgeOf = ({ record }: Sighting) =>
      this.#edgeBetween(this.#name(record.opener, openers), this.#name(record.server, servers), record);
    for (const one of choice.traffic) addTraffic(edgeOf(one), one);
    for (const one of choice.requests) addRequests(edgeOf(one), one);
    for (const one of choice.drops) addDrops(edgeOf(one), one);
  }

  finish(): ServiceMap {
    const edges = [...this.#edges.values()].map(finishEdge).sort((a, b) => compare(a.id, b.id));
    const vertices = [...this.#vertices.values()].sort((a, b) => compare(a.id, b.id));
    for (const vertex of vertices) vertex.pods = this.#instances.get(vertex.id)?.size ?? 0;
    return ServiceMap.create({ whole: true, vertices, edges, folded: this.#isFolded });
  }

  #name(own: MapEnd, others: readonly MapEnd[]): MapEnd {
    const agreed = bestName(own, others);
    if (agreed.rank >= RANK_WORKLOAD) return agreed;
    return this.#workloads.get(agreed.place) ?? agreed;
  }

  #edgeBetween(
    source: MapEnd,
    destination: MapEnd,
    { port, protocol }: Pick<MapRecord, 'port' | 'protocol'>,
  ): EdgeDraft {
    const name = protocolNames[protocol] ?? '';
    const pair = `${source.vertex.id}>${destination.vertex.id}`;
    const id = `${pair}:${port}/${name}`;
    const known = this.#edges.get(id);
    this.#noteVertex(source);
    this.#noteVertex(destination);
    if (known !== undefined) return known;
    const ports = this.#portsOfPair.get(pair) ?? 0;
    if (ports >= maxPortsPerPair && port !== 0) {
      this.#isFolded = true;
      return this.#edgeBetween(source, destination, { port: 0, protocol });
    }
    this.#portsOfPair.set(pair, ports + 1);
    const edge = Edge.create({
      id,
      sourceId: source.vertex.id,
      destinationId: destination.vertex.id,
      destinationPort: port,
      protocol: name,
    });
    const draft = { edge, drops: new Map<number, number>(), lastSeenMs: 0 };
    this.#edges.set(id, draft);
    return draft;
  }

  #noteVertex({ vertex, instance }: MapEnd): void {
    const instances = this.#instances.get(vertex.id);
    if (instances !== undefined) {
      instances.add(instance);
      return;
    }
    this.#instances.set(vertex.id, new Set([instance]));
    this.#vertices.set(vertex.id, Vertex.create({ ...vertex, labels: [...vertex.labels] }));
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
  edge.requests += BigInt(Math.max(counters[bucket.REQUESTS] as number, counters[bucket.RESPONSES] as number));
  edge.responses += wholes(counters, bucket.RESPONSES);
  edge.errorsClient += wholes(counters, bucket.CLIENT_ERRORS);
  edge.errorsServer += wholes(counters, bucket.SERVER_ERRORS);
  if (record.l7Protocol !== '') edge.l7Protocol = record.l7Protocol;
  latency?.forEach((count, index) => {
    while (edge.latencyHistogram.length < latency.length) edge.latencyHistogram.push(0);
    edge.latencyHistogram[index] = (edge.latencyHistogram[index] ?? 0) + count;
  });
  noteLastSeen(draft, counters);
}

function addDrops(draft: EdgeDraft, { totals }: Sighting): void {
  const { edge } = draft;
  edge.flows += wholes(totals.counters, bucket.DROPPED);
  edge.dropped += wholes(totals.counters, bucket.DROPPED);
  for (const [reason, count] of totals.drops) draft.drops.set(reason, (draft.drops.get(reason) ?? 0) + count);
  noteLastSeen(draft, totals.counters);
}

function finishEdge({ edge, drops, lastSeenMs }: EdgeDraft): Edge {
  edge.drops = [...drops]
    .map(([reason, count]) => ({ reason: dropReasonOf(reason), count: BigInt(count) }))
    .sort((a, b) => compare(a.reason, b.reason));
  const seconds = Math.floor(lastSeenMs / 1000);
  edge.lastSeen = { seconds: BigInt(seconds), nanos: Math.round((lastSeenMs - seconds * 1000) * 1e6) };
  return edge;
}

function noteLastSeen(draft: EdgeDraft, counters: Float64Array): void {
  draft.lastSeenMs = Math.max(draft.lastSeenMs, Math.floor(counters[bucket.LAST_SEEN_MS] as number));
}

function wholes(counters: Float64Array, column: number): bigint {
  return BigInt(counters[column] as number);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
