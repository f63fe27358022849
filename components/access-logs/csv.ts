// Access log records as CSV, one line each.

import { csvRecord } from '../format/csv.ts';
import { meshWords } from '../format/mesh-words.ts';
import type { LogRow } from './log-row.ts';

const columns: readonly (readonly [string, (row: LogRow) => string | number])[] = [
  ['time', ({ timeMs }) => (timeMs > 0 && timeMs < 8.64e15 ? new Date(timeMs).toISOString() : '')],
  ['source', ({ source }) => source],
  ['service', ({ service }) => service],
  ['upstream', ({ upstream }) => upstream],
  ['method', ({ method }) => method],
  ['path', ({ path }) => path],
  ['status', ({ status }) => (status < 0 ? '' : status)],
  ['flags', ({ flags }) => flags.join(' ')],
  ['duration_us', ({ durationUs }) => (durationUs < 0 ? '' : durationUs)],
  ['route', ({ route }) => route],
  ['request_id', ({ requestId }) => requestId],
  ['mesh', ({ mesh }) => meshWords[mesh] ?? ''],
];

export const csvHead = csvRecord(columns.map(([name]) => name));

export function csvLine(row: LogRow): string {
  return csvRecord(columns.map(([, read]) => read(row)));
}
