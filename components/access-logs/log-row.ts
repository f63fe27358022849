// One access log record as the table shows it: short text, nothing computed while drawing.

import { requestMethodName } from '#flow/request-method.ts';
import type { Address } from '#proto/gen/envoy/config/core/v3/address.ts';
import type { Endpoint } from '#proto/gen/flow/flow.ts';
import type { AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';
import type { MeshKind } from '#proto/gen/parallax/v1/flow_details.ts';
import { unixMs } from '../store/unix-ms.ts';

export interface LogRow {
  /** The record's number. */
  readonly seq: number;
  /** When the request began, as the proxy has it; when it came, if it has none. Unix milliseconds. */
  readonly timeMs: number;
  readonly source: string;
  readonly service: string;
  /** The server's address, '' where the proxy asked none. */
  readonly upstream: string;
  readonly method: string;
  readonly path: string;
  /** 0 where no response began; -1 for a TCP connection. */
  readonly status: number;
  readonly flags: readonly string[];
  /** -1 where the proxy does not tell. */
  readonly durationUs: number;
  readonly route: string;
  readonly requestId: string;
  readonly mesh: MeshKind;
  readonly isIntermediate: boolean;
  readonly record: AccessLogRecord;
}

export function toLogRow(record: AccessLogRecord): LogRow {
  const { entry } = record;
  const common = entry?.value.commonProperties;
  const http = entry?.$case === 'http' ? entry.value : undefined;
  const client = common?.downstreamDirectRemoteAddress ?? common?.downstreamRemoteAddress;
  return {
    seq: Number(record.number),
    timeMs: unixMs(common?.startTime) || unixMs(record.received),
    source: endpointText(record.source) || addressText(client).replace(/:\d+$/, ''),
    service: record.service,
    upstream: addressText(common?.upstreamRemoteAddress),
    method: http === undefined ? 'TCP' : requestMethodName(http.request?.requestMethod ?? 0),
    path: http === undefined ? '' : http.request?.originalPath || http.request?.path || '',
    status: http === undefined ? -1 : (http.response?.responseCode ?? 0),
    flags: record.responseFlags,
    durationUs: record.durationUs === undefined ? -1 : Number(record.durationUs),
    route: common?.routeName ?? '',
    requestId: http?.request?.requestId ?? '',
    mesh: record.mesh,
    isIntermediate: record.intermediate,
    record,
  };
}

/** Pod or workload; '' for an end that nobody knows. */
export function endpointText(endpoint: Endpoint | undefined): string {
  if (endpoint === undefined) return '';
  const name = endpoint.podName || (endpoint.workloads[0]?.name ?? '');
  if (name !== '') return endpoint.namespace === '' ? name : `${endpoint.namespace}/${name}`;
  return endpoint.labels.find((label) => label.startsWith('reserved:'))?.slice(9) ?? '';
}

export function addressText(address: Address | undefined): string {
  const place = address?.address;
  switch (place?.$case) {
    case 'socketAddress': {
      const { address: ip, portSpecifier } = place.value;
      const port = portSpecifier?.$case === 'portValue' ? `:${portSpecifier.value}` : '';
      return ip.includes(':') && port !== '' ? `[${ip}]${port}` : `${ip}${port}`;
    }
    case 'pipe':
      return place.value.path;
    case 'envoyInternalAddress':
      return 'internal listener';
    case undefined:
      return '';
  }
}
