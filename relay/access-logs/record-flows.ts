// A record as Hubble tells it: a request and a response on each connection that the proxy stands between. A sidecar or an
// Envoy of the node stands on one, and is not seen on the map; any other proxy is a place of its own, between two.

import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { flowDetailsTypeUrl } from '#flow/details.ts';
import type { HTTPAccessLogEntry } from '#proto/gen/envoy/data/accesslog/v3/accesslog.ts';
import {
  DropReason,
  Endpoint,
  Flow,
  FlowType,
  IPVersion,
  L7FlowType,
  type Layer7,
  TrafficDirection,
  Verdict,
} from '#proto/gen/flow/flow.ts';
import type { Any } from '#proto/gen/google/protobuf/any.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import type { AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';
import { FlowDetails, FlowReason, ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import { type EntryEnd, entryEnds, isLoopback } from './entry-ends.ts';
import { commonOf, type EndpointAt, isTransparent } from './make-record.ts';
import { parseUpstreamCluster } from './upstream-cluster.ts';
import { httpVersionName, methodName } from './words.ts';

export interface Hop {
  readonly from: EntryEnd;
  readonly to: EntryEnd;
  readonly direction: TrafficDirection;
}

/** Tags, field << 3 | 2 for bytes, of GetFlowsResponse.flow, Flow.source and Flow.destination. */
const RESPONSE_FLOW = 10;
const FLOW_SOURCE = 66;
const FLOW_DESTINATION = 74;
/** Cilium's monitor message type of L7 records. */
const eventL7 = 129;
/** A proxy's clock may be ahead by so much; beyond it, its flows would stand before all others for as long. */
const maxAheadSeconds = 60n;
const emptyFlow = Flow.create();
const emptyDetails = FlowDetails.create();

/** The connections that a record's request went over, as an observer of the network would name them. */
export function hopsOf(record: AccessLogRecord): Hop[] {
  const { client, accepted, proxy, server } = entryEnds(commonOf(record));
  if (client === undefined) return [];
  const inbound: Hop[] =
    accepted === undefined ? [] : [{ from: client, to: accepted, direction: TrafficDirection.INGRESS }];
  if (server === undefined) return inbound;
  // Towards its own pod a sidecar connects over loopback: what comes in is the connection to count.
  const upstream = parseUpstreamCluster(commonOf(record)?.upstreamCluster ?? '');
  if (isLoopback(server) || upstream?.direction === 'inbound') return inbound;
  if (isTransparent(record.mesh)) {
    // The port on the wire is the proxy's, if it dialled from the pod's own address.
    const from = proxy?.ip === client.ip || isLoopback(client) ? (proxy ?? client) : client;
    return [{ from, to: server, direction: TrafficDirection.EGRESS }];
  }
  return [
    ...inbound,
    { from: proxy ?? { ip: accepted?.ip ?? '', port: 0 }, to: server, direction: TrafficDirection.EGRESS },
  ];
}

/** A serialised GetFlowsResponse. */
export interface TimedFlow {
  readonly time: Timestamp;
  readonly message: Uint8Array;
}

/** Of each hop its request and its response. Empty for entries about what goes on. */
export function flowsOf(record: AccessLogRecord, endpointAt: EndpointAt): TimedFlow[] {
  if (record.intermediate) return [];
  const startTime = beginOf(record);
  if (startTime === undefined) return [];
  const isRefused = wasRefused(record);
  const flows: TimedFlow[] = [];
  const tell = (time: Timestamp, flow: Flow, source: Endpoint | undefined, destination: Endpoint | undefined) => {
    flow.time = time;
    flows.push({ time, message: encode(flow, source, destination) });
  };
  for (const hop of hopsOf(record)) {
    const [from, to] = [endpointAt(hop.from.ip), endpointAt(hop.to.ip)];
    // One object for both directions: a copy of a flow's sixty fields costs more than all that differs.
    const flow = flowOn(hop, record);
    flow.l7 = layer7(record, false);
    if (isRefused) {
      flow.verdict = Verdict.DROPPED;
      flow.dropReasonDesc = DropReason.POLICY_DENIED;
    }
    tell(startTime, flow, from, to);
    if (record.entry?.$case !== 'http') continue;
    turn(flow);
    flow.l7 = layer7(record, true);
    flow.verdict = Verdict.FORWARDED;
    flow.dropReasonDesc = DropReason.DROP_REASON_UNKNOWN;
    tell(endTime(startTime, record.durationUs ?? 0n), flow, to, from);
  }
  return flows;
}

/** When the request began; when it came, where the proxy tells nothing or a time that has not been yet. */
function beginOf(record: AccessLogRecord): Timestamp | undefined {
  const told = commonOf(record)?.startTime;
  if (told === undefined) return record.received;
  return told.seconds > (record.received?.seconds ?? told.seconds) + maxAheadSeconds ? record.received : told;
}

/** All but the ends, which are put beside it when it is written. */
function flowOn({ from, to, direction }: Hop, record: AccessLogRecord): Flow {
  const { origin } = record;
  const common = commonOf(record);
  const upstream = parseUpstreamCluster(common?.upstreamCluster ?? '');
  const [namespace, name] = upstream?.name.split('/') ?? [];
  const isToService = direction === TrafficDirection.EGRESS && namespace !== undefined && name !== undefined;
  return {
    ...emptyFlow,
    verdict: Verdict.FORWARDED,
    emitter: { name: origin?.proxy ?? '', version: origin?.proxyVersion ?? '' },
    IP: {
      source: from.ip,
      destination: to.ip,
      sourceXlated: '',
      ipVersion: to.ip.includes(':') ? IPVersion.IPv6 : IPVersion.IPv4,
      encrypted: common?.tlsProperties !== undefined,
    },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: from.port, destinationPort: to.port, flags: undefined } } },
    destinationService: isToService ? { namespace, name } : undefined,
    Type: FlowType.L7,
    nodeName: origin?.nodeName ?? '',
    eventType: { type: eventL7, subType: 0 },
    trafficDirection: direction,
    isReply: false,
    traceContext: traceContextOf(record),
    extensions: packed({
      ...emptyDetails,
      reason: FlowReason.FLOW_REASON_L7,
      requestNumber: record.number,
      viewSource: ViewSource.VIEW_SOURCE_ACCESS_LOG,
      mesh: record.mesh,
      operation:
        record.entry?.$case === 'tcp'
          ? {
              protocol: 'tcp',
              name: 'connection',
              status: record.responseFlags.length === 0 ? 'OK' : record.responseFlags.join(','),
              error: record.responseFlags.length > 0,
              detail: '',
            }
          : undefined,
    }),
  };
}

/** Makes a request's flow that of its response. */
function turn(flow: Flow): void {
  if (flow.IP !== undefined) {
    flow.IP = { ...flow.IP, source: flow.IP.destination, destination: flow.IP.source };
  }
  if (flow.l4?.protocol?.$case === 'TCP') {
    const { sourcePort, destinationPort, flags } = flow.l4.protocol.value;
    flow.l4.protocol.value = { sourcePort: destinationPort, destinationPort: sourcePort, flags };
  }
  flow.sourceService = flow.destinationService;
  flow.destinationService = undefined;
  flow.isReply = true;
}

function layer7(record: AccessLogRecord, isResponse: boolean): Layer7 {
  if (record.entry?.$case !== 'http') return { type: L7FlowType.SAMPLE, latencyNs: 0n, record: undefined };
  const { request, response, protocolVersion } = record.entry.value;
  return {
    type: isResponse ? L7FlowType.RESPONSE : L7FlowType.REQUEST,
    latencyNs: isResponse ? (record.durationUs ?? 0n) * 1000n : 0n,
    record: {
      $case: 'http',
      value: {
        code: isResponse ? statusOf(response?.responseCode) : 0,
        method: methodName(record),
        url: urlOf(request),
        protocol: httpVersionName(protocolVersion),
        headers: request?.requestId ? [{ key: 'x-request-id', value: request.requestId }] : [],
      },
    },
  };
}

/** Without query and fragment, which may carry secrets: as the exporter has it. The record keeps what the log had. */
function urlOf(request: HTTPAccessLogEntry['request']): string {
  if (request === undefined) return '';
  const path = (request.originalPath || request.path).replace(/[?#].*$/s, '');
  return `${request.scheme || 'http'}://${request.authority}${path.startsWith('/') ? path : `/${path}`}`;
}

/** 0 where no response began, and for what is no status. */
export function statusOf(code: number | undefined): number {
  return code !== undefined && code >= 100 && code <= 999 ? code : 0;
}

/** RBAC of the proxy refused it: the words of Envoy's RBAC filters. */
function wasRefused(record: AccessLogRecord): boolean {
  const details = record.entry?.$case === 'http' ? (record.entry.value.response?.responseCodeDetails ?? '') : '';
  return (
    details.startsWith('rbac_access_denied') ||
    (commonOf(record)?.connectionTerminationDetails ?? '').startsWith('rbac_access_denied')
  );
}

function traceContextOf(record: AccessLogRecord): Flow['traceContext'] {
  if (record.entry?.$case !== 'http') return undefined;
  const traceparent = record.entry.value.request?.requestHeaders.traceparent ?? '';
  const traceId = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-/.exec(traceparent)?.[1];
  return traceId === undefined ? undefined : { parent: { traceId } };
}

function endTime(start: Timestamp, durationUs: bigint): Timestamp {
  const nanos = BigInt(start.nanos) + durationUs * 1000n;
  return { seconds: start.seconds + nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) };
}

/** Kept, since a new one grows its buffer step by step: that was half of what an entry costs. */
let writer = new BinaryWriter();

/** The ends are the same objects for all entries of an address, and most of a flow's bytes: they are written out once. */
const encodedEnds = new WeakMap<Endpoint, Uint8Array>();

/** @param flow without its ends */
function encode(flow: Flow, source: Endpoint | undefined, destination: Endpoint | undefined): Uint8Array {
  return written(() => {
    writer.uint32(RESPONSE_FLOW).fork();
    Flow.encode(flow, writer);
    if (source !== undefined) writer.uint32(FLOW_SOURCE).bytes(endBytes(source));
    if (destination !== undefined) writer.uint32(FLOW_DESTINATION).bytes(endBytes(destination));
    writer.join();
    return GetFlowsResponse.encode({ responseTypes: undefined, nodeName: flow.nodeName, time: flow.time }, writer);
  });
}

function endBytes(end: Endpoint): Uint8Array {
  let bytes = encodedEnds.get(end);
  if (bytes === undefined) {
    bytes = Endpoint.encode(end).finish();
    encodedEnds.set(end, bytes);
  }
  return bytes;
}

function packed(details: FlowDetails): Any {
  return { typeUrl: flowDetailsTypeUrl, value: written(() => FlowDetails.encode(details, writer)) };
}

/** A message that fails half-way must not leave its beginning to the next. */
function written(write: () => BinaryWriter): Uint8Array {
  try {
    return write().finish();
  } catch (error) {
    writer = new BinaryWriter();
    throw error;
  }
}
