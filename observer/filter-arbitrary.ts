// Random filters for property tests, of values that the generated flows have, so that they match now and then.

import fc from 'fast-check';
import { type DeepPartial, FlowFilter } from '#proto/gen/flow/flow.ts';

const some = <T>(values: readonly T[]) =>
  fc.subarray([...values], { minLength: 1, maxLength: Math.min(3, values.length) });

const pods = ['shop/', 'payments/cart', 'search/frontend-6d', '/redis', 'monitoring/', 'default/'];
const labels = [
  'k8s:app.kubernetes.io/name=cart',
  'reserved:world',
  'app.kubernetes.io/name in (redis, worker)',
  '!k8s:app',
];
const addresses = ['10.128.0.1', '10.128.0.0/17', '93.184.0.0/16', '10.128.0.7'];
const names = ['github.com', '*.amazonaws.com', 'api.*'];
const workloads = [
  { name: 'cart', kind: '' },
  { name: '', kind: 'Deployment' },
  { name: 'redis', kind: 'Deployment' },
];
const eventTypes = [
  { type: 1, matchSubType: false, subType: 0 },
  { type: 129, matchSubType: false, subType: 0 },
  { type: 4, matchSubType: true, subType: 3 },
  { type: 1, matchSubType: true, subType: 132 },
];

/** One random field set to random values. */
const field: fc.Arbitrary<DeepPartial<FlowFilter>> = fc.oneof(
  some(pods).map((sourcePod) => ({ sourcePod })),
  some(pods).map((destinationPod) => ({ destinationPod })),
  some(labels).map((sourceLabel) => ({ sourceLabel })),
  some(labels).map((destinationLabel) => ({ destinationLabel })),
  some(addresses).map((sourceIp) => ({ sourceIp })),
  some(addresses).map((destinationIp) => ({ destinationIp })),
  some(names).map((destinationFqdn) => ({ destinationFqdn })),
  some(workloads).map((sourceWorkload) => ({ sourceWorkload })),
  some([2, 20_000, 20_003]).map((destinationIdentity) => ({ destinationIdentity })),
  some(['80', '443', '53', '8080']).map((destinationPort) => ({ destinationPort })),
  some([1, 2, 4] as const).map((verdict) => ({ verdict })),
  some([133, 181] as const).map((dropReasonDesc) => ({ dropReasonDesc })),
  some([1, 2] as const).map((trafficDirection) => ({ trafficDirection })),
  some([true, false]).map((reply) => ({ reply })),
  some(eventTypes).map((eventType) => ({ eventType })),
  some(['tcp', 'udp', 'http', 'dns', 'icmp']).map((protocol) => ({ protocol })),
  some([{ SYN: true }, { ACK: true, PSH: true }, { FIN: true }]).map((tcpFlags) => ({ tcpFlags })),
  some(['200', '5+', '404']).map((httpStatusCode) => ({ httpStatusCode })),
  some(['node-0', 'node-*', 'default/node-1']).map((nodeName) => ({ nodeName })),
  some(['kubernetes.io/arch=amd64', 'kubernetes.io/hostname=node-1']).map((nodeLabels) => ({ nodeLabels })),
  // Nothing that a column holds: these flows are decoded.
  some(['GET', 'POST']).map((httpMethod) => ({ httpMethod })),
  some(['catalog', 'invalid']).map((dnsQuery) => ({ dnsQuery })),
  some([1, 2] as const).map((ipVersion) => ({ ipVersion })),
);

/** One FlowFilter of one to three fields. */
export const filterArbitrary: fc.Arbitrary<FlowFilter> = fc
  .array(field, { minLength: 1, maxLength: 3 })
  .map((fields) => FlowFilter.fromPartial(Object.assign({}, ...fields)));
