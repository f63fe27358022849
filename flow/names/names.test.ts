import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeepPartial, Flow, TrafficDirection, Verdict } from '#proto/gen/flow/flow.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { packFlowDetails, readFlowDetails } from '../details.ts';
import { directionArrow, directionOfText, directionWord } from './direction.ts';
import { dropCodeText, dropReasonNames, dropReasonOfText, dropReasonText } from './drop-reason.ts';
import { endName, endOfFlow } from './endpoint.ts';
import { eventTypeOfText, eventTypeText, flowTypeText, tracePointNames } from './event-type.ts';
import { identityOfText, reservedIdentityWord } from './identity.ts';
import { flowSummary } from './summary.ts';
import { verdictLabel, verdictOfText, verdictWord, verdictWords } from './verdict.ts';

test('every verdict word is read back as its verdict, in any case', () => {
  for (const word of verdictWords) {
    const verdict = verdictOfText(word.toUpperCase());
    assert.ok(verdict !== undefined, word);
    assert.equal(verdictWord(verdict), word);
  }
  assert.equal(verdictOfText('lost'), undefined);
});

test('a policy verdict event is labelled with what policy decided', () => {
  const event = { eventType: { type: 5, subType: 0 } };
  assert.equal(verdictLabel({ ...event, verdict: Verdict.REDIRECTED }), 'ALLOWED');
  assert.equal(verdictLabel({ ...event, verdict: Verdict.DROPPED }), 'DENIED');
  assert.equal(verdictLabel({ eventType: undefined, verdict: Verdict.DROPPED }), 'DROPPED');
});

test('every drop reason is read back from its name and its number', () => {
  for (const name of dropReasonNames) {
    const reason = dropReasonOfText(name.toLowerCase());
    assert.ok(reason !== undefined, name);
    assert.equal(dropReasonOfText(String(reason)), reason);
  }
  assert.equal(dropCodeText(133), 'Policy denied');
  assert.equal(dropCodeText(143), 'Unknown ICMPv4 code');
  assert.equal(dropCodeText(3), '3');
});

test("the kernel's drop reason is named before Cilium's", () => {
  const drop = FlowDetails.fromPartial({ drop: { reason: 'NETFILTER_DROP' } });
  const flow = Flow.fromPartial({ dropReasonDesc: 133, extensions: packFlowDetails(drop) });
  assert.equal(dropReasonText(flow), 'Netfilter drop');
  assert.equal(dropReasonText(Flow.fromPartial({ dropReasonDesc: 133 })), 'Policy denied');
  assert.equal(dropReasonText(Flow.fromPartial({})), undefined);
});

test('details that are not ours, or not readable, are no details', () => {
  const details = FlowDetails.fromPartial({ joinedMidway: true });
  const any = packFlowDetails(details);
  assert.equal(readFlowDetails({ extensions: any })?.joinedMidway, true);
  assert.equal(
    readFlowDetails({ extensions: { ...any, typeUrl: 'example.com/parallax.v1.FlowDetails' } })?.joinedMidway,
    true,
  );
  assert.equal(readFlowDetails({ extensions: { ...any, typeUrl: 'type.googleapis.com/other.Thing' } }), undefined);
  assert.equal(readFlowDetails({ extensions: { ...any, value: Uint8Array.of(0xff) } }), undefined);
  assert.equal(readFlowDetails({ extensions: undefined }), undefined);
});

test('event types are read with sub-type names or numbers, and written back', () => {
  assert.deepEqual(eventTypeOfText('trace:to-stack'), { type: 4, matchSubType: true, subType: 3 });
  assert.deepEqual(eventTypeOfText('L7'), { type: 129, matchSubType: false, subType: 0 });
  assert.deepEqual(eventTypeOfText('drop:133'), { type: 1, matchSubType: true, subType: 133 });
  for (const bad of ['', 'tracing', 'trace:nowhere', 'trace:1:2', 'drop:999'])
    assert.equal(eventTypeOfText(bad), undefined);
  for (const text of ['capture', 'policy-verdict', 'drop:133', ...tracePointNames.map((name) => `trace:${name}`)]) {
    const filter = eventTypeOfText(text);
    assert.ok(filter !== undefined, text);
    assert.equal(eventTypeText(filter), text);
  }
});

test('a flow is typed by its layer 7 record before its event', () => {
  const dns = Flow.fromPartial({
    eventType: { type: 129 },
    l7: { type: 2, record: { $case: 'dns', value: { observationSource: 'proxy' } } },
  });
  assert.equal(flowTypeText(dns), 'dns-response proxy');
  assert.equal(flowTypeText(Flow.fromPartial({ eventType: { type: 4, subType: 3 } })), 'to-stack');
  assert.equal(flowTypeText(Flow.fromPartial({ eventType: { type: 1, subType: 133 } })), 'Policy denied');
  assert.equal(flowTypeText(Flow.fromPartial({})), 'UNKNOWN');
});

test('an identity is a reserved word or a 32-bit number', () => {
  assert.equal(identityOfText('reserved:world'), 2);
  assert.equal(identityOfText('kube-apiserver'), 7);
  assert.equal(identityOfText('4294967295'), 4294967295);
  for (const bad of ['4294967296', '-1', 'moon', '']) assert.equal(identityOfText(bad), undefined);
  assert.equal(reservedIdentityWord(256), undefined);
});

test('an end is named by workload, pod, service, DNS name, reserved word, address, in this order', () => {
  const parts = {
    workload: { source: { namespace: 'shop', podName: 'web-1', workloads: [{ name: 'web', kind: 'Deployment' }] } },
    pod: { source: { namespace: 'shop', podName: 'web-1' } },
    service: { sourceService: { namespace: 'shop', name: 'cart' } },
    dns: { sourceNames: ['api.example.com'], source: { identity: 2 } },
    reserved: { source: { identity: 2 }, IP: { source: '192.0.2.1' } },
    address: { IP: { source: '192.0.2.1' } },
  };
  const name = (flow: DeepPartial<Flow>) => endName(endOfFlow(Flow.fromPartial(flow), 'source'));
  assert.equal(name(parts.workload), 'shop/web');
  assert.equal(name(parts.pod), 'shop/web-1');
  assert.equal(name(parts.service), 'shop/cart');
  assert.equal(name(parts.dns), 'api.example.com');
  assert.equal(name(parts.reserved), 'world');
  assert.equal(name(parts.address), '192.0.2.1');
  assert.equal(name({}), 'unknown');
});

test('directions have words and arrows', () => {
  assert.equal(directionWord(TrafficDirection.EGRESS), 'egress');
  assert.equal(directionWord(TrafficDirection.TRAFFIC_DIRECTION_UNKNOWN), 'unknown');
  assert.equal(directionOfText('Ingress'), TrafficDirection.INGRESS);
  assert.equal(directionOfText('up'), undefined);
  assert.deepEqual(
    [undefined, true, false].map((isReply) => directionArrow({ isReply })),
    ['<>', '<-', '->'],
  );
});

test('a summary is made from the fields where a peer sends none', () => {
  const tcp = { l4: { protocol: { $case: 'TCP', value: { flags: { SYN: true, ACK: true } } } } } as const;
  assert.equal(flowSummary(Flow.fromPartial(tcp)), 'TCP Flags: SYN, ACK');
  assert.equal(flowSummary(Flow.fromPartial({ ...tcp, Summary: 'given' })), 'given');
  const dns = { query: 'nope.invalid.', qtypes: ['A'] };
  const query: DeepPartial<Flow> = { l7: { type: 1, record: { $case: 'dns', value: dns } } };
  assert.equal(flowSummary(Flow.fromPartial(query)), 'DNS Query nope.invalid. A');
  const http = { method: 'GET', url: '/cart', protocol: 'HTTP/1.1', code: 200 };
  const response = { l7: { type: 2, latencyNs: 3_600_000n, record: { $case: 'http', value: http } } } as const;
  assert.equal(flowSummary(Flow.fromPartial(response)), 'HTTP/1.1 200 4ms (GET /cart)');
});
