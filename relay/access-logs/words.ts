// Words for the numbers of Envoy's enums, as people and Hubble write them.

import type { AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';

const httpVersions = ['HTTP', 'HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/3'];
/** envoy.config.core.v3.RequestMethod */
const methods = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

export function httpVersionName(version: number): string {
  return httpVersions[version] ?? 'HTTP';
}

/** '' where the method is none of the protocol's, or there is none. */
export function methodName(record: AccessLogRecord): string {
  return record.entry?.$case === 'http' ? (methods[record.entry.value.request?.requestMethod ?? 0] ?? '') : '';
}

/** 0 for a method that the protocol has no number for. */
export function methodNumber(name: string): number {
  return Math.max(0, methods.indexOf(name.toUpperCase()));
}

export function httpVersionNumber(name: string): number {
  return Math.max(
    0,
    httpVersions.indexOf(name.toUpperCase().replace('HTTP/2.0', 'HTTP/2').replace('HTTP/3.0', 'HTTP/3')),
  );
}
