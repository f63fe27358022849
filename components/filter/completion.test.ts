import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMap } from '../store/empty-map.ts';
import type { FlowRow } from '../store/flow-row.ts';
import { draftFault, offers } from './completion.ts';

const end = { cluster: '', namespace: 'shop', name: 'web', pod: 'web-1', ip: '10.0.0.1', port: 80, process: 'nginx' };
const row: FlowRow = {
  seq: 1,
  uuid: '',
  timeMs: 1,
  source: { ...end, namespace: 'bank', pod: 'till-1', ip: '10.0.0.2' },
  destination: end,
  method: 'GET',
  request: '/orders/5520',
  status: '503',
  outcome: 'server',
  verdict: 'forwarded',
  dropReason: '',
  deniedBy: '',
  why: '',
  latencyUs: 1,
  bytes: 1,
  node: 'node-1',
  isReply: false,
  loggedBy: '',
};
const lookup: FlowRow = { ...row, method: 'DNS', request: 'A web.shop.svc', status: '' };
const long: FlowRow = { ...row, destination: { ...end, pod: 'x'.repeat(10_000) } };
const known = { map: emptyMap, rows: [row, lookup, long] };
const texts = (draft: string) => offers(draft, known).map(({ text }) => text);

test('values come from the flows that are there', () => {
  assert.deepEqual(texts('pod:'), ['pod:bank/till-1', 'pod:shop/web-1']);
  assert.deepEqual(texts('to:process:'), ['to:process:nginx']);
  assert.deepEqual(texts('from:namespace:b'), ['from:namespace:bank']);
  assert.deepEqual(texts('http.path:/o'), ['http.path:/orders/5520']);
  assert.deepEqual(texts('http.status:5'), ['http.status:503']);
  assert.deepEqual(texts('dns:'), ['dns:web.shop.svc']);
  assert.deepEqual(texts('-node:'), ['-node:node-1']);
  assert.ok(texts('cel:').every((text) => text.startsWith('cel:"_flow.')));
});

test('a hundred thousand characters are offered nothing, and told so', () => {
  assert.deepEqual(texts('pod:'.repeat(25_000)), []);
  assert.match(draftFault('a'.repeat(100_000)), /at most 16384/);
});
