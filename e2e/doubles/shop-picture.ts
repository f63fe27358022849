// The shop as the relay would sum it up: its service map over a window, and the status of its twelve nodes.

import { TrafficDirection } from '#proto/gen/flow/flow.ts';
import {
  type GetSeriesRequest,
  Notice_Severity,
  Series,
  SeriesBucket,
  type ServiceMap,
  Status,
  Vertex,
  VertexKind,
} from '#proto/gen/parallax/v1/dashboard.ts';
import { timestamp } from './shop-flows.ts';
import { type ShopCall, type ShopService, shopCalls, shopServices } from './shop-world.ts';

/** The double's flows are a tenth of the shop's traffic; the map counts all of it. */
const SCALE = 10;

/** @param pace 1 for the shop's usual rates. */
export function shopMap(windowSeconds: number, nowMs: number, pace: number): ServiceMap {
  return {
    whole: true,
    vertices: shopServices.map(vertex),
    edges: shopCalls.map((call, index) => edge(call, index, windowSeconds * SCALE * pace, nowMs)),
    removedVertices: [],
    removedEdges: [],
    windowSeconds,
    coveredMs: windowSeconds * 1000,
    folded: false,
    fromFlows: false,
  };
}

export function shopStatus(nowMs: number): Status {
  const names = Array.from({ length: 12 }, (_, index) => `node-${String(index + 1).padStart(2, '0')}`);
  return Status.fromPartial({
    nodes: names.map((name, index) => ({
      name,
      version: 'parallax 0.1.0',
      address: `10.0.0.${index + 11}:4244`,
      state: index === 11 ? 2 : 1,
      uptimeNs: 86_400_000_000_000n,
      numFlows: 65_535n,
      maxFlows: 65_535n,
      seenFlows: BigInt(8_120_331 + index * 7_000),
    })),
    coverage: [
      {
        hop: 'kernel',
        nodeName: 'node-03',
        seen: 9_114_203n,
        lost: 1_204n,
        late: 0n,
        losses: [{ kind: 'ring full', count: 1_204n }],
      },
      { hop: 'exporter', nodeName: 'node-03', seen: 9_112_999n, lost: 0n, late: 0n, losses: [] },
      { hop: 'relay', nodeName: '', seen: 97_442_100n, lost: 0n, late: 212n, losses: [] },
    ],
    flowsPerSecond: 9_842,
    newestFlowAgeMs: 180n,
    ringFlows: 786_432n,
    ringBytes: 322_122_547n,
    ringCapacityBytes: 536_870_912n,
    oldestFlow: timestamp(nowMs - 1_500_000),
    version: '0.1.0',
    notices: [
      {
        severity: Notice_Severity.WARNING,
        key: 'node-unavailable/node-12',
        text: 'node-12 has not answered for 40 s: its flows are missing from the map and the table.',
        mend: 'Look at the exporter pod on node-12.',
      },
    ],
  });
}

function vertex(service: ShopService): ServiceMap['vertices'][number] {
  const { id, namespace, name, kind, pods } = service;
  return Vertex.fromPartial({
    id,
    kind: kind === 'external' ? VertexKind.VERTEX_KIND_EXTERNAL : VertexKind.VERTEX_KIND_WORKLOAD,
    cluster: kind === 'external' ? '' : 'prod-eu-west',
    namespace,
    name,
    workloadKind: kind === 'external' ? '' : kind,
    labels: kind === 'external' ? [] : [`app=${name}`, 'team=shop'],
    pods,
  });
}

function edge(call: ShopCall, index: number, seconds: number, nowMs: number): ServiceMap['edges'][number] {
  const count = Math.round(call.perSecond * seconds);
  const isDropped = call.dropReason !== undefined;
  const hasRequests = call.l7 !== '';
  return {
    id: `${call.from}>${call.to}:${call.port}`,
    sourceId: call.from,
    destinationId: call.to,
    destinationPort: call.port,
    protocol: call.l7 === 'DNS' ? 'UDP' : 'TCP',
    l7Protocol: call.l7,
    flows: BigInt(count * 2),
    forwarded: BigInt(isDropped ? 0 : count * 2),
    dropped: BigInt(isDropped ? count : 0),
    requests: BigInt(hasRequests ? count : 0),
    responses: BigInt(hasRequests ? count : 0),
    errorsClient: BigInt(hasRequests ? Math.round(count * 0.004) : 0),
    errorsServer: BigInt(hasRequests ? Math.round(count * call.errorShare) : 0),
    drops: isDropped
      ? [{ reason: call.dropReason ?? '', count: BigInt(count), firstSeen: timestamp(nowMs - 1_980_000) }]
      : [],
    latencyHistogram: hasRequests ? latencyHistogram(call.medianMs * 1000, count) : [],
    bytes: BigInt(count * 4_200),
    view: TrafficDirection.INGRESS,
    mesh: 0,
    requestSource: 0,
    lastSeen: timestamp(nowMs - 100 - index),
    connections: BigInt(isDropped ? 0 : Math.ceil(count / 9)),
    firstSeen: timestamp(nowMs - 7_200_000),
  };
}

/** A bell of half-octave buckets around the median, with a tail two octaves out. */
function latencyHistogram(medianUs: number, count: number): number[] {
  const middle = Math.log2(medianUs) * 2;
  return Array.from({ length: 44 }, (_, bucket) => {
    const bell = Math.exp(-((bucket + 0.5 - middle) ** 2) / 4.5) / 3.76;
    const tail = Math.abs(bucket - middle - 4) < 1 ? 0.006 : 0;
    return Math.round(count * (bell + tail));
  });
}

/** The course of one service or edge: steady, with a slow minute in the middle. Of an id that is not the shop's, nothing. */
export function shopSeries(request: GetSeriesRequest, nowMs: number): Series {
  const { vertexId, sourceId, destinationId } = request;
  const namespace = /^ns:[^/]*\/(.+)$/.exec(vertexId)?.[1];
  const isIn = (id: string) => (namespace === undefined ? id === vertexId : id.startsWith(`${namespace}/`));
  const isInto = ({ to, from }: ShopCall) =>
    vertexId === '' ? to === destinationId && from === sourceId : isIn(to) && !isIn(from);
  const into = shopCalls.filter(isInto);
  const calls = into.length > 0 ? into : shopCalls.filter(({ from }) => isIn(from));
  const bucketMs = 5000;
  const count = Math.max(2, Math.floor(((request.windowSeconds || 60) * 1000) / bucketMs));
  const first = Math.floor(nowMs / bucketMs) - count + 1;
  const buckets = Array.from({ length: count }, (_, index) => {
    const sway = 1 + 0.08 * Math.sin(index / 2) + 0.05 * Math.sin(index * 1.7);
    const isSlow = index > count * 0.62 && index < count * 0.76;
    const bucket = SeriesBucket.create({ start: timestamp((first + index) * bucketMs) });
    for (const each of calls) {
      const slowness = (isSlow ? 1.7 : 1) * (1 + 0.06 * Math.sin(index * 2.3));
      const part = edge({ ...each, medianMs: each.medianMs * slowness }, 0, (bucketMs / 1000) * SCALE * sway, nowMs);
      bucket.flows += part.flows;
      bucket.dropped += part.dropped;
      bucket.connections += part.connections;
      bucket.requests += part.requests;
      bucket.responses += part.responses;
      bucket.errorsServer += isSlow ? part.errorsServer * 4n : part.errorsServer;
      part.latencyHistogram.forEach((answers, slot) => {
        bucket.latencyHistogram[slot] = (bucket.latencyHistogram[slot] ?? 0) + answers;
      });
    }
    return bucket;
  });
  return Series.create({ bucketMs, buckets, outgoing: into.length === 0 });
}
