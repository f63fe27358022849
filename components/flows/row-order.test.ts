import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowRow } from '../store/flow-row.ts';
import { nextSort, sortedRows } from './row-order.ts';

const end = { cluster: '', namespace: 'shop', name: 'web', pod: '', ip: '', port: 0, process: '' };
const base = { source: end, destination: end, method: 'GET', request: '/', status: '', outcome: 'ok' as const };
const rest = { dropReason: '', deniedBy: '', why: '', bytes: -1, node: '', loggedBy: '', isReply: false, uuid: '' };
const row = (seq: number, latencyUs: number, verdict: FlowRow['verdict'] = 'forwarded'): FlowRow => ({
  ...base,
  ...rest,
  seq,
  timeMs: seq,
  latencyUs,
  verdict,
});
const numbers = (rows: readonly FlowRow[]) => rows.map(({ seq }) => seq);

test('rows without a value come last both ways, and equals stay newest first', () => {
  const rows = [row(1, 50), row(2, -1), row(3, 900), row(4, 50), row(5, 7, 'dropped')];
  assert.deepEqual(numbers(sortedRows(rows, { column: 'latency', descending: true })), [3, 4, 1, 5, 2]);
  assert.deepEqual(numbers(sortedRows(rows, { column: 'latency', descending: false })), [4, 1, 3, 5, 2]);
  assert.deepEqual(numbers(sortedRows(rows, { column: 'node', descending: true })), [5, 4, 3, 2, 1]);
  assert.deepEqual(numbers(rows), [1, 2, 3, 4, 5], 'the rows themselves are left alone');
});

test('a failed request is sorted by the word that is shown for it', () => {
  const failed: FlowRow = { ...row(2, 1), outcome: 'server' };
  assert.deepEqual(numbers(sortedRows([row(1, 1), failed], { column: 'verdict', descending: false })), [2, 1]);
});

test('a head that is pressed again turns the order round, and then gives it up', () => {
  const first = nextSort(null, 'latency');
  assert.deepEqual(first, { column: 'latency', descending: true });
  const second = nextSort(first, 'latency');
  assert.deepEqual(second, { column: 'latency', descending: false });
  assert.equal(nextSort(second, 'latency'), null);
  assert.deepEqual(nextSort(first, 'source'), { column: 'source', descending: false });
});
