// A record as Hubble tells it: a request and a response on each connection that the proxy stands between. A sidecar or an
// Envoy of the node stands on one, and is not seen on the map; any other proxy is a place of its own, between two.

import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { flowDetailsTypeUrl } from '#flow/details.ts';
import type { HTTPAccessLogEntry } from '#proto/gen/envoy/data/accesslog/v3/accesslog.ts';
import {
  DropReason,
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
  const tell = (time: Timestamp, flow: Flow) => flows.push({ time, message: encode({ ...flow, time }) });
  for (const hop of hopsOf(record)) {
    const forward = flowOn(hop, record, endpointAt);
    const request = layer7(record, false);
    tell(startTime, {
      ...forward,
      verdict: isRefused ? Verdict.DROPPED : Verdict.FORWARDED,
      dropReasonDesc: isRefused ? DropReason.POLICY_DENIED : DropReason.DROP_REASON_UNKNOWN,
      l7: request,
    });
    if (record.entry?.$case !== 'http') continue;
    tell(endTime(startTime, record.durationUs ?? 0n), { ...reversed(forward), l7: layer7(record, true) });
  }
  return flows;
}

/** When the request began; when it came, where the proxy tells nothing or a time that has not been yet. */
function beginOf(record: AccessLogRecord): Timestamp | undefined {
  const told = commonOf(record)?.startTime;
  if (told === undefined) return record.received;
  return told.seconds > (record.received?.seconds ?? told.seconds) + maxAheadSeconds ? record.received : told;
}

function flowOn({ from, to, direction }: Hop, record: AccessLogRecord, endpointAt: EndpointAt): Flow {
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
    source: endpointAt(from.ip),
    destination: endpointAt(to.ip),
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

function reversed(flow: Flow): Flow {
  const tcp = flow.l4?.protocol?.$case === 'TCP' ? flow.l4.protocol.value : undefined;
  return {
    ...flow,
    IP: flow.IP === undefined ? undefined : { ...flow.IP, source: flow.IP.destination, destination: flow.IP.source },
    l4:
      tcp === undefined
        ? flow.l4
        : {
            protocol: {
              $case: 'TCP',
              value: { ...tcp, sourcePort: tcp.destinationPort, destinationPort: tcp.sourcePort },
            },
          },
    source: flow.destination,
    destination: flow.source,
    sourceService: flow.destinationService,
    destinationService: undefined,
    isReply: true,
  };
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

function encode(flow: Flow): Uint8Array {
  const value = { responseTypes: { $case: 'flow', value: flow } as const, nodeName: flow.nodeName, time: flow.time };
  return written(() => GetFlowsResponse.encode(value, writer));
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
