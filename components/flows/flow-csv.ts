// Flows as CSV, one line each: what the table's columns say, whole. The opener of a connection is the source in every line,
// as in the table; a request and its answer are a line each. Flows that were lost are a line that says how many, and one that
// cannot be read is a line too: what is not here is said here.

import { lostEventSourceToJSON } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { csvRecord } from '../format/csv.ts';
import type { FlowRow } from '../store/flow-row.ts';
import { type RowDraft, rowDraft } from '../store/row-from-flow.ts';

type Row = Omit<FlowRow, 'seq'>;
type Kind = 'request' | 'response' | 'connection' | 'drop';

const columns: readonly (readonly [string, (row: Row, kind: Kind) => string | number])[] = [
  ['time', ({ timeMs }) => timeText(timeMs)],
  ['kind', (_, kind) => kind],
  ['source_namespace', ({ source }) => source.namespace],
  ['source', ({ source }) => source.name],
  ['source_pod', ({ source }) => source.pod],
  ['source_ip', ({ source }) => source.ip],
  ['source_port', ({ source }) => source.port || ''],
  ['destination_namespace', ({ destination }) => destination.namespace],
  ['destination', ({ destination }) => destination.name],
  ['destination_pod', ({ destination }) => destination.pod],
  ['destination_ip', ({ destination }) => destination.ip],
  ['destination_port', ({ destination }) => destination.port || ''],
  ['method', ({ method }) => method],
  ['request', ({ request }) => request],
  ['status', ({ status }) => status],
  ['verdict', ({ verdict }) => verdict],
  ['drop_reason', ({ dropReason }) => dropReason],
  ['denied_by', ({ deniedBy }) => deniedBy],
  ['latency_us', ({ latencyUs }) => (latencyUs < 0 ? '' : latencyUs)],
  ['bytes', ({ bytes }) => (bytes < 0 ? '' : bytes)],
  ['node', ({ node }) => node],
  ['uuid', ({ uuid }) => uuid],
];

export const flowCsvHead = csvRecord(columns.map(([name]) => name));

/** @param message an encoded GetFlowsResponse. @returns '' for what is neither a flow nor a loss of flows */
export function flowCsvLine(message: Uint8Array): string {
  try {
    const draft = rowDraft(message);
    return draft === undefined ? lossLine(message) : flowLine(draft);
  } catch (error) {
    return saidLine({ kind: 'unreadable', request: error instanceof Error ? error.message : String(error) });
  }
}

function flowLine({ row, half }: RowDraft): string {
  const kind = row.verdict === 'dropped' ? 'drop' : half === 'whole' ? 'connection' : half;
  return csvRecord(columns.map(([, read]) => read(row, kind)));
}

function lossLine(message: Uint8Array): string {
  const { responseTypes, time } = GetFlowsResponse.decode(message);
  if (responseTypes?.$case !== 'lostEvents') return '';
  const { numEventsLost, source } = responseTypes.value;
  return saidLine({
    time: time === undefined ? '' : timeText(Number(time.seconds) * 1_000),
    kind: 'lost',
    request: `${numEventsLost} flows lost: ${lostEventSourceToJSON(source)}`,
  });
}

function saidLine(said: Readonly<Record<string, string>>): string {
  return csvRecord(columns.map(([name]) => said[name] ?? ''));
}

/** Outside the years that JavaScript can write: nothing. */
function timeText(timeMs: number): string {
  return timeMs > 0 && timeMs < 8.64e15 ? new Date(timeMs).toISOString() : '';
}
