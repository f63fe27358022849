// Rules of single fields where the conformance vectors are few: one line a rule, filter, flow, answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeepPartial, Flow, FlowFilter } from '#proto/gen/flow/flow.ts';
import { compileFilters } from './compile.ts';
import { FilterError } from './filter-error.ts';
import { loadCel } from './prepare.ts';

const cel = await loadCel();

function answer(filter: DeepPartial<FlowFilter>, flow: DeepPartial<Flow>): boolean | 'error' {
  try {
    return compileFilters([FlowFilter.fromPartial(filter)], [], cel).matches(Flow.fromPartial(flow));
  } catch (error) {
    if (error instanceof FilterError) return 'error';
    throw error;
  }
}

type Rule = readonly [
  rule: string,
  filter: DeepPartial<FlowFilter>,
  flow: DeepPartial<Flow>,
  answer: boolean | 'error',
];

const event = (type: number, subType = 0) => ({ eventType: { type, subType } });
const tcp = (l4: DeepPartial<Flow>['l4']) => ({ l4 });
const syn = tcp({ protocol: { $case: 'TCP', value: { flags: { SYN: true } } } });
const synAck = tcp({ protocol: { $case: 'TCP', value: { flags: { SYN: true, ACK: true } } } });
const celOf = (...celExpression: string[]) => ({ experimental: { celExpression } });

const rules: readonly Rule[] = [
  ['a sub-type counts only if it is to match', { eventType: [{ type: 4, subType: 9 }] }, event(4, 1), true],
  [
    'a negative sub-type compares as it is',
    { eventType: [{ type: 1, matchSubType: true, subType: -1 }] },
    event(1, -1),
    true,
  ],
  ['type 0 stands for any type', { eventType: [{ type: 0, matchSubType: true, subType: 3 }] }, event(129, 3), true],
  ['a flow without event type has none, not 0', { eventType: [{ type: 0 }] }, {}, false],
  ['identity 0 is an identity of an endpoint', { sourceIdentity: [0] }, { source: { identity: 0 } }, true],
  ['a flow without the endpoint has no identity', { sourceIdentity: [0] }, {}, false],
  ['an interface by name alone', { interface: [{ name: 'eth0' }] }, { interface: { name: 'eth0', index: 7 } }, true],
  ['an interface by index alone', { interface: [{ index: 7 }] }, { interface: { name: 'eth0', index: 7 } }, true],
  [
    'an interface by both',
    { interface: [{ index: 7, name: 'eth1' }] },
    { interface: { name: 'eth0', index: 7 } },
    false,
  ],
  ['flags in the filter are a part of the flow’s', { tcpFlags: [{ SYN: true }] }, synAck, true],
  ['all flags of one entry are needed', { tcpFlags: [{ SYN: true, ACK: true }] }, syn, false],
  ['one of several entries is enough', { tcpFlags: [{ FIN: true }, { SYN: true }] }, syn, true],
  ['no flags asked for fit every TCP flow with flags', { tcpFlags: [{}] }, syn, true],
  ['a flow that does not know whether it replies matches neither', { reply: [true, false] }, {}, false],
  ['a dropped one counts as no reply', { reply: [false] }, { verdict: 2 }, true],
  ['IP_NOT_USED is a version', { ipVersion: [0] }, {}, true],
  ['addresses compare as text', { sourceIp: ['fd00::1'] }, { IP: { source: 'fd00:0::1' } }, false],
  ['prefixes compare as addresses', { sourceIp: ['fd00::/64'] }, { IP: { source: 'fd00:0:0:0:0::1' } }, true],
  ['a prefix of length 0 is the family', { sourceIp: ['0.0.0.0/0'] }, { IP: { source: '::1' } }, false],
  ['a mapped address is IPv6', { sourceIp: ['10.0.0.0/8'] }, { IP: { source: '::ffff:10.0.0.1' } }, false],
  ['a prefix that is too long', { sourceIp: ['10.0.0.0/33'] }, {}, 'error'],
  ['an address with leading zeros', { sourceIp: ['10.0.0.01'] }, {}, 'error'],
  ['a port above 65535', { sourcePort: ['65536'] }, {}, 'error'],
  ['a port with a sign', { sourcePort: ['+80'] }, {}, 'error'],
  ['a namespace without name is all of it', { sourcePod: ['shop/'] }, { source: { namespace: 'shop' } }, true],
  [
    'a name without namespace is in default',
    { sourcePod: ['web'] },
    { source: { namespace: 'shop', podName: 'web' } },
    false,
  ],
  ['a name in any namespace', { sourcePod: ['/web'] }, { source: { namespace: 'shop', podName: 'web-1' } }, true],
  ['a service by prefix', { sourceService: ['shop/ca'] }, { sourceService: { namespace: 'shop', name: 'cart' } }, true],
  ['an empty cluster name', { sourceClusterName: [''] }, {}, 'error'],
  ['a cluster name is no pattern', { sourceClusterName: ['ea*'] }, { source: { clusterName: 'east' } }, false],
  ['any node of a cluster', { nodeName: ['east/'] }, { nodeName: 'east/node-1' }, true],
  ['a node without cluster is in default', { nodeName: ['default/node-1'] }, { nodeName: 'node-1' }, true],
  ['a node in any cluster', { nodeName: ['node-*'] }, { nodeName: 'west/node-1' }, true],
  ['two slashes in a node name', { nodeName: ['a/b/c'] }, {}, 'error'],
  ['a star crosses dots', { sourceFqdn: ['*.com'] }, { sourceNames: ['a.b.com'] }, true],
  ['a star takes no underscore', { sourceFqdn: ['*.com'] }, { sourceNames: ['a_b.com'] }, false],
  ['one dot at the end of a name pattern is dropped', { sourceFqdn: ['a.com.'] }, { sourceNames: ['a.com'] }, true],
  ['two are an error', { sourceFqdn: ['a.com..'] }, {}, 'error'],
  [
    'DNS queries are searched, not matched whole',
    { dnsQuery: ['b\\.c'] },
    { l7: { record: { $case: 'dns', value: { query: 'a.b.com' } } } },
    true,
  ],
  ['labels by source', { sourceLabel: ['k8s:app=web'] }, { source: { labels: ['container:app=web'] } }, false],
  [
    'labels from anywhere',
    { sourceLabel: ['any:app in (web, api)'] },
    { source: { labels: ['container:app=web'] } },
    true,
  ],
  ['a label that is not there', { sourceLabel: ['!app'] }, { source: { labels: ['k8s:tier=front'] } }, true],
  [
    'a status by its first digit',
    { httpStatusCode: ['5+'] },
    { l7: { record: { $case: 'http', value: { code: 503 } } } },
    true,
  ],
  ['a request has no status', { httpStatusCode: ['2+'] }, { l7: { record: { $case: 'http', value: {} } } }, false],
  ['HTTP with an event type that excludes it', { httpMethod: ['GET'], eventType: [{ type: 4 }] }, {}, 'error'],
  ['a trace id', { traceId: ['abc'] }, { traceContext: { parent: { traceId: 'abc' } } }, true],
  ['a drop reason needs the verdict', { dropReasonDesc: [133] }, { verdict: 1, dropReasonDesc: 133 }, false],
  ['CEL: one expression of several is enough', celOf('false', '_flow.uuid == "a"'), { uuid: 'a' }, true],
  ['CEL: an error while running ends the list', celOf('_flow.destination_names[0] == "x"', 'true'), {}, false],
  ['CEL: matches as a function', celOf('matches(_flow.uuid, "^a")'), { uuid: 'ab' }, true],
  ['CEL: a comment at the end', celOf('true // all'), {}, true],
  ['CEL: a literal pattern that is none', celOf('_flow.uuid.matches("[") || true'), {}, 'error'],
  ['CEL: a literal time that is none', celOf('_flow.time > timestamp("noon")'), {}, 'error'],
  ['CEL: a literal number that is none', celOf('int("x") == 1'), {}, 'error'],
  ['CEL: a computed pattern that is none', celOf('_flow.uuid.matches(_flow.uuid + "[")'), { uuid: 'a' }, false],
  ['CEL: signed against unsigned', celOf('_flow.source.identity == 1'), {}, 'error'],
];

for (const [rule, filter, flow, expected] of rules) {
  test(`${rule}: ${expected === 'error' ? 'refused' : expected ? 'matches' : 'does not match'}`, () => {
    assert.equal(answer(filter, flow), expected);
  });
}
