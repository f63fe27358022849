import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeepPartial, Flow, LostEventSource, Verdict } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { flowCsvHead, flowCsvLine } from './flow-csv.ts';

const names = flowCsvHead.trimEnd().split(',');

function lineOf(flow: DeepPartial<Flow>): Record<string, string> {
  const value = Flow.fromPartial({ time: { seconds: 1_700_000_000n, nanos: 5_000_000 }, ...flow });
  const message = GetFlowsResponse.fromPartial({ responseTypes: { $case: 'flow', value } });
  return cells(flowCsvLine(GetFlowsResponse.encode(message).finish()));
}

function cells(line: string): Record<string, string> {
  const values = line.trimEnd().split(',');
  assert.equal(values.length, names.length, line);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

const tcp = (sourcePort: number, destinationPort: number) =>
  ({ l4: { protocol: { $case: 'TCP', value: { sourcePort, destinationPort } } } }) as const;

test('an answer names the opener as source, with its status and latency', () => {
  const http = { code: 503, method: 'GET', url: 'http://web/orders', protocol: 'HTTP/1.1', headers: [] };
  const line = lineOf({
    ...tcp(80, 40_000),
    isReply: true,
    verdict: Verdict.FORWARDED,
    source: { namespace: 'shop', podName: 'web-1' },
    destination: { namespace: 'shop', podName: 'client-1' },
    l7: { type: 2, latencyNs: 1_500_000n, record: { $case: 'http', value: http } },
  });
  assert.deepEqual(
    [line.time, line.kind, line.source_pod, line.destination_port, line.request, line.status, line.latency_us],
    ['2023-11-14T22:13:20.005Z', 'response', 'client-1', '80', '/orders', '503', '1500'],
  );
});

test('a pod whose name is a formula is text to a spreadsheet', () => {
  assert.equal(lineOf({ source: { podName: '=cmd()' } }).source_pod, "'=cmd()");
});

test('a loss is a line that says how many, a flow that cannot be read says so, and the state of nodes is no line', () => {
  const encode = (responseTypes: GetFlowsResponse['responseTypes']) =>
    GetFlowsResponse.encode(GetFlowsResponse.fromPartial({ responseTypes })).finish();
  const lost = { source: LostEventSource.HUBBLE_RING_BUFFER, numEventsLost: 42n };
  const loss = GetFlowsResponse.fromPartial({ responseTypes: { $case: 'lostEvents', value: lost } });
  const line = cells(flowCsvLine(encode(loss.responseTypes)));
  assert.deepEqual([line.kind, line.request], ['lost', '42 flows lost: HUBBLE_RING_BUFFER']);
  const broken = Flow.fromPartial({
    extensions: { typeUrl: 'type.googleapis.com/parallax.v1.FlowDetails', value: Uint8Array.of(0xff) },
  });
  assert.equal(cells(flowCsvLine(encode({ $case: 'flow', value: broken }))).kind, 'unreadable');
  const nodes = GetFlowsResponse.fromPartial({ responseTypes: { $case: 'nodeStatus', value: {} } });
  assert.equal(flowCsvLine(encode(nodes.responseTypes)), '');
});
