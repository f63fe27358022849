// Records as CSV (RFC 4180), one line each; spreadsheets take a leading =, +, - or @ for a formula, so those get a quote.

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

export const csvHead = `${columns.map(([name]) => name).join(',')}\r\n`;

export function csvLine(row: LogRow): string {
  return `${columns.map(([, read]) => cell(read(row))).join(',')}\r\n`;
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
