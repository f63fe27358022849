// The query of the API's endpoints, parsed at the door: filter text to FlowFilters, numbers within their bounds.

import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import { type GetSeriesRequest, MapScope, type WatchRequest } from '#proto/gen/parallax/v1/dashboard.ts';
import { wireFilter } from './filter-from-text.ts';

/** 15 minutes. */
const LONGEST_WINDOW_SECONDS = 900;
const MOST_HISTORY_ROWS = 10_000;
const MOST_ROWS_PER_SECOND = 2_000;

export interface Scope {
  readonly whitelist: FlowFilter[];
  readonly blacklist: FlowFilter[];
  readonly windowSeconds: number;
  readonly scope: MapScope;
}

/** What a vertex of the map stands for; clusters and namespaces are folded by the page. */
const mapScopes: Readonly<Record<string, MapScope>> = {
  workload: MapScope.MAP_SCOPE_WORKLOAD,
  pod: MapScope.MAP_SCOPE_POD,
  process: MapScope.MAP_SCOPE_PROCESS,
};

/** A query that cannot be understood: the caller's mistake, in words. */
export class BadQuery extends Error {}

/** @throws BadQuery */
export function scopeFrom(query: URLSearchParams): Scope {
  const { whitelist, blacklist, errors } = wireFilter(query.get('q') ?? '');
  if (errors.length > 0) throw new BadQuery(errors.join('\n'));
  const windowSeconds = numberFrom(query, 'window', 60, LONGEST_WINDOW_SECONDS);
  const word = query.get('scope') ?? 'workload';
  const scope = mapScopes[word];
  if (scope === undefined) throw new BadQuery(`scope=${word} is none of ${Object.keys(mapScopes).join(', ')}.`);
  return { whitelist, blacklist, windowSeconds, scope };
}

/** What a series is of: a vertex, or an edge by its ends. @throws BadQuery */
export function seriesRequestFrom(query: URLSearchParams): GetSeriesRequest {
  const [vertexId = '', sourceId = '', destinationId = ''] = ['vertex', 'from', 'to'].map(
    (name) => query.get(name) ?? '',
  );
  const isVertex = vertexId !== '' && sourceId === '' && destinationId === '';
  const isEdge = vertexId === '' && sourceId !== '' && destinationId !== '';
  if (!isVertex && !isEdge)
    throw new BadQuery('a series is of vertex=ID, or of from=ID and to=ID, as in /api/service-map.');
  return { ...scopeFrom(query), vertexId, sourceId, destinationId };
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
