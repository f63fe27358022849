// The query of the access log endpoints, parsed at the door.

import { parseLogFilter } from '#components/access-logs/log-filter-text.ts';
import type {
  AccessLogFilter,
  GetAccessLogsRequest,
  WatchAccessLogsRequest,
} from '#proto/gen/parallax/v1/access_log.ts';
import { BadQuery, numberFrom } from './watch-request.ts';

const longestWindowSeconds = 3600;
const mostRecords = 100_000;

/** @throws BadQuery */
export function watchAccessLogsRequestFrom(query: URLSearchParams): WatchAccessLogsRequest {
  return {
    filter: filterFrom(query),
    historyRows: numberFrom(query, 'history', 1_000, 10_000),
    maxRowsPerSecond: numberFrom(query, 'rate', 100, 2_000),
    windowSeconds: numberFrom(query, 'window', 300, longestWindowSeconds),
  };
}

/** @throws BadQuery */
export function getAccessLogsRequestFrom(query: URLSearchParams): GetAccessLogsRequest {
  return {
    filter: filterFrom(query),
    number: numberFrom(query, 'number', 1_000, mostRecords),
    since: undefined,
    until: undefined,
    follow: query.get('follow') === 'true',
  };
}

function filterFrom(query: URLSearchParams): AccessLogFilter {
  const { filter, errors } = parseLogFilter(query.get('q') ?? '');
  if (errors.length > 0) throw new BadQuery(errors.join('\n'));
  return filter;
}
