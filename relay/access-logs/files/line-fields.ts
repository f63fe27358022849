// What a log line tells, whatever its form, and the same as an entry of Envoy's access log protocol, so that everything
// behind knows one form only. A value that cannot be read is left out, never guessed. Pure.

import { requestMethodNumber } from '#flow/request-method.ts';
import { responseFlagField } from '#flow/response-flags.ts';
import { Address } from '#proto/gen/envoy/config/core/v3/address.ts';
import { AccessLogCommon, HTTPAccessLogEntry, ResponseFlags } from '#proto/gen/envoy/data/accesslog/v3/accesslog.ts';
import type { Duration } from '#proto/gen/google/protobuf/duration.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import type { Entry } from '../make-record.ts';
import { httpVersionNumber } from '../words.ts';

/** Moments are milliseconds since the request began; addresses "ip:port". */
export interface LineFields {
  readonly time?: Timestamp;
  readonly method?: string;
  readonly path?: string;
  readonly protocol?: string;
  readonly status?: number;
  readonly flags?: readonly string[];
  readonly responseCodeDetails?: string;
  readonly terminationDetails?: string;
  readonly upstreamFailure?: string;
  readonly bytesReceived?: number;
  readonly bytesSent?: number;
  readonly durationMs?: number;
  readonly requestReceivedMs?: number;
  readonly sentUpstreamMs?: number;
  readonly upstreamAnsweredMs?: number;
  readonly forwardedFor?: string;
  readonly userAgent?: string;
  readonly requestId?: string;
  readonly authority?: string;
  readonly upstream?: string;
  readonly upstreamLocal?: string;
  readonly downstreamLocal?: string;
  readonly downstreamRemote?: string;
  readonly upstreamCluster?: string;
  readonly serverName?: string;
  readonly routeName?: string;
  readonly traceparent?: string;
}

/** A line without method and status is about a connection. */
export function entryOfFields(fields: LineFields): Entry {
  const { request, response, common } = {
    common: commonOf(fields),
    request: {
      requestMethod: requestMethodNumber(fields.method ?? '') as 0,
      authority: fields.authority ?? '',
      path: fields.path ?? '',
      userAgent: fields.userAgent ?? '',
      forwardedFor: fields.forwardedFor ?? '',
      requestId: fields.requestId ?? '',
      requestBodyBytes: bytesOf(fields.bytesReceived),
      requestHeaders: fields.traceparent === undefined ? {} : { traceparent: fields.traceparent },
    },
    response: {
      ...(fields.status === undefined ? {} : { responseCode: Math.min(999, Math.floor(fields.status)) }),
      responseCodeDetails: fields.responseCodeDetails ?? '',
      responseBodyBytes: bytesOf(fields.bytesSent),
    },
  };
  if (fields.method === undefined && !fields.status) {
    const [receivedBytes, sentBytes] = [bytesOf(fields.bytesReceived), bytesOf(fields.bytesSent)];
    return {
      $case: 'tcp',
      value: { commonProperties: common, connectionProperties: { receivedBytes, sentBytes } },
    };
  }
  const protocolVersion = httpVersionNumber(fields.protocol ?? '') as 0;
  return {
    $case: 'http',
    value: HTTPAccessLogEntry.fromPartial({ commonProperties: common, protocolVersion, request, response }),
  };
}

function commonOf(fields: LineFields): AccessLogCommon {
  return {
    ...AccessLogCommon.create(),
    startTime: fields.time,
    duration: durationOf(fields.durationMs),
    timeToLastRxByte: durationOf(fields.requestReceivedMs),
    timeToFirstUpstreamTxByte: durationOf(fields.sentUpstreamMs),
    timeToFirstUpstreamRxByte: durationOf(fields.upstreamAnsweredMs),
    downstreamDirectRemoteAddress: addressOf(fields.downstreamRemote),
    downstreamRemoteAddress: addressOf(fields.downstreamRemote),
    downstreamLocalAddress: addressOf(fields.downstreamLocal),
    upstreamLocalAddress: addressOf(fields.upstreamLocal),
    upstreamRemoteAddress: addressOf(fields.upstream),
    upstreamCluster: fields.upstreamCluster ?? '',
    routeName: fields.routeName ?? '',
    upstreamTransportFailureReason: fields.upstreamFailure ?? '',
    connectionTerminationDetails: fields.terminationDetails ?? '',
    responseFlags: flagsOf(fields.flags ?? []),
    tlsProperties: tlsOf(fields.serverName),
  };
}

function tlsOf(serverName: string | undefined): AccessLogCommon['tlsProperties'] {
  if (serverName === undefined) return undefined;
  return AccessLogCommon.fromPartial({ tlsProperties: { tlsSniHostname: serverName } }).tlsProperties;
}

function flagsOf(codes: readonly string[]): ResponseFlags | undefined {
  if (codes.length === 0) return undefined;
  const flags = ResponseFlags.create();
  for (const code of codes) {
    const field = responseFlagField(code);
    if (field === 'unauthorizedDetails') flags.unauthorizedDetails = { reason: 0 };
    else if (field !== undefined) flags[field] = true;
  }
  return flags;
}

/** "10.0.0.1:80", "[fd00::1]:80", older Envoys "tcp://10.0.0.1:80"; undefined for names, pipes and what is no address. */
function addressOf(text: string | undefined): Address | undefined {
  const match = /^(?:tcp:\/\/)?(?:\[([\da-fA-F:.]{2,45})\]|(\d{1,3}(?:\.\d{1,3}){3})):(\d{1,5})$/.exec(text ?? '');
  const address = match?.[1] ?? match?.[2];
  if (address === undefined) return undefined;
  return Address.fromPartial({
    address: {
      $case: 'socketAddress',
      value: { address, portSpecifier: { $case: 'portValue', value: Number(match?.[3]) } },
    },
  });
}

function durationOf(ms: number | undefined): Duration | undefined {
  if (ms === undefined || !(ms >= 0 && ms < 1e12)) return undefined;
  const us = Math.round(ms * 1000);
  return { seconds: BigInt(Math.floor(us / 1e6)), nanos: (us % 1e6) * 1000 };
}

function bytesOf(count: number | undefined): bigint {
  return count === undefined || count > Number.MAX_SAFE_INTEGER ? 0n : BigInt(Math.floor(count));
}

/** Without the fields that are undefined. */
export function present(fields: { readonly [Name in keyof LineFields]: LineFields[Name] | undefined }): LineFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
