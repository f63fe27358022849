// Envoy's response flags: the code in a log line, the field in the access log protocol, and what each means for the person
// who reads it. Codes and meanings after Envoy's documentation (configuration/observability/access_log/usage, command
// operator RESPONSE_FLAGS) and source/common/stream_info/utility.h; the causes and the mends are ours. Pure, browser-safe.

import type { ResponseFlags } from '#proto/gen/envoy/data/accesslog/v3/accesslog.ts';

export interface ResponseFlag {
  readonly code: string;
  /** Undefined for flags that the protocol has no field for: they only come in text. */
  readonly field?: Exclude<keyof ResponseFlags, '_unknownFields'>;
  readonly meaning: string;
  readonly causes: string;
  readonly lookAt: string;
  /** Whose doing it mostly is. */
  readonly side: 'client' | 'proxy' | 'server';
}

export const responseFlags: readonly ResponseFlag[] = [
  flag(
    'LH',
    'failedLocalHealthcheck',
    'server',
    'The local service failed the proxy’s health check.',
    'The service is starting, stopping or overloaded, or the check asks for a path that it does not serve.',
    'the service’s own log and the health check’s path',
  ),
  flag(
    'UH',
    'noHealthyUpstream',
    'server',
    'No healthy server was left to send the request to.',
    'All pods of the service are gone, not ready, or ejected as outliers.',
    'the service’s endpoints and their readiness',
  ),
  flag(
    'UT',
    'upstreamRequestTimeout',
    'server',
    'The server did not answer within the route’s timeout.',
    'The server is slow, or the timeout (15 s where none is set) is shorter than the work.',
    'the server’s latency and the route’s timeout',
  ),
  flag(
    'LR',
    'localReset',
    'proxy',
    'The proxy itself reset the connection.',
    'A limit or filter of the proxy ended it, or it was draining.',
    'the response code’s details and the proxy’s log',
  ),
  flag(
    'UR',
    'upstreamRemoteReset',
    'server',
    'The server reset the stream.',
    'The server crashed, refused the stream, or closed an idle connection as it was used.',
    'restarts of the server, and its keep-alive time against the proxy’s',
  ),
  flag(
    'UF',
    'upstreamConnectionFailure',
    'server',
    'The proxy could not connect to the server.',
    'Nothing listens there, a policy or firewall drops it, or TLS was expected on one side only.',
    'drops and refused connections between proxy and server, and the TLS settings of both',
  ),
  flag(
    'UC',
    'upstreamConnectionTermination',
    'server',
    'The server closed the connection before it had answered.',
    'The server crashed, or closed an idle connection just as the request came.',
    'restarts of the server, and its keep-alive time against the proxy’s',
  ),
  flag(
    'UO',
    'upstreamOverflow',
    'server',
    'Too many requests or connections were waiting: the circuit breaker refused this one.',
    'The server is slower than the requests come, or the breaker’s limits are at their low defaults.',
    'the cluster’s circuit breakers and the server’s latency',
  ),
  flag(
    'NR',
    'noRouteFound',
    'proxy',
    'No route matches the request.',
    'The host or path is not in the configuration, or SNI and host differ.',
    'the routes for this host and path',
  ),
  flag(
    'DI',
    'delayInjected',
    'proxy',
    'A delay was injected on purpose.',
    'A fault filter is configured.',
    'the fault injection’s configuration',
  ),
  flag(
    'FI',
    'faultInjected',
    'proxy',
    'An error was injected on purpose.',
    'A fault filter is configured.',
    'the fault injection’s configuration',
  ),
  flag(
    'RL',
    'rateLimited',
    'client',
    'The request was refused by a rate limit.',
    'The client sends more than the limit allows.',
    'the limit, and who sends so much',
  ),
  flag(
    'UAEX',
    'unauthorizedDetails',
    'client',
    'An external authoriser refused the request.',
    'Missing or expired credentials, or the authoriser failed closed.',
    'the authoriser’s log',
  ),
  flag(
    'RLSE',
    'rateLimitServiceError',
    'proxy',
    'The rate limit service could not be asked.',
    'It is down or too slow.',
    'the rate limit service',
  ),
  flag(
    'DC',
    'downstreamConnectionTermination',
    'client',
    'The client closed the connection before the answer was through.',
    'The client gave up waiting, or was stopped.',
    'the client’s timeout against the duration',
  ),
  flag(
    'URX',
    'upstreamRetryLimitExceeded',
    'server',
    'All retries were used up (for TCP: all attempts to connect).',
    'The server failed each time.',
    'the first failure’s flags, and the retry policy',
  ),
  flag(
    'SI',
    'streamIdleTimeout',
    'client',
    'Nothing moved on the stream for longer than its idle timeout.',
    'A side stalled, or a long poll is longer than the timeout (5 min where none is set).',
    'the stream idle timeout',
  ),
  flag(
    'IH',
    'invalidEnvoyRequestHeaders',
    'client',
    'A header that steers Envoy had an invalid value.',
    'The client sets an x-envoy-* header wrongly.',
    'the request’s x-envoy-* headers',
  ),
  flag(
    'DPE',
    'downstreamProtocolError',
    'client',
    'The client did not speak HTTP properly.',
    'Another protocol on this port, or a faulty client.',
    'what the client speaks',
  ),
  flag(
    'UMSDR',
    'upstreamMaxStreamDurationReached',
    'server',
    'The request lasted longer than a stream may.',
    'The longest stream duration is shorter than the work.',
    'max_stream_duration of the route',
  ),
  flag(
    'RFCF',
    'responseFromCacheFilter',
    'proxy',
    'The answer came from the proxy’s cache.',
    'A cache filter is configured.',
    'nothing, if a cache is wanted',
  ),
  flag(
    'NFCF',
    'noFilterConfigFound',
    'proxy',
    'A filter’s configuration had not come yet.',
    'The control plane is slow or does not know the filter.',
    'the control plane',
  ),
  flag(
    'DT',
    'durationTimeout',
    'server',
    'The connection lasted longer than it may.',
    'max_connection_duration is set and was reached.',
    'max_connection_duration',
  ),
  flag(
    'UPE',
    'upstreamProtocolError',
    'server',
    'The server did not speak HTTP properly.',
    'HTTP/1 and HTTP/2 are mixed up, or TLS on one side only.',
    'the protocol configured for the server’s port',
  ),
  flag(
    'NC',
    'noClusterFound',
    'proxy',
    'The route leads to a cluster that does not exist.',
    'The service was deleted, or its configuration has not come yet.',
    'the route’s destination',
  ),
  flag(
    'OM',
    'overloadManager',
    'proxy',
    'The proxy is overloaded and refused the request.',
    'Its memory or connections are at their limit.',
    'the proxy’s resources',
  ),
  flag(
    'DF',
    'dnsResolutionFailure',
    'server',
    'The server’s name could not be resolved.',
    'A wrong name, or DNS is not reachable from the proxy.',
    'DNS flows of the proxy',
  ),
  flag(
    'DR',
    'downstreamRemoteReset',
    'client',
    'The client reset the stream.',
    'The client cancelled the request.',
    'the client’s timeout against the duration',
  ),
  flag(
    'DO',
    undefined,
    'proxy',
    'The request was dropped by drop_overload of the endpoints’ configuration.',
    'The control plane asks for part of the traffic to be dropped.',
    'drop_overloads of the cluster',
  ),
  flag(
    'UDO',
    undefined,
    'proxy',
    'All requests are dropped by drop_overload of the endpoints’ configuration.',
    'The control plane asks for all traffic to be dropped.',
    'drop_overloads of the cluster',
  ),
];

const byCode = new Map(responseFlags.map((one) => [one.code, one]));
const withField = responseFlags.filter((one) => one.field !== undefined);

/** Undefined for a code that Envoy's documentation does not have: an extension may register any. */
export function explainResponseFlag(code: string): ResponseFlag | undefined {
  return byCode.get(code);
}

/** Codes of the flags set, in the order of the protocol's fields. */
export function responseFlagCodes(flags: ResponseFlags | undefined): string[] {
  if (flags === undefined) return [];
  return withField.filter(({ field }) => field !== undefined && Boolean(flags[field])).map(({ code }) => code);
}

/** The protocol's field of a code; undefined where it has none. */
export function responseFlagField(code: string): ResponseFlag['field'] {
  return byCode.get(code)?.field;
}

function flag(
  code: string,
  field: ResponseFlag['field'],
  side: ResponseFlag['side'],
  meaning: string,
  causes: string,
  lookAt: string,
): ResponseFlag {
  return { code, side, meaning, causes, lookAt, ...(field === undefined ? {} : { field }) };
}
