// Access log records as lines, JSON or CSV.

import { csvHead, csvLine } from '#components/access-logs/csv.ts';
import { toLogRow } from '#components/access-logs/log-row.ts';
import { plainJson } from '#components/format/plain-json.ts';
import { AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';
import type { RelayLinesOptions } from './relay-lines.ts';

export function recordLines(format: 'json' | 'csv'): Pick<RelayLinesOptions, 'head' | 'lines'> {
  const line = format === 'csv' ? (record: AccessLogRecord) => csvLine(toLogRow(record)) : jsonLine;
  return { head: format === 'csv' ? csvHead : '', lines: (message) => line(AccessLogRecord.decode(message)) };
}

/** Protobuf's JSON form. */
function jsonLine(record: AccessLogRecord): string {
  return `${plainJson(AccessLogRecord.toJSON(record))}\n`;
}
