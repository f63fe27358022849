// One case for each rule of both dialects that is easily read wrong, beside those that the conformance vectors ask often.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerCase, type CaseAnswer } from './policy-case.ts';

const namespaces = [
  { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop', env: 'prod' } },
  { name: 'dev', labels: { 'kubernetes.io/metadata.name': 'dev', env: 'dev' } },
];
const endpoints = [
  { namespace: 'shop', name: 'web', labels: { app: 'web' }, ip: '10.1.0.1' },
  {
    ...{ namespace: 'shop', name: 'api', labels: { app: 'api' }, ip: '10.1.0.2' },
    namedPorts: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  },
  {
    ...{ namespace: 'dev', name: 'tool', labels: { app: 'tool' }, ip: '10.1.1.1' },
    namedPorts: [{ name: 'http', port: 9090, protocol: 'TCP' }],
  },
];
const nodes = [
  { name: 'near', ip: '172.18.0.2', local: true, kubeApiserver: false },
  { name: 'far', ip: '172.18.0.3', local: false, kubeApiserver: false },
];
const world = '198.51.100.7';

interface Question {
  readonly scope?: 'kubernetes' | 'cilium';
  readonly policies: readonly unknown[];
  readonly flow: { source: string; destination: string; protocol?: string; port: number };
}

function ask({ scope = 'cilium', policies, flow }: Question): CaseAnswer {
  const answer = answerCase({
    id: '',
    scope,
    policies,
    namespaces,
    endpoints,
    nodes,
    flow: { protocol: 'TCP', ...flow },
  });
  assert.deepEqual(
    (answer.problems ?? []).filter((problem) => problem.startsWith('error')),
    [],
  );
  return answer;
}

const networkPolicy = (spec: object) => ({ kind: 'NetworkPolicy', metadata: { namespace: 'shop', name: 'p' }, spec });
const ciliumPolicy = (spec: object) => ({
  ...{ kind: 'CiliumNetworkPolicy', metadata: { namespace: 'shop', name: 'p' } },
  spec: { endpointSelector: {}, ...spec },
});
const clusterwide = (spec: object) => ({
  ...{ kind: 'CiliumClusterwideNetworkPolicy', metadata: { name: 'p' } },
  spec: { endpointSelector: { matchLabels: { app: 'api' } }, ...spec },
});

const toApi = (source: string, port = 8080) => ({ source, destination: 'shop/api', port });

describe('a NetworkPolicy', () => {
  const lacksEnv = { namespaceSelector: { matchExpressions: [{ key: 'env', operator: 'DoesNotExist' }] } };
  const notDev = { namespaceSelector: { matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['dev'] }] } };
  for (const [text, from] of [
    ['lacks a label', lacksEnv],
    ['is not one value', notDev],
  ] as const)
    test(`in Cilium admits the world where its namespace selector only says what ${text}`, () => {
      const policies = [networkPolicy({ podSelector: {}, ingress: [{ from: [from] }] })];
      assert.equal(ask({ policies, flow: toApi(world) }).verdict, 'allowed');
      assert.equal(ask({ policies, flow: toApi('172.18.0.3') }).verdict, 'allowed');
      assert.equal(ask({ scope: 'kubernetes', policies, flow: toApi(world) }).verdict, 'denied');
    });

  test('with an empty namespace selector means pods of all namespaces, and pods alone', () => {
    const policies = [networkPolicy({ podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] })];
    for (const scope of ['kubernetes', 'cilium'] as const) {
      assert.equal(ask({ scope, policies, flow: toApi('dev/tool') }).verdict, 'allowed');
      assert.equal(ask({ scope, policies, flow: toApi(world) }).verdict, 'denied');
      assert.equal(ask({ scope, policies, flow: toApi('172.18.0.3') }).verdict, 'denied');
    }
  });

  test('removes an exception from its own peer alone: another rule may allow what it leaves out', () => {
    const hole = { ipBlock: { cidr: '198.51.100.0/24', except: [`${world}/32`] } };
    const both = [{ from: [hole] }, { from: [{ ipBlock: { cidr: `${world}/32` } }] }];
    for (const scope of ['kubernetes', 'cilium'] as const) {
      const closed = [networkPolicy({ podSelector: {}, ingress: [{ from: [hole] }] })];
      assert.equal(ask({ scope, policies: closed, flow: toApi(world) }).verdict, 'denied');
      const open = [networkPolicy({ podSelector: {}, ingress: both })];
      assert.equal(ask({ scope, policies: open, flow: toApi(world) }).verdict, 'allowed');
    }
  });

  test('reads a namespace and a pod selector in one peer as both, in two peers as either', () => {
    const pods = { podSelector: { matchLabels: { app: 'web' } } };
    const where = { namespaceSelector: { matchLabels: { env: 'dev' } } };
    const both = [networkPolicy({ podSelector: {}, ingress: [{ from: [{ ...pods, ...where }] }] })];
    const either = [networkPolicy({ podSelector: {}, ingress: [{ from: [pods, where] }] })];
    for (const scope of ['kubernetes', 'cilium'] as const) {
      assert.equal(ask({ scope, policies: both, flow: toApi('dev/tool') }).verdict, 'denied');
      assert.equal(ask({ scope, policies: either, flow: toApi('dev/tool') }).verdict, 'allowed');
      assert.equal(ask({ scope, policies: either, flow: toApi('shop/web') }).verdict, 'allowed');
    }
  });

  test('asks for a named port at the receiving pod on egress, where Cilium lets a name on which pods disagree match nothing', () => {
    const policies = [
      networkPolicy({ podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'http' }] }] }),
    ];
    const flow = { source: 'shop/web', destination: 'shop/api', port: 8080 };
    assert.equal(ask({ scope: 'kubernetes', policies, flow }).verdict, 'allowed');
    assert.equal(ask({ policies, flow }).verdict, 'denied');
  });

  test('of policyTypes [Egress] alone leaves ingress open', () => {
    const policies = [networkPolicy({ podSelector: {}, policyTypes: ['Egress'] })];
    for (const scope of ['kubernetes', 'cilium'] as const) {
      assert.equal(ask({ scope, policies, flow: toApi(world) }).ingress?.enforced, false);
      assert.equal(
        ask({ scope, policies, flow: { source: 'shop/api', destination: world, port: 1 } }).verdict,
        'denied',
      );
    }
  });

  test('lets the own node in, and a pod to itself where Kubernetes is asked', () => {
    const policies = [networkPolicy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })];
    for (const scope of ['kubernetes', 'cilium'] as const) {
      assert.equal(ask({ scope, policies, flow: toApi('172.18.0.2') }).verdict, 'allowed');
      assert.equal(ask({ scope, policies, flow: toApi('172.18.0.3') }).verdict, 'denied');
    }
    assert.equal(ask({ scope: 'kubernetes', policies, flow: toApi('shop/api') }).verdict, 'allowed');
  });

  test('without ports admits ICMP, with a port does not', () => {
    const flow = { ...toApi('shop/web', 8), protocol: 'ICMP' };
    for (const scope of ['kubernetes', 'cilium'] as const) {
      const open = [networkPolicy({ podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] })];
      assert.equal(ask({ scope, policies: open, flow }).verdict, 'allowed');
      const port = [networkPolicy({ podSelector: {}, ingress: [{ ports: [{ port: 8 }] }] })];
      assert.equal(ask({ scope, policies: port, flow }).verdict, 'denied');
    }
  });
});

describe('a CiliumNetworkPolicy', () => {
  test('that names another namespace in its subject selects nothing, unless the key says k8s, which is overridden', () => {
    const key = 'io.kubernetes.pod.namespace';
    const closed = (endpointSelector: object) => [ciliumPolicy({ endpointSelector, ingress: [{}] })];
    const enforced = (endpointSelector: object) => ask({ policies: closed(endpointSelector), flow: toApi(world) });
    assert.equal(enforced({ matchLabels: { [key]: 'dev' } }).ingress?.enforced, false);
    assert.equal(enforced({ matchLabels: { [`k8s:${key}`]: 'dev' } }).ingress?.enforced, true);
    const expression = { key: `k8s:${key}`, operator: 'In', values: ['dev'] };
    assert.equal(enforced({ matchExpressions: [expression] }).ingress?.enforced, false);
  });

  test('for ICMP type 0 admits every type of that family, for another type only that one', () => {
    const icmp = (type: number | string, family = 'IPv4') => [
      ciliumPolicy({ ingress: [{ icmps: [{ fields: [{ family, type }] }] }] }),
    ];
    const echo = { ...toApi('shop/web', 8), protocol: 'ICMP' };
    assert.equal(ask({ policies: icmp('EchoReply'), flow: echo }).verdict, 'allowed');
    assert.equal(ask({ policies: icmp(0), flow: echo }).verdict, 'allowed');
    assert.equal(ask({ policies: icmp(3), flow: echo }).verdict, 'denied');
    assert.equal(ask({ policies: icmp('EchoRequest'), flow: echo }).verdict, 'allowed');
    assert.equal(
      ask({ policies: icmp(128, 'IPv6'), flow: { ...echo, protocol: 'ICMPv6', port: 128 } }).verdict,
      'allowed',
    );
    assert.equal(ask({ policies: icmp(0), flow: toApi('shop/web') }).verdict, 'denied');
  });

  test('takes a range that ends before it begins for its first port', () => {
    const policies = [
      ciliumPolicy({ ingress: [{ toPorts: [{ ports: [{ port: '8080', endPort: 80, protocol: 'TCP' }] }] }] }),
    ];
    assert.equal(ask({ policies, flow: toApi(world, 8080) }).verdict, 'allowed');
    assert.equal(ask({ policies, flow: toApi(world, 8079) }).verdict, 'denied');
  });

  test('port 0 means every port of the protocols, and no ICMP', () => {
    const policies = [ciliumPolicy({ ingress: [{ toPorts: [{ ports: [{ port: '0', protocol: 'ANY' }] }] }] })];
    for (const protocol of ['TCP', 'UDP', 'SCTP'])
      assert.equal(ask({ policies, flow: { ...toApi(world, 7), protocol } }).verdict, 'allowed');
    assert.equal(ask({ policies, flow: { ...toApi(world, 8), protocol: 'ICMP' } }).verdict, 'denied');
  });

  test('denies before it allows, whatever is wider', () => {
    const port = (number: string) => [{ ports: [{ port: number, protocol: 'TCP' }] }];
    const narrow = { ingressDeny: [{ toPorts: port('8080') }], ingress: [{ fromEntities: ['all'] }] };
    assert.equal(ask({ policies: [ciliumPolicy(narrow)], flow: toApi('shop/web') }).verdict, 'denied');
    assert.equal(ask({ policies: [ciliumPolicy(narrow)], flow: toApi('shop/web', 81) }).verdict, 'allowed');
    const wide = { ingressDeny: [{ fromEntities: ['cluster'] }], ingress: [{ toPorts: port('8080') }] };
    assert.equal(ask({ policies: [ciliumPolicy(wide)], flow: toApi('shop/web') }).verdict, 'denied');
    assert.equal(ask({ policies: [ciliumPolicy(wide)], flow: toApi('172.18.0.2') }).verdict, 'denied');
    assert.equal(ask({ policies: [ciliumPolicy(wide)], flow: toApi(world) }).verdict, 'allowed');
  });

  test('that switches default deny off denies what it denies and leaves the rest', () => {
    const rules = { ingressDeny: [{ fromCIDR: [`${world}/32`] }], enableDefaultDeny: { ingress: false } };
    assert.equal(ask({ policies: [ciliumPolicy(rules)], flow: toApi(world) }).verdict, 'denied');
    assert.equal(ask({ policies: [ciliumPolicy(rules)], flow: toApi('198.51.100.8') }).verdict, 'allowed');
  });

  for (const [operator, values, admitted] of [
    ['NotIn', ['web'], ['shop/api']],
    ['In', ['web'], ['shop/web']],
    ['Exists', undefined, ['shop/web', 'shop/api']],
    ['DoesNotExist', undefined, []],
  ] as const)
    test(`keeps a peer selector with ${operator} within its own namespace`, () => {
      const expression = { key: 'app', operator, ...(values === undefined ? {} : { values }) };
      const policies = [
        ciliumPolicy({
          egress: [{ toEndpoints: [{ matchExpressions: [expression] }] }],
          endpointSelector: { matchLabels: { app: 'web' } },
        }),
      ];
      const open = ['shop/web', 'shop/api', 'dev/tool', world, '172.18.0.3'].filter(
        (destination) => ask({ policies, flow: { source: 'shop/web', destination, port: 80 } }).verdict === 'allowed',
      );
      assert.deepEqual(open.toSorted(), [...admitted].toSorted());
    });
});

describe('a CiliumClusterwideNetworkPolicy', () => {
  test('means pods alone, also where its selector only says what a namespace lacks', () => {
    const expression = { key: 'k8s:io.cilium.k8s.namespace.labels.env', operator: 'NotIn', values: ['prod'] };
    const policies = [clusterwide({ ingress: [{ fromEndpoints: [{ matchExpressions: [expression] }] }] })];
    assert.equal(ask({ policies, flow: toApi('dev/tool') }).verdict, 'allowed');
    assert.equal(ask({ policies, flow: toApi('shop/web') }).verdict, 'denied');
    assert.equal(ask({ policies, flow: toApi(world) }).verdict, 'denied');
    assert.equal(ask({ policies, flow: toApi('172.18.0.3') }).verdict, 'denied');
  });

  test('reads $host and reserved.host as reserved:host', () => {
    for (const key of ['reserved:remote-node', '$remote-node', 'reserved.remote-node']) {
      const policies = [clusterwide({ ingress: [{ fromEndpoints: [{ matchLabels: { [key]: '' } }] }] })];
      assert.equal(ask({ policies, flow: toApi('172.18.0.3') }).verdict, 'allowed', key);
      assert.equal(ask({ policies, flow: toApi('shop/web') }).verdict, 'denied', key);
    }
  });

  for (const [entity, open] of [
    ['all', ['shop/web', '172.18.0.2', '172.18.0.3', world]],
    ['cluster', ['shop/web', '172.18.0.2', '172.18.0.3']],
    ['world', [world]],
    ['world-ipv4', [world]],
    ['world-ipv6', []],
    ['host', ['172.18.0.2']],
    ['remote-node', ['172.18.0.3']],
    ['none', []],
  ] as const)
    test(`with toEntities ${entity} admits ${open.join(', ') || 'nobody'}`, () => {
      const policies = [clusterwide({ egress: [{ toEntities: [entity] }] })];
      const found = ['shop/web', '172.18.0.2', '172.18.0.3', world].filter(
        (destination) => ask({ policies, flow: { source: 'shop/api', destination, port: 80 } }).verdict === 'allowed',
      );
      assert.deepEqual(found, open);
    });
});
