// One entry to one record: bounds its text, reads flags, duration, service and mesh kind from it, and names its ends. Pure
// but for the entry, which becomes part of the record.

import { responseFlagCodes } from '#flow/response-flags.ts';
import {
  type AccessLogCommon,
  AccessLogType,
  type HTTPAccessLogEntry,
  type TCPAccessLogEntry,
} from '#proto/gen/envoy/data/accesslog/v3/accesslog.ts';
import type { Endpoint } from '#proto/gen/flow/flow.ts';
import type { Duration } from '#proto/gen/google/protobuf/duration.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import type { AccessLogOrigin, AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';
import { MeshKind } from '#proto/gen/parallax/v1/flow_details.ts';
import { boundCommon, boundHttpEntry } from './bound-entry.ts';
import { type EntryEnd, entryEnds, isLoopback } from './entry-ends.ts';
import { meshKindOf } from './proxy-identity.ts';
import { parseUpstreamCluster, serviceOfHost } from './upstream-cluster.ts';

export type Entry =
  | { readonly $case: 'http'; readonly value: HTTPAccessLogEntry }
  | { readonly $case: 'tcp'; readonly value: TCPAccessLogEntry };

export interface RecordSource {
  readonly entry: Entry;
  readonly origin: AccessLogOrigin;
  readonly received: Timestamp;
  /** Codes that came as text, among them such as the protocol has no field for. Default: those of the entry's fields. */
  readonly flags?: readonly string[];
}

/** Who is at an address, as far as flows or the cluster told. */
export type EndpointAt = (ip: string) => Endpoint | undefined;

/** A duration beyond a week is a proxy's mistake, not a request. */
const maxDurationUs = 7 * 24 * 3600 * 1e6;

const intermediateTypes: ReadonlySet<number> = new Set([
  AccessLogType.TcpUpstreamConnected,
  AccessLogType.TcpPeriodic,
  AccessLogType.DownstreamStart,
  AccessLogType.DownstreamPeriodic,
  AccessLogType.UpstreamPoolReady,
  AccessLogType.UpstreamPeriodic,
  AccessLogType.DownstreamTunnelSuccessfullyEstablished,
  AccessLogType.UdpTunnelUpstreamConnected,
  AccessLogType.UdpPeriodic,
  // TcpConnectionStart, which the protocol files of our package do not have yet.
  14,
]);

export function makeRecord({ entry, origin, received, flags }: RecordSource, endpointAt: EndpointAt): AccessLogRecord {
  const truncated: string[] = [];
  if (entry.$case === 'http') truncated.push(...boundHttpEntry(entry.value));
  else boundCommon(entry.value.commonProperties, truncated);
  const common = entry.value.commonProperties;
  const ends = entryEnds(common);
  const upstream = parseUpstreamCluster(common?.upstreamCluster ?? '');
  const host =
    entry.$case === 'http' ? (entry.value.request?.authority ?? '') : (common?.tlsProperties?.tlsSniHostname ?? '');
  return {
    number: 0n,
    received,
    origin,
    entry,
    responseFlags: flags === undefined ? responseFlagCodes(common?.responseFlags) : [...flags],
    source: named(ends.client, endpointAt),
    // Where the server is the proxy's own host, the address first dialled tells more.
    destination: named(ends.server === undefined || isLoopback(ends.server) ? ends.accepted : ends.server, endpointAt),
    service: serviceOf(upstream?.name ?? '', host),
    mesh: meshKindOf(origin, upstream),
    intermediate: isIntermediate(common),
    truncated,
    durationUs: durationUs(common),
  };
}

function named(end: EntryEnd | undefined, endpointAt: EndpointAt): Endpoint | undefined {
  return end === undefined ? undefined : endpointAt(end.ip);
}

/** The control plane's word first: a client can write into the host whatever it likes. */
function serviceOf(upstream: string, host: string): string {
  if (upstream !== '') return upstream;
  return serviceOfHost(host.replace(/:\d{1,5}$/, '').toLowerCase());
}

function isIntermediate(common: AccessLogCommon | undefined): boolean {
  return common !== undefined && (common.intermediateLogEntry || intermediateTypes.has(common.accessLogType));
}

function durationUs(common: AccessLogCommon | undefined): bigint | undefined {
  const us = microseconds(common?.duration) ?? microseconds(common?.timeToLastDownstreamTxByte);
  return us === undefined ? undefined : BigInt(us);
}

/** Whole microseconds; undefined for what is absent or absurd. */
export function microseconds(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const us = Math.round(Number(duration.seconds) * 1e6 + duration.nanos / 1000);
  return us >= 0 && us <= maxDurationUs ? us : undefined;
}

export function commonOf(record: AccessLogRecord): AccessLogCommon | undefined {
  return record.entry?.value.commonProperties;
}

/** True for proxies through which a packet keeps its ends: their request is one connection to whoever looks at the map. */
export function isTransparent(mesh: MeshKind): boolean {
  return mesh === MeshKind.MESH_KIND_PER_NODE || mesh === MeshKind.MESH_KIND_SIDECAR;
}
