// Flows as the relay keeps them, for files: the query parsed at the door, and messages as lines of JSON or CSV.

import { flowCsvHead, flowCsvLine } from '#components/flows/flow-csv.ts';
import { formatResponseJson } from '#flow/text/json.ts';
import { parseTimestamp } from '#flow/timestamp.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { wireFilter } from './filter-from-text.ts';
import type { RelayLinesOptions } from './relay-lines.ts';
import { BadQuery } from './watch-request.ts';

export type ExportFormat = 'jsonl' | 'csv';

/** Everything that is kept between the two times. @throws BadQuery */
export function exportRequestFrom(query: URLSearchParams): GetFlowsRequest {
  const { whitelist, blacklist, errors } = wireFilter(query.get('q') ?? '');
  if (errors.length > 0) throw new BadQuery(errors.join('\n'));
  const [since, until] = [timeFrom(query, 'since'), timeFrom(query, 'until')];
  // 0 is every flow.
  return GetFlowsRequest.fromPartial({ number: 0n, since, until, whitelist, blacklist });
}

/** @throws BadQuery */
export function exportFormatFrom(query: URLSearchParams): ExportFormat {
  const format = query.get('format') ?? 'jsonl';
  if (format !== 'jsonl' && format !== 'csv') throw new BadQuery(`format=${format} is none of jsonl, csv.`);
  return format;
}

export function exportLines(format: ExportFormat): Pick<RelayLinesOptions, 'head' | 'lines'> {
  return format === 'csv' ? { head: flowCsvHead, lines: flowCsvLine } : { head: '', lines: jsonLine };
}

/** Flows and what says that some were lost; the state of nodes is the API's status. */
function jsonLine(message: Uint8Array): string {
  const response = GetFlowsResponse.decode(message);
  const kind = response.responseTypes?.$case;
  return kind === 'flow' || kind === 'lostEvents' ? `${formatResponseJson(response)}\n` : '';
}

function timeFrom(query: URLSearchParams, name: string): Timestamp | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const time = parseTimestamp(text);
  if (time === undefined) throw new BadQuery(`${name}=${text} is no time; write ${name}=2026-11-22T20:42:37Z.`);
  return time;
}
