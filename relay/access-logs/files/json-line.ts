// Lines of JSON: the keys of Istio, Envoy Gateway, and of the formats that docs/access-logs.md gives for nginx and haproxy.
// Keys are compared without case, leading colons and the kind of dash. Pure.

import { flagsOfTermination } from './haproxy-line.ts';
import { type LineFields, present } from './line-fields.ts';
import { flagList, lastOf, numberOf, textOf, timeOf } from './words-of-line.ts';

export type JsonFormat = 'istio-json' | 'nginx-json' | 'haproxy-json';
type Read = (...keys: string[]) => unknown;

/** Undefined where the line is no JSON object with a time, and a status, a method or a duration. */
export function parseJsonLine(line: string): { readonly fields: LineFields; readonly format: JsonFormat } | undefined {
  const read = readerOf(line);
  if (read === undefined) return undefined;
  const format = formatOf(read);
  const fields = present({
    ...timesOf(read, format),
    method: textOf(read('method', 'request_method')),
    path: textOf(read('x_envoy_origin_path', 'x_envoy_original_path', 'path', 'request_uri', 'uri')),
    protocol: textOf(read('protocol', 'server_protocol')),
    status: numberOf(read('response_code', 'status')),
    flags:
      format === 'haproxy-json'
        ? flagsOfTermination(textOf(read('termination_state')) ?? '')
        : flagList(read('response_flags')),
    responseCodeDetails: textOf(read('response_code_details')),
    terminationDetails: textOf(read('connection_termination_details', 'termination_state')),
    upstreamFailure: textOf(read('upstream_transport_failure_reason')),
    bytesReceived: numberOf(read('bytes_received', 'request_length')),
    bytesSent: numberOf(read('bytes_sent', 'body_bytes_sent')),
    forwardedFor: textOf(read('x_forwarded_for', 'http_x_forwarded_for')),
    userAgent: textOf(read('user_agent', 'http_user_agent')),
    requestId: textOf(read('request_id', 'x_request_id', 'http_x_request_id')),
    authority: textOf(read('authority', 'host', 'http_host')),
    // nginx lists each server that it tried: the last one answered.
    upstream: lastOf(read('upstream_host', 'upstream_addr')) ?? joined(read('server_ip'), read('backend_port')),
    upstreamLocal: textOf(read('upstream_local_address')),
    downstreamLocal: textOf(read('downstream_local_address')) ?? joined(read('server_addr'), read('server_port')),
    downstreamRemote: textOf(read('downstream_remote_address')) ?? joined(read('remote_addr'), read('remote_port')),
    upstreamCluster: textOf(read('upstream_cluster')),
    serverName: textOf(read('requested_server_name', 'ssl_server_name')),
    routeName: textOf(read('route_name')),
    traceparent: textOf(read('traceparent', 'http_traceparent')),
  });
  const { time, method, status, durationMs } = fields;
  if (time === undefined || (method ?? status ?? durationMs) === undefined) return undefined;
  return { fields, format };
}

function readerOf(line: string): Read | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const byKey = new Map(
    Object.entries(value).map(([key, one]) => [key.toLowerCase().replace(/^:/, '').replaceAll('-', '_'), one]),
  );
  return (...keys) => keys.map((key) => byKey.get(key)).find((one) => textOf(one) !== undefined);
}

function formatOf(read: Read): JsonFormat {
  if (read('termination_state', 'time_connect_ms') !== undefined) return 'haproxy-json';
  return read('request_time', 'upstream_response_time', 'time_iso8601') === undefined ? 'istio-json' : 'nginx-json';
}

function timesOf(read: Read, format: JsonFormat): Partial<LineFields> {
  if (format === 'nginx-json') return nginxTimes(read);
  const time = timeOf(read('start_time', 'time', 'timestamp', '@timestamp', 'msec'));
  const durationMs = numberOf(read('duration', 'duration_ms', 'time_total_ms'));
  const own = format === 'istio-json' ? envoyTimes(read) : haproxyTimes(read);
  return present({ time, durationMs, ...own });
}

function envoyTimes(read: Read): Partial<LineFields> {
  return present({ upstreamAnsweredMs: numberOf(read('upstream_service_time', 'x_envoy_upstream_service_time')) });
}

/**
 * nginx writes when it was done and, in seconds, how long parts took. When it turned to the server it does not tell: its
 * own time is put before that.
 */
function nginxTimes(read: Read): Partial<LineFields> {
  const ms = (key: string) => {
    const seconds = numberOf(read(key));
    return seconds === undefined ? undefined : seconds * 1000;
  };
  const end = timeOf(read('msec', 'time_iso8601'));
  const total = ms('request_time');
  const served = ms('upstream_response_time');
  const own = total === undefined || served === undefined ? undefined : Math.max(0, total - served);
  const after = (part: number | undefined) => (own === undefined || part === undefined ? undefined : own + part);
  return present({
    time: end === undefined ? undefined : earlier(end, total ?? 0),
    durationMs: total,
    sentUpstreamMs: after(ms('upstream_connect_time')),
    upstreamAnsweredMs: after(ms('upstream_header_time')),
  });
}

/** haproxy's timers follow each other. */
function haproxyTimes(read: Read): Partial<LineFields> {
  const names = ['time_request_ms', 'time_queue_ms', 'time_connect_ms', 'time_response_ms'];
  const [request, queue, connect, response] = names.map((key) => numberOf(read(key)));
  const sent = connect === undefined ? undefined : (request ?? 0) + (queue ?? 0) + connect;
  const answered = sent === undefined || response === undefined ? undefined : sent + response;
  return present({ requestReceivedMs: request, sentUpstreamMs: sent, upstreamAnsweredMs: answered });
}

function earlier(time: NonNullable<LineFields['time']>, ms: number): NonNullable<LineFields['time']> {
  const nanos = time.seconds * 1_000_000_000n + BigInt(time.nanos) - BigInt(Math.round(ms * 1e6));
  if (nanos < 0n) return time;
  return { seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) };
}

function joined(address: unknown, port: unknown): string | undefined {
  const host = textOf(address);
  const number = numberOf(port);
  if (host === undefined || number === undefined) return host;
  return host.includes(':') ? `[${host}]:${number}` : `${host}:${number}`;
}
