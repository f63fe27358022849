import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flow, TCPFlags } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails, FlowReason } from '#proto/gen/parallax/v1/flow_details.ts';
import { rowDraft } from './row-from-flow.ts';

function draftOf(flow: Partial<Flow>, details?: Partial<FlowDetails>) {
  const value = FlowDetails.encode(FlowDetails.fromPartial(details ?? {})).finish();
  const extensions = { typeUrl: 'type.googleapis.com/parallax.v1.FlowDetails', value };
  const whole = Flow.fromPartial({ verdict: 1, ...flow, ...(details ? { extensions } : {}) });
  const response = GetFlowsResponse.fromPartial({ responseTypes: { $case: 'flow', value: whole } });
  const draft = rowDraft(GetFlowsResponse.encode(response).finish());
  assert.ok(draft);
  return draft;
}

const tcp = (sourcePort: number, destinationPort: number) => ({
  l4: { protocol: { $case: 'TCP' as const, value: { sourcePort, destinationPort, flags: undefined } } },
});
const http = (code: number) => ({ code, method: 'GET', url: 'http://web/a?b=1', protocol: 'HTTP/1.1', headers: [] });
const l7 = (type: 1 | 2, code: number) => ({
  l7: { type, latencyNs: type === 2 ? 5_000_000n : 0n, record: { $case: 'http' as const, value: http(code) } },
});

test('request and response have one key, though their ends are swapped on the wire', () => {
  const ends = {
    source: '10.0.0.1',
    destination: '10.0.0.2',
    sourceXlated: '',
    ipVersion: 1 as const,
    encrypted: false,
  };
  const back = { ...ends, source: '10.0.0.2', destination: '10.0.0.1' };
  const request = draftOf({ IP: ends, ...tcp(40_000, 80), ...l7(1, 0), isReply: false }, { requestNumber: 3n });
  const response = draftOf({ IP: back, ...tcp(80, 40_000), ...l7(2, 500), isReply: true }, { requestNumber: 3n });
  assert.equal(request.exchangeKey, response.exchangeKey);
  assert.deepEqual([response.row.source.ip, response.row.destination.port], ['10.0.0.1', 80]);
  assert.deepEqual([response.row.status, response.row.outcome, response.row.latencyUs], ['500', 'server', 5_000]);
  assert.equal(response.row.request, '/a?b=1');
});

test('two requests of one connection have different keys', () => {
  const first = draftOf({ ...tcp(40_000, 80), ...l7(1, 0) }, { requestNumber: 1n });
  const second = draftOf({ ...tcp(40_000, 80), ...l7(1, 0) }, { requestNumber: 2n });
  assert.notEqual(first.exchangeKey, second.exchangeKey);
});

test("a proxy's word of a request is a row of its own, and names the proxy", () => {
  const request = { ...tcp(40_000, 80), ...l7(1, 0) };
  const seen = draftOf(request, { requestNumber: 1n });
  const logged = draftOf(
    { ...request, emitter: { name: 'gateway', version: '' } },
    { requestNumber: 1n, viewSource: 2 },
  );
  assert.deepEqual([seen.row.loggedBy, logged.row.loggedBy], ['', 'gateway']);
  assert.notEqual(seen.exchangeKey, logged.exchangeKey);
});

test("the kernel's drop reason goes before the one that is Cilium's nearest", () => {
  const dropped = { verdict: 2 as const, dropReasonDesc: 133 as const, ...tcp(1, 2) };
  const drop = { reason: 'NETFILTER_DROP', location: '', locationAddress: 0n, networkNamespace: 0, count: 1n };
  assert.equal(draftOf(dropped, { drop }).row.dropReason, 'NETFILTER_DROP');
  assert.equal(draftOf(dropped).row.dropReason, 'POLICY_DENIED');
});

test('a refused connect is an error, said in its own words', () => {
  const health = { smoothedRttUs: 0, minimumRttUs: 0, retransmits: 0, connectUs: 0, resets: 0 };
  const { row } = draftOf(tcp(1, 2), { tcp: { ...health, connectError: 'refused' } });
  assert.deepEqual([row.method, row.status, row.outcome], ['TCP', 'refused', 'server']);
});

test('an operation is said once, and a status nobody could read is not said', () => {
  const operation = { protocol: 'redis', name: 'GET', detail: 'GET ?', status: 'OK', error: false };
  const { row } = draftOf({ ...tcp(1, 6379), l7: { type: 2, latencyNs: 1n, record: undefined } }, { operation });
  assert.deepEqual([row.method, row.request, row.status, row.outcome], ['REDIS', 'GET ?', '', 'ok']);
  const grpc = { protocol: 'grpc', name: '/a.B/C', detail: '', status: 'unknown', error: false };
  const { row: unknown } = draftOf(
    { ...tcp(1, 2), l7: { type: 2, latencyNs: 1n, record: undefined } },
    { operation: grpc },
  );
  assert.deepEqual([unknown.method, unknown.request, unknown.status], ['gRPC', 'a.B/C', '']);
});

test('a gRPC answer names the call that its HTTP half carries, and a failed one its status', () => {
  const call = { code: 200, method: 'POST', url: '/shop.Cart/Add', protocol: 'HTTP/2', headers: [] };
  const answer = (status: string, error: boolean) =>
    draftOf(
      { l7: { type: 2, latencyNs: 1n, record: { $case: 'http', value: call } }, isReply: true },
      { operation: { protocol: 'grpc', name: '', detail: '', status, error } },
    ).row;
  const { method, request, status, outcome } = answer('OK', false);
  assert.deepEqual([method, request, status, outcome], ['gRPC', 'shop.Cart/Add', '', 'ok']);
  assert.deepEqual(
    [answer('UNAVAILABLE', true).status, answer('UNAVAILABLE', true).outcome],
    ['UNAVAILABLE', 'server'],
  );
});

test('a statement is not led by its verb twice', () => {
  const operation = { protocol: 'postgresql', name: 'SELECT', detail: 'select n from t', status: '', error: false };
  const { row } = draftOf({ l7: { type: 1, latencyNs: 0n, record: undefined } }, { operation });
  assert.equal(row.request, 'select n from t');
});

test('a request for a URL of half a million characters with a line break is read in linear time', () => {
  const url = `http://${'a'.repeat(500_000)}/b\nc`;
  const record = { $case: 'http' as const, value: { ...http(0), url } };
  assert.match(draftOf({ ...tcp(1, 80), l7: { type: 1, latencyNs: 0n, record } }).row.request, /\/b/);
});

test('the life of a connection reads as words, with the flags beside them', () => {
  const flagged = (flags: Partial<TCPFlags>, reason: FlowReason = FlowReason.FLOW_REASON_UNKNOWN) => {
    const value = { sourcePort: 1, destinationPort: 2, flags: TCPFlags.fromPartial(flags) };
    return draftOf({ l4: { protocol: { $case: 'TCP', value } } }, { reason }).row.request;
  };
  assert.equal(flagged({ SYN: true }, FlowReason.FLOW_REASON_OPENED), 'opened · SYN');
  assert.equal(flagged({ ACK: true }, FlowReason.FLOW_REASON_CLOSED), 'closed · ACK');
  assert.equal(flagged({ RST: true, ACK: true }, FlowReason.FLOW_REASON_CLOSED), 'reset · RST, ACK');
  assert.equal(flagged({ SYN: true }), 'opening · SYN');
  assert.equal(flagged({ SYN: true, ACK: true }), 'accepted · SYN, ACK');
  assert.equal(flagged({ FIN: true, ACK: true }, FlowReason.FLOW_REASON_TCP_FLAGS), 'closing · FIN, ACK');
  assert.equal(flagged({ PSH: true, ACK: true }), 'PSH, ACK');
});
