import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { type FlowBatch, ServiceMap, WatchResponse } from '#proto/gen/parallax/v1/dashboard.ts';
import { SessionState } from './session-state.ts';

const time = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });

function response(seconds: number, part: Partial<Flow> = {}): GetFlowsResponse {
  const flow = Flow.fromPartial({ time: time(seconds), uuid: `at-${seconds}`, verdict: 1, ...part });
  return GetFlowsResponse.fromPartial({ responseTypes: { $case: 'flow', value: flow } });
}

function flows(part: Partial<FlowBatch>): Uint8Array {
  const batch = { responses: [], matched: 0n, skipped: 0n, lost: 0n, history: false, ...part };
  return WatchResponse.encode({ time: time(100), message: { $case: 'flows', value: batch } }).finish();
}

function map(part: Partial<ServiceMap>): Uint8Array {
  const whole = ServiceMap.fromPartial({ windowSeconds: 60, coveredMs: 60_000, ...part });
  return WatchResponse.encode({ time: time(100), message: { $case: 'serviceMap', value: whole } }).finish();
}

test('matched, left out and lost flows are summed over batches', () => {
  const state = new SessionState();
  state.apply(flows({ matched: 10n, skipped: 8n, lost: 1n }), 0);
  state.apply(flows({ matched: 5n, skipped: 3n, lost: 2n }), 0);
  const { matched, skipped, lost } = state.counters(100_000);
  assert.deepEqual({ matched, skipped, lost }, { matched: 15, skipped: 11, lost: 3 });
});

test('the rate is that of matched flows, not of the rows sent', () => {
  const state = new SessionState();
  state.apply(flows({ matched: 5_000n, responses: [response(100)] }), 0);
  assert.equal(state.counters(101_000).flowsPerSecond, 1_000);
});

test('after a cut the time nobody remembers is named, once history starts behind the newest row', () => {
  const state = new SessionState();
  state.apply(flows({ responses: [response(50)] }), 0);
  state.markResumed();
  state.apply(flows({ responses: [response(80)], history: true }), 0);
  assert.deepEqual(state.counters(0).gap, { fromMs: 50_000, toMs: 80_000 });
});

test('a cut that history bridges leaves no gap and no row twice', () => {
  const state = new SessionState();
  state.apply(flows({ responses: [response(50)] }), 0);
  state.markResumed();
  state.apply(flows({ responses: [response(50), response(60)], history: true }), 0);
  assert.equal(state.counters(0).gap, undefined);
  assert.equal(state.rows.nextSeq, 2);
});

test('a change of figures leaves the topology revision, a new vertex raises it, a removed one too', () => {
  const state = new SessionState();
  state.apply(map({ whole: true, vertices: [{ id: 'a' }] as never[] }), 0);
  const first = state.map.topologyRevision;
  state.apply(map({ vertices: [{ id: 'a', pods: 3 }] as never[] }), 0);
  assert.equal(state.map.topologyRevision, first);
  assert.equal(state.map.vertices.get('a')?.pods, 3);
  state.apply(map({ vertices: [{ id: 'b' }] as never[] }), 0);
  state.apply(map({ removedVertices: ['a'] }), 0);
  assert.equal(state.map.topologyRevision, first + 2);
  assert.deepEqual([...state.map.vertices.keys()], ['b']);
});

test('a flow that cannot be read is counted as lost, and the others are kept', () => {
  const state = new SessionState();
  const message = flows({ responses: [response(50)] });
  state.apply(message, 0);
  // Field 1 (the flow) with a length beyond the message.
  const broken = new Uint8Array([0x0a, 0xff, 0x7f]);
  const batch = new Uint8Array([0x0a, broken.length, ...broken]);
  state.apply(new Uint8Array([0x12, batch.length, ...batch]), 0);
  assert.equal(state.counters(0).lost, 1);
  assert.equal(state.rows.nextSeq, 1);
});
