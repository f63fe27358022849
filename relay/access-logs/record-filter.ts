// AccessLogFilter to a predicate over records. Every field that is set must hold; of a repeated one any value.

import { AccessLogFilter, type AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';
import { endText, entryEnds } from './entry-ends.ts';
import { commonOf } from './make-record.ts';
import { statusOf } from './record-flows.ts';
import { methodName } from './words.ts';

export type RecordFilter = (record: AccessLogRecord) => boolean;

/** Values of one field, and length of one value: more is a mistake or an attack. */
const maxValues = 100;
const maxValueChars = 1024;

/** @throws RangeError that says which value is not understood, and what is */
export function compileRecordFilter(filter: AccessLogFilter = AccessLogFilter.create()): RecordFilter {
  const tests: RecordFilter[] = [];
  if (!filter.intermediate) tests.push((record) => !record.intermediate);
  any(tests, 'service', filter.service, (value) => {
    const wanted = value.toLowerCase();
    return ({ service }) => service === wanted || service.endsWith(`/${wanted}`);
  });
  any(tests, 'route', filter.route, (value) => (record) => commonOf(record)?.routeName === value);
  any(tests, 'method', filter.method, (value) => (record) => methodName(record) === value.toUpperCase());
  any(tests, 'path', filter.path, (value) => (record) => pathOf(record).startsWith(value));
  any(tests, 'status', filter.status, statusTest);
  any(tests, 'response_flag', filter.responseFlag, (value) =>
    value === 'any'
      ? ({ responseFlags }) => responseFlags.length > 0
      : ({ responseFlags }) => responseFlags.includes(value.toUpperCase()),
  );
  if (filter.minDurationUs > 0n) {
    tests.push(({ durationUs }) => durationUs !== undefined && durationUs >= filter.minDurationUs);
  }
  any(tests, 'upstream_host', filter.upstreamHost, (value) => (record) => {
    const { server } = entryEnds(commonOf(record));
    return server !== undefined && (server.ip === value || endText(server) === value);
  });
  any(tests, 'request_id', filter.requestId, (value) => (record) => requestOf(record)?.requestId === value);
  if (filter.text !== '') {
    const wanted = checked('text', filter.text).toLowerCase();
    tests.push((record) => textsOf(record).some((text) => text.toLowerCase().includes(wanted)));
  }
  return (record) => tests.every((test) => test(record));
}

function any(
  tests: RecordFilter[],
  field: string,
  values: readonly string[],
  make: (value: string) => RecordFilter,
): void {
  if (values.length === 0) return;
  if (values.length > maxValues) throw new RangeError(`${field} has ${values.length} values; at most ${maxValues} go.`);
  const made = values.map((value) => make(checked(field, value)));
  tests.push((record) => made.some((test) => test(record)));
}

function checked(field: string, value: string): string {
  if (value.length > maxValueChars) {
    throw new RangeError(`a value of ${field} has ${value.length} characters; at most ${maxValueChars} go.`);
  }
  return value;
}

function statusTest(value: string): RecordFilter {
  if (/^[1-5]xx$/i.test(value)) return (record) => Math.floor(responseStatus(record) / 100) === Number(value[0]);
  if (/^(?:0|\d{3})$/.test(value)) return (record) => responseStatus(record) === Number(value);
  throw new RangeError(`status "${value}": give a class (5xx), a code (404), or 0 for no response.`);
}

/** 0 where no response began. */
export function responseStatus(record: AccessLogRecord): number {
  return record.entry?.$case === 'http' ? statusOf(record.entry.value.response?.responseCode) : 0;
}

/** Without the query. */
export function pathOf(record: AccessLogRecord): string {
  const request = requestOf(record);
  return (request?.originalPath || request?.path || '').replace(/[?#].*$/s, '');
}

function requestOf(record: AccessLogRecord) {
  return record.entry?.$case === 'http' ? record.entry.value.request : undefined;
}

function textsOf(record: AccessLogRecord): string[] {
  const request = requestOf(record);
  const common = commonOf(record);
  return [
    record.service,
    request?.path ?? '',
    request?.originalPath ?? '',
    request?.authority ?? '',
    request?.userAgent ?? '',
    request?.requestId ?? '',
    record.entry?.$case === 'http' ? (record.entry.value.response?.responseCodeDetails ?? '') : '',
    common?.routeName ?? '',
    common?.upstreamCluster ?? '',
    common?.connectionTerminationDetails ?? '',
    common?.upstreamTransportFailureReason ?? '',
    record.source?.podName ?? '',
    record.destination?.podName ?? '',
  ];
}
