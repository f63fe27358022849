// Words for the numbers of Envoy's enums, as people and Hubble write them.

import { requestMethodName } from '#flow/request-method.ts';
import type { AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';

const httpVersions = ['HTTP', 'HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/3'];

export function httpVersionName(version: number): string {
  return httpVersions[version] ?? 'HTTP';
}

/** '' where the method is none of the protocol's, or there is none. */
export function methodName(record: AccessLogRecord): string {
  return record.entry?.$case === 'http' ? requestMethodName(record.entry.value.request?.requestMethod ?? 0) : '';
}

export function httpVersionNumber(name: string): number {
  return Math.max(
    0,
    httpVersions.indexOf(name.toUpperCase().replace('HTTP/2.0', 'HTTP/2').replace('HTTP/3.0', 'HTTP/3')),
  );
}
