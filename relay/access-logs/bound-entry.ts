// Long text in an entry is cut, times that are none are left out, and the field is named: a request may carry a megabyte of
// headers, and a record is kept for long and shown to people. Changes the entry, which its decoder has made for us alone.

import type { AccessLogCommon, HTTPAccessLogEntry } from '#proto/gen/envoy/data/accesslog/v3/accesslog.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';

/** Longest text of one field, in UTF-16 units: paths and user agents of good faith are far below. */
export const maxFieldChars = 4096;
/** Names in one map of headers, tags or trailers; the rest is left out. */
export const maxMapFields = 128;

/** @returns names of the fields that were cut, in the words of the protocol */
export function boundHttpEntry(entry: HTTPAccessLogEntry): string[] {
  const cut: string[] = [];
  boundCommon(entry.commonProperties, cut);
  const { request, response } = entry;
  if (request !== undefined) {
    for (const name of [
      'scheme',
      'authority',
      'path',
      'userAgent',
      'referer',
      'forwardedFor',
      'requestId',
      'originalPath',
    ] as const) {
      request[name] = bounded(request[name], name, cut);
    }
    boundMap(request.requestHeaders, 'requestHeaders', cut);
  }
  if (response !== undefined) {
    response.responseCodeDetails = bounded(response.responseCodeDetails, 'responseCodeDetails', cut);
    boundMap(response.responseHeaders, 'responseHeaders', cut);
    boundMap(response.responseTrailers, 'responseTrailers', cut);
  }
  return cut;
}

export function boundCommon(common: AccessLogCommon | undefined, cut: string[]): void {
  if (common === undefined) return;
  if (common.startTime !== undefined && !isTime(common.startTime)) {
    common.startTime = undefined;
    cut.push('startTime');
  }
  for (const name of [
    'upstreamCluster',
    'upstreamTransportFailureReason',
    'routeName',
    'connectionTerminationDetails',
    'streamId',
    'downstreamTransportFailureReason',
  ] as const) {
    common[name] = bounded(common[name], name, cut);
  }
  boundMap(common.customTags, 'customTags', cut);
}

/** The range of protobuf's Timestamp, from 1970 on: what lies outside cannot be written into a flow. */
function isTime({ seconds, nanos }: Timestamp): boolean {
  return seconds >= 0n && seconds < 253_402_300_800n && nanos >= 0 && nanos < 1_000_000_000;
}

function bounded(text: string, name: string, cut: string[]): string {
  if (text.length <= maxFieldChars) return text;
  cut.push(name);
  return text.slice(0, maxFieldChars);
}

function boundMap(map: { [name: string]: string }, field: string, cut: string[]): void {
  let count = 0;
  for (const name of Object.keys(map)) {
    count += 1;
    if (count > maxMapFields) {
      if (count === maxMapFields + 1) cut.push(field);
      delete map[name];
      continue;
    }
    map[name] = bounded(map[name] ?? '', `${field}.${name.slice(0, 64)}`, cut);
  }
}
