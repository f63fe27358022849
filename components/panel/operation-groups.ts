// Rows grouped into operations: one line for /products/1042 and /products/77.

import type { FlowRow } from '../store/flow-row.ts';

export interface Operation {
  readonly method: string;
  /** Path with its changing parts as "*"; command or query for other protocols. */
  readonly path: string;
  readonly count: number;
  readonly errors: number;
  readonly medianUs: number | undefined;
}

const MOST = 20;

/** Busiest first. Rows without a request are left out. */
export function operationsOf(rows: readonly FlowRow[]): Operation[] {
  const groups = Map.groupBy(
    rows.filter((row) => row.outcome !== 'none' && row.request !== ''),
    (row) => `${row.method}\n${operationPath(row)}`,
  );
  return [...groups]
    .map(([key, group]) => {
      const [method = '', path = ''] = key.split('\n');
      const errors = group.filter((row) => row.outcome === 'server').length;
      return { method, path, count: group.length, errors, medianUs: medianUs(group) };
    })
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST);
}

function operationPath(row: FlowRow): string {
  if (!row.request.startsWith('/')) return row.method === 'DNS' ? row.request : (row.request.split(/[ :]/)[0] ?? '');
  return (row.request.split('?')[0] ?? '').replace(/\/(?=[^/]*\d)[^/]{1,64}(?=\/|$)/g, (part) =>
    /^\/v\d+$/.test(part) ? part : '/*',
  );
}

function medianUs(rows: readonly FlowRow[]): number | undefined {
  const known = rows
    .map((row) => row.latencyUs)
    .filter((us) => us >= 0)
    .sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)];
}
