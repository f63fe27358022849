// The filter of access logs as text: `service:shop/web status:5xx flag:any slower:200ms refund`. Words without a key are
// searched for together. Pure: page, URL and API share it.

import { AccessLogFilter } from '#proto/gen/parallax/v1/access_log.ts';

const listFields = {
  service: 'service',
  route: 'route',
  method: 'method',
  path: 'path',
  status: 'status',
  flag: 'responseFlag',
  upstream: 'upstreamHost',
  id: 'requestId',
} as const;
type ListKey = keyof typeof listFields;

export const logFilterKeys = [...(Object.keys(listFields) as ListKey[]), 'slower', 'show'] as const;

export interface LogFilterText {
  readonly filter: AccessLogFilter;
  /** What could not be understood, in words; what could stands in the filter. */
  readonly errors: readonly string[];
}

const units: Readonly<Record<string, number>> = { us: 1, µs: 1, ms: 1_000, s: 1_000_000 };
/** Longest text read: far beyond what a person writes. */
const maxChars = 4096;

export function parseLogFilter(text: string): LogFilterText {
  const filter = AccessLogFilter.create();
  const errors: string[] = [];
  const free: string[] = [];
  if (text.length > maxChars) errors.push(`the filter has ${text.length} characters; at most ${maxChars} are read.`);
  for (const word of wordsOf(text.slice(0, maxChars))) {
    const colon = word.indexOf(':');
    const key = colon < 0 ? '' : word.slice(0, colon).toLowerCase();
    const value = unquoted(word.slice(colon + 1));
    if (isListKey(key)) {
      const trouble = key === 'status' ? statusTrouble(value) : value === '' ? `${key}: needs a value.` : '';
      if (trouble === '') filter[listFields[key]].push(value);
      else errors.push(trouble);
    } else if (key === 'slower') {
      const us = durationUs(value);
      if (us === undefined) errors.push(`slower:${value} is no duration; write slower:200ms or slower:1.5s.`);
      else filter.minDurationUs = us;
    } else if (key === 'show') {
      if (value === 'all') filter.intermediate = true;
      else errors.push(`show:${value} is not known; show:all adds entries about requests that still go on.`);
    } else free.push(unquoted(word));
  }
  filter.text = free.join(' ');
  return { filter, errors };
}

/** The text with one more term; the same text if it has it already. */
export function withLogTerm(text: string, key: (typeof logFilterKeys)[number], value: string): string {
  const term = `${key}:${/[\s"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value}`;
  const words = wordsOf(text);
  return words.includes(term) ? text : [...words, term].join(' ');
}

/** Words at spaces, but not within double quotes. */
function wordsOf(text: string): string[] {
  return text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

function unquoted(value: string): string {
  return value.replaceAll('"', '');
}

function isListKey(key: string): key is ListKey {
  return Object.hasOwn(listFields, key);
}

function statusTrouble(value: string): string {
  return /^(?:[1-5]xx|\d{3}|0)$/i.test(value)
    ? ''
    : `status:${value} is no status; write status:5xx, status:404, or status:0 for none.`;
}

function durationUs(value: string): bigint | undefined {
  const parts = /^(\d+(?:\.\d+)?)(us|µs|ms|s)$/.exec(value);
  return parts === null ? undefined : BigInt(Math.round(Number(parts[1]) * (units[parts[2] ?? ''] ?? 0)));
}
