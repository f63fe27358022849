import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowDraft } from './row-from-flow.ts';
import { RowRing } from './row-ring.ts';

const end = { cluster: '', namespace: 'shop', name: 'web', pod: '', ip: '10.0.0.1', port: 80, process: '' };
const bytes = new Uint8Array([1]);

function draft(part: Partial<RowDraft['row']>, key = '', half: RowDraft['half'] = 'whole'): RowDraft {
  const row = { uuid: '', timeMs: 0, source: end, destination: end, method: 'GET', request: '/', status: '' };
  const rest = {
    outcome: 'pending',
    verdict: 'forwarded',
    dropReason: '',
    deniedBy: '',
    why: '',
    latencyUs: -1,
    bytes: -1,
    node: 'n1',
  } as const;
  return { row: { ...row, ...rest, loggedBy: '', isReply: false, ...part }, exchangeKey: key, half };
}

test('a response completes the row of its request: status, latency, bytes both ways', () => {
  const ring = new RowRing(8);
  ring.add(draft({ timeMs: 100, bytes: 300 }, 'a', 'request'), bytes);
  ring.add(
    draft({ timeMs: 107, status: '503', outcome: 'server', latencyUs: 6_500, bytes: 20 }, 'a', 'response'),
    bytes,
  );
  assert.equal(ring.nextSeq, 1);
  const row = ring.row(0);
  assert.deepEqual(
    [row?.status, row?.outcome, row?.latencyUs, row?.bytes, row?.timeMs],
    ['503', 'server', 6_500, 320, 100],
  );
});

test('a response whose request was never seen is a row of its own', () => {
  const ring = new RowRing(8);
  ring.add(draft({ status: '200' }, 'a', 'response'), bytes);
  assert.equal(ring.row(0)?.status, '200');
});

test('a second response does not overwrite the first', () => {
  const ring = new RowRing(8);
  ring.add(draft({}, 'a', 'request'), bytes);
  ring.add(draft({ status: '200' }, 'a', 'response'), bytes);
  ring.add(draft({ status: '500' }, 'a', 'response'), bytes);
  assert.deepEqual([ring.row(0)?.status, ring.row(1)?.status], ['200', '500']);
});

test('the ring keeps its newest rows and forgets the bytes of those that left', () => {
  const ring = new RowRing(4);
  for (let each = 0; each < 10; each++) ring.add(draft({ timeMs: each }), bytes);
  assert.equal(ring.firstSeq, 6);
  assert.equal(ring.row(5), undefined);
  assert.equal(ring.bytesOf(5), undefined);
  assert.deepEqual(
    ring.changesSince(0).rows.map((row) => row.timeMs),
    [6, 7, 8, 9],
  );
});

test('a flow that came before is not taken twice, until it has left the ring', () => {
  const ring = new RowRing(2);
  assert.ok(ring.add(draft({ uuid: 'x' }), bytes));
  assert.equal(ring.add(draft({ uuid: 'x' }), bytes), undefined);
  ring.add(draft({ uuid: 'y' }), bytes);
  ring.add(draft({ uuid: 'z' }), bytes);
  assert.ok(ring.add(draft({ uuid: 'x' }), bytes));
});

test('changes since a revision are the new rows and the completed ones', () => {
  const ring = new RowRing(8);
  ring.add(draft({}, 'a', 'request'), bytes);
  ring.add(draft({}), bytes);
  const { revision } = ring.changesSince(0);
  ring.add(draft({ status: '204' }, 'a', 'response'), bytes);
  ring.add(draft({}), bytes);
  assert.deepEqual(
    ring.changesSince(revision).rows.map((row) => row.seq),
    [0, 2],
  );
});

test('a response whose request has left the ring is a row of its own', () => {
  const ring = new RowRing(2);
  ring.add(draft({}, 'a', 'request'), bytes);
  ring.add(draft({}), bytes);
  ring.add(draft({}), bytes);
  ring.add(draft({ status: '200' }, 'a', 'response'), bytes);
  assert.equal(ring.row(3)?.status, '200');
});
