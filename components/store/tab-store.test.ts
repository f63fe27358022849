import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowRow } from './flow-row.ts';
import type { Commit, TabMessage } from './messages.ts';
import { emptySnapshot, mergedRows, TabStore } from './tab-store.ts';

const end = { cluster: '', namespace: '', name: 'a', pod: '', ip: '', port: 0, process: '' };
const row = (seq: number, status = ''): FlowRow => ({
  seq,
  uuid: '',
  timeMs: seq,
  source: end,
  destination: end,
  method: '',
  request: '',
  status,
  outcome: 'none',
  verdict: 'forwarded',
  dropReason: '',
  deniedBy: '',
  why: '',
  latencyUs: -1,
  bytes: -1,
  node: '',
  loggedBy: '',
  isReply: false,
});
const commit = (part: Partial<Commit>): Commit => ({
  kind: 'commit',
  sessionId: 's1',
  revision: 1,
  firstSeq: 0,
  rows: [],
  counters: emptySnapshot.counters,
  connection: { state: 'live', relay: 'r' },
  ...part,
});

test('rows are added at the end, completed in place, and cut where the ring has forgotten', () => {
  const rows = mergedRows([row(4), row(5), row(6)], [row(5, '200'), row(7)], 5);
  assert.deepEqual(
    rows.map(({ seq, status }) => [seq, status]),
    [
      [5, '200'],
      [6, ''],
      [7, ''],
    ],
  );
});

test('rows keep their identity while nothing comes', () => {
  const rows = [row(1)];
  assert.equal(mergedRows(rows, [], 0), rows);
});

test('a tab that was away longer than the ring remembers starts from the rows it is given', () => {
  const rows = mergedRows([row(1), row(2)], [row(90), row(91)], 90);
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    [90, 91],
  );
});

test('a commit of another session replaces what was there', () => {
  const store = new TabStore(() => undefined);
  store.receive(commit({ rows: [row(0), row(1)] }));
  store.receive(commit({ sessionId: 's2', rows: [row(0, 'new')] }));
  assert.deepEqual(
    store.snapshot().rows.map(({ status }) => status),
    ['new'],
  );
});

test('a tab that comes back says what it holds; with another filter it holds nothing', () => {
  const sent: TabMessage[] = [];
  const store = new TabStore((message) => sent.push(message));
  store.watch('q=');
  store.receive(commit({ revision: 7 }));
  store.rest();
  store.watch('q=');
  store.watch('q=x');
  assert.deepEqual(sent, [
    { kind: 'watch', key: 'q=', held: undefined },
    { kind: 'rest' },
    { kind: 'watch', key: 'q=', held: { sessionId: 's1', revision: 7 } },
    { kind: 'watch', key: 'q=x', held: undefined },
  ]);
});
