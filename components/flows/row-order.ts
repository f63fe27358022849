// The order in which the table shows its rows: newest first, or by a column. Sorting costs n log n, so it is for rows that
// are held.

import type { FlowRow, RowEndpoint } from '../store/flow-row.ts';
import type { Column, Sort } from '../url/table-look.ts';
import { verdictWord } from './verdict-words.ts';

/** How a column reads first: the highest figure, but the first word. */
function firstOrder(column: Column): Sort {
  return { column, descending: column === 'time' || column === 'latency' || column === 'size' };
}

/** From one press of a column's head to the next: its first order, the other way round, as they came. */
export function nextSort(sort: Sort | null, column: Column): Sort | null {
  const first = firstOrder(column);
  if (sort?.column !== column) return first;
  return sort.descending === first.descending ? { column, descending: !first.descending } : null;
}

/**
 * Top row first; equals stay newest first, and rows without the column's value come last in either direction.
 * @param rows oldest first
 */
export function sortedRows(rows: readonly FlowRow[], { column, descending }: Sort): readonly FlowRow[] {
  const keyed = rows.map((row) => ({ row, key: keyOf(column, row) })).reverse();
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined) return Number(a.key === undefined) - Number(b.key === undefined);
    if (a.key === b.key) return 0;
    return a.key < b.key ? -sign : sign;
  });
  return keyed.map(({ row }) => row);
}

/** Compared by code unit: names of a cluster are ASCII, and a collator would cost a hundred times as much. */
function keyOf(column: Column, row: FlowRow): string | number | undefined {
  switch (column) {
    case 'time':
      return row.timeMs;
    case 'source':
      return endpointKey(row.source);
    case 'destination':
      return endpointKey(row.destination);
    case 'request':
      return `${row.method} ${row.request}`.trim() || undefined;
    case 'verdict':
      return verdictWord(row);
    case 'latency':
      return row.latencyUs < 0 || row.verdict === 'dropped' ? undefined : row.latencyUs;
    case 'size':
      return row.bytes < 0 ? undefined : row.bytes;
    case 'node':
      return row.node || undefined;
    case 'pod':
      return `${row.source.pod} ${row.destination.pod}`.trim() || undefined;
  }
}

function endpointKey({ namespace, name, port }: RowEndpoint): string {
  return `${namespace}/${name}:${String(port).padStart(5, '0')}`;
}
