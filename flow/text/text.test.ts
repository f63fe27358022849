import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeepPartial, Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { packFlowDetails, readFlowDetails } from '../details.ts';
import { flowRegistry } from '../filter/cel/flow-schema.ts';
import { formatCompact } from './compact.ts';
import { formatResponseJson, parseResponseJson, protoNameOf } from './json.ts';
import { createPrinter } from './printer.ts';
import { timeText } from './style.ts';

const time = { seconds: 1_795_380_156n, nanos: 929_000_000 };

const forwarded: DeepPartial<Flow> = {
  time,
  verdict: 1,
  IP: { source: '10.0.1.5', destination: '192.0.2.7', ipVersion: 1 },
  l4: { protocol: { $case: 'TCP', value: { sourcePort: 47979, destinationPort: 80, flags: { ACK: true } } } },
  source: { identity: 20017, namespace: 'default', podName: 'cart-6d4b01-03dde' },
  destination: { identity: 2 },
  destinationNames: ['api.github.com'],
  nodeName: 'node-1',
  eventType: { type: 4, subType: 3 },
  isReply: false,
};

const dnsReply: DeepPartial<Flow> = {
  time,
  verdict: 1,
  IP: { source: '10.0.1.5', destination: '10.0.2.7', ipVersion: 1 },
  l4: { protocol: { $case: 'UDP', value: { sourcePort: 48442, destinationPort: 53 } } },
  l7: { type: 2, record: { $case: 'dns', value: { query: 'nope.invalid.', observationSource: 'proxy' } } },
  source: { identity: 20153, namespace: 'data', podName: 'postgres-6d4b08-1fa89a' },
  destination: { identity: 20085, namespace: 'kube-system', podName: 'coredns-6d4b05-1fc789' },
  eventType: { type: 129 },
  isReply: true,
  Summary: 'DNS Query nope.invalid. A',
};

const response = (flow: DeepPartial<Flow>): GetFlowsResponse => ({
  responseTypes: { $case: 'flow', value: Flow.fromPartial(flow) },
  nodeName: flow.nodeName ?? '',
  time,
});

test('policies are named behind the verdict when they are asked for, those of the direction that was judged', () => {
  const by = (name: string) => [{ name, kind: 'CiliumNetworkPolicy' }, { name: 'nameless-kind' }];
  const names = { ingressAllowedBy: by('in'), egressAllowedBy: by('out'), egressDeniedBy: by('no') };
  const line = (flow: DeepPartial<Flow>) => formatCompact(Flow.fromPartial(flow), { policyNames: true });
  assert.match(line({ ...forwarded, ...names, trafficDirection: 1 }), / FORWARDED BY in \(CiliumNetworkPolicy\) \(TCP/);
  assert.match(
    line({ ...forwarded, ...names, trafficDirection: 2 }),
    / FORWARDED BY out \(CiliumNetworkPolicy\) \(TCP/,
  );
  assert.match(line({ ...forwarded, ...names, verdict: 2, trafficDirection: 2 }), / DROPPED BY no \(Cil/);
  assert.match(line({ ...forwarded, verdict: 2 }), / DROPPED \(/);
  assert.match(formatCompact(Flow.fromPartial({ ...forwarded, ...names, trafficDirection: 1 })), / FORWARDED \(/);
});

test('a compact line has the shape of the hubble CLI', () => {
  assert.equal(
    formatCompact(Flow.fromPartial(forwarded)),
    'Nov 22 20:42:36.929: default/cart-6d4b01-03dde:47979 (ID:20017) -> api.github.com:80 (world) to-stack FORWARDED (TCP Flags: ACK)',
  );
  assert.equal(
    formatCompact(Flow.fromPartial(dnsReply)),
    'Nov 22 20:42:36.929: kube-system/coredns-6d4b05-1fc789:53 (ID:20085) <- data/postgres-6d4b08-1fa89a:48442 (ID:20153) dns-response proxy FORWARDED (DNS Query nope.invalid. A)',
  );
  const dropped = { ...forwarded, verdict: 2 as const, eventType: { type: 1, subType: 133 }, isReply: undefined };
  assert.match(
    formatCompact(Flow.fromPartial(dropped), { nodeName: true, ipTranslation: false }),
    /\.929 \[node-1\]: 10\.0\.1\.5:47979 \(ID:20017\) <> 192\.0\.2\.7:80 \(world\) Policy denied DROPPED/,
  );
});

test('names from the wire can not steer a terminal', () => {
  const line = formatCompact(Flow.fromPartial({ ...forwarded, destinationNames: ['evil\u001b[2J\nnext'] }));
  assert.ok(line.includes('evil\\u001b[2J\\u000anext:80'));
});

test('blocks, tables and JSON lines follow one another as in the hubble CLI', () => {
  const dict = createPrinter({ format: 'dict' });
  assert.equal(
    dict(response(forwarded)).output,
    [
      '  TIMESTAMP: Nov 22 20:42:36.929',
      '     SOURCE: default/cart-6d4b01-03dde:47979',
      'DESTINATION: api.github.com:80',
      '       TYPE: to-stack',
      '    VERDICT: FORWARDED',
      '    SUMMARY: TCP Flags: ACK',
      '',
    ].join('\n'),
  );
  assert.ok(dict(response(forwarded)).output.startsWith('------------\n  TIMESTAMP: '));

  const table = createPrinter({ format: 'table' });
  const [header = '', line = ''] = table(response(forwarded)).output.split('\n');
  assert.deepEqual(header.split(/ {3,}/), ['TIMESTAMP', 'SOURCE', 'DESTINATION', 'TYPE', 'VERDICT', 'SUMMARY']);
  assert.equal(line.indexOf('to-stack'), header.indexOf('TYPE'));
  assert.equal(table(response(forwarded)).output, `${line}\n`);
});

test('lost events are printed, node trouble goes to the error stream, good news only when asked for', () => {
  const print = createPrinter();
  const lost = GetFlowsResponse.fromPartial({
    responseTypes: { $case: 'lostEvents', value: { source: 3, numEventsLost: 17n } },
  });
  assert.deepEqual(print(lost), { output: 'EVENTS LOST: HUBBLE_RING_BUFFER CPU(0) 17\n', errors: '' });
  const status = (stateChange: 1 | 2 | 4, nodeNames: string[]) =>
    GetFlowsResponse.fromPartial({
      responseTypes: { $case: 'nodeStatus', value: { stateChange, nodeNames, message: 'no route' } },
      nodeName: 'relay',
      time,
    });
  assert.equal(print(status(1, ['a'])).errors, '');
  assert.equal(
    createPrinter({ debug: true })(status(1, ['node-0', 'node-1'])).errors,
    'Nov 22 20:42:36.929 [relay]: Receiving flows from 2 nodes: node-0, node-1\n',
  );
  assert.equal(print(status(4, ['a'])).errors, 'Nov 22 20:42:36.929 [relay]: Error "no route" on 1 nodes: a\n');
  const many = Array.from({ length: 30 }, (_, index) => `node-${index}`);
  assert.match(print(status(2, many)).errors, /30 nodes are unavailable: node-0, .* \(and \d+ more\)\n$/);
});

const sample =
  '{"flow":{"time":"2026-11-22T20:42:37.009099783Z","uuid":"6cccd605-4384-4e77-a8f8-636e7f3627fb","verdict":"FORWARDED","ethernet":{"source":"4a:8f:41:6f:2e:11","destination":"ee:10:64:0c:9d:fe"},"IP":{"source":"10.244.1.111","destination":"93.184.83.91","ipVersion":"IPv4"},"l4":{"TCP":{"source_port":52803,"destination_port":9092,"flags":{"ACK":true}}},"source":{"ID":1792,"identity":20102,"cluster_name":"default","namespace":"monitoring","labels":["k8s:app=prometheus"],"pod_name":"prometheus-6d4b06-10122b","workloads":[{"name":"prometheus","kind":"Deployment"}]},"destination":{"identity":2,"labels":["reserved:world"]},"Type":"L3_L4","node_name":"node-1","node_labels":["kubernetes.io/os=linux"],"destination_names":["api.github.com"],"event_type":{"type":4,"sub_type":3},"traffic_direction":"EGRESS","trace_observation_point":"TO_OVERLAY","trace_reason":"ESTABLISHED","is_reply":false,"interface":{"index":41,"name":"lxce910f136"},"Summary":"TCP Flags: ACK"},"node_name":"node-1","time":"2026-11-22T20:42:37.009099783Z"}';

test('a JSON line of the hubble CLI is read and written back byte for byte', () => {
  assert.equal(formatResponseJson(parseResponseJson(sample)), sample);
});

test('camelCase names and a bare flow are read too', () => {
  const camel = sample.replace(
    /"([a-z]+(?:_[a-z]+)+)":/g,
    (_, name: string) => `"${name.replace(/_(.)/g, (__, letter: string) => letter.toUpperCase())}":`,
  );
  assert.notEqual(camel, sample);
  assert.equal(formatResponseJson(parseResponseJson(camel)), sample);
  const bare = JSON.stringify(JSON.parse(sample).flow);
  assert.equal(formatResponseJson(parseResponseJson(bare)), sample);
});

test('details travel in JSON by their fields, unknown extensions by their bytes', () => {
  const details = FlowDetails.fromPartial({
    opened: time,
    initiator: { bytes: 2n ** 60n },
    drop: { reason: 'NO_SOCKET' },
  });
  const line = formatResponseJson(response({ ...forwarded, extensions: packFlowDetails(details) }));
  assert.ok(line.includes('"@type":"type.googleapis.com/parallax.v1.FlowDetails"'));
  assert.ok(line.includes('"bytes":"1152921504606846976"') && line.includes('"opened":"2026-11-22T20:42:36.929Z"'));
  const back = parseResponseJson(line);
  assert.ok(back.responseTypes?.$case === 'flow');
  assert.equal(readFlowDetails(back.responseTypes.value)?.initiator?.bytes, 2n ** 60n);
  const foreign = formatResponseJson(
    response({ extensions: { typeUrl: 'example.com/x', value: Uint8Array.of(1, 2) } }),
  );
  assert.equal(formatResponseJson(parseResponseJson(foreign)), foreign);
});

test('a line that is no flow is refused with its beginning and the reason', () => {
  for (const line of ['', 'nonsense', '[]', '3', '{"flow":{"time":"yesterday"}}'])
    assert.throws(() => parseResponseJson(line), { name: 'FlowLineError', message: /^the line "/ }, line);
});

test('every field of a flow is written with the name its proto file gives it', () => {
  for (const message of [
    'flow.Flow',
    'flow.Endpoint',
    'flow.IP',
    'flow.Layer4',
    'flow.TCP',
    'flow.TCPFlags',
    'flow.LostEvent',
    'flow.DNS',
    'flow.HTTP',
    'flow.Policy',
    'flow.Tunnel',
  ])
    for (const field of flowRegistry.getMessage(message)?.fields ?? assert.fail(message))
      assert.equal(protoNameOf(field.jsonName), field.name, `${message}.${field.name}`);
});

test('times are printed in every format of the CLI', () => {
  const at = { seconds: 1_795_380_156n, nanos: 9_099_780 };
  assert.equal(timeText(at, 'StampMilli'), 'Nov 22 20:42:36.009');
  assert.equal(timeText(at, 'RFC3339'), '2026-11-22T20:42:36Z');
  assert.equal(timeText(at, 'RFC3339Micro'), '2026-11-22T20:42:36.009099Z');
  assert.equal(timeText(at, 'RFC3339Nano'), '2026-11-22T20:42:36.00909978Z');
  assert.equal(timeText(at, 'RFC1123Milli'), 'Sun, 22 Nov 2026 20:42:36.009 UTC');
  assert.equal(timeText({ seconds: 1_793_500_000n, nanos: 0 }), 'Nov  1 02:26:40.000');
  assert.equal(timeText(undefined), 'N/A');
});
