// The query of the API's endpoints, parsed at the door: filter text to FlowFilters, numbers within their bounds.

import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import type { WatchRequest } from '#proto/gen/parallax/v1/dashboard.ts';
import { wireFilter } from './filter-from-text.ts';

/** 15 minutes. */
const LONGEST_WINDOW_SECONDS = 900;
const MOST_HISTORY_ROWS = 10_000;
const MOST_ROWS_PER_SECOND = 2_000;

export interface Scope {
  readonly whitelist: FlowFilter[];
  readonly blacklist: FlowFilter[];
  readonly windowSeconds: number;
}

/** A query that cannot be understood: the caller's mistake, in words. */
export class BadQuery extends Error {}

/** @throws BadQuery */
export function scopeFrom(query: URLSearchParams): Scope {
  const { whitelist, blacklist, errors } = wireFilter(query.get('q') ?? '');
  if (errors.length > 0) throw new BadQuery(errors.join('\n'));
  return { whitelist, blacklist, windowSeconds: numberFrom(query, 'window', 60, LONGEST_WINDOW_SECONDS) };
}

/** @throws BadQuery */
export function watchRequestFrom(query: URLSearchParams): WatchRequest {
  return {
    ...scopeFrom(query),
    historyRows: numberFrom(query, 'history', 2_000, MOST_HISTORY_ROWS),
    maxRowsPerSecond: numberFrom(query, 'rate', 200, MOST_ROWS_PER_SECOND),
    flows: true,
    serviceMap: true,
    status: true,
  };
}

/** @throws BadQuery */
export function numberFrom(query: URLSearchParams, name: string, absent: number, most: number): number {
  const text = query.get(name);
  if (text === null) return absent;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new BadQuery(`${name}=${text} is not a whole number from 1 to ${most}.`);
  return value;
}
