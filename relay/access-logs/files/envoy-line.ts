// Envoy's default text format, and Istio's, which is the same with more in it (Envoy's documentation,
// configuration/observability/access_log/usage; Istio's telemetry_logging.go). Pure.

import { type LineFields, present } from './line-fields.ts';
import { flagList, numberOf, textOf, timeOf } from './words-of-line.ts';

/** A quoted word with escapes, or one without spaces. */
const word = String.raw`(?:"((?:[^"\\]|\\.)*)"|(\S+))`;
const head = /^\[([^\]]+)\] "([^"]*)" (.*)$/s;
const words = new RegExp(word, 'g');

/** Undefined where the line has another shape. */
export function parseEnvoyLine(
  line: string,
): { readonly fields: LineFields; readonly format: 'envoy' | 'istio' } | undefined {
  const parts = head.exec(line);
  const time = timeOf(parts?.[1]);
  if (parts === null || time === undefined) return undefined;
  const rest = [...(parts[3] ?? '').matchAll(words)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const request = requestOf(parts[2] ?? '');
  if (rest.length === 11) return { format: 'envoy', fields: { time, ...request, ...envoyFields(rest) } };
  if (rest.length >= 20) return { format: 'istio', fields: { time, ...request, ...istioFields(rest) } };
  return undefined;
}

/** "GET /path HTTP/1.1"; three dashes for a TCP connection. */
function requestOf(text: string): LineFields {
  const first = text.indexOf(' ');
  const last = text.lastIndexOf(' ');
  return present({
    method: textOf(text.slice(0, Math.max(0, first))),
    path: textOf(text.slice(first + 1, Math.max(first + 1, last))),
    protocol: textOf(text.slice(last + 1)),
  });
}

function envoyFields(words: string[]): LineFields {
  const [code, flags, received, sent, duration, service, forwarded, agent, id, authority, upstream] = words;
  return present({
    ...outcome(code, flags, received, sent, duration, service),
    ...identity(forwarded, agent, id, authority),
    upstream: textOf(upstream),
  });
}

function istioFields(words: string[]): LineFields {
  const [code, flags, details, termination, failure, received, sent, duration, service] = words;
  const [forwarded, agent, id, authority] = words.slice(9);
  const [upstream, cluster, upstreamLocal, downstreamLocal, downstreamRemote, serverName, route] = words.slice(13);
  return present({
    ...outcome(code, flags, received, sent, duration, service),
    responseCodeDetails: textOf(details),
    terminationDetails: textOf(termination),
    upstreamFailure: textOf(failure),
    ...identity(forwarded, agent, id, authority),
    upstream: textOf(upstream),
    upstreamCluster: textOf(cluster),
    upstreamLocal: textOf(upstreamLocal),
    downstreamLocal: textOf(downstreamLocal),
    downstreamRemote: textOf(downstreamRemote),
    serverName: textOf(serverName),
    routeName: textOf(route),
  });
}

function outcome(...[code, flags, received, sent, duration, service]: (string | undefined)[]): LineFields {
  const durationMs = numberOf(duration);
  const serviceMs = numberOf(service);
  return present({
    status: numberOf(code),
    flags: flagList(flags),
    bytesReceived: numberOf(received),
    bytesSent: numberOf(sent),
    durationMs,
    // The service's time is what lay between sending on and the first answer; where in the whole it lay is not told.
    ...(serviceMs !== undefined && durationMs !== undefined && serviceMs <= durationMs
      ? { upstreamAnsweredMs: serviceMs }
      : {}),
  });
}

function identity(...[forwarded, agent, id, authority]: (string | undefined)[]): LineFields {
  return present({
    forwardedFor: textOf(forwarded),
    userAgent: textOf(agent),
    requestId: textOf(id),
    authority: textOf(authority),
  });
}
