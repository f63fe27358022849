import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { explainDirection } from './explain.ts';
import type { Party } from './party.ts';
import { type PolicyFlow, PolicySet } from './policy-set.ts';
import { emptyWorld, type World, type WorldPod } from './world.ts';

const namespaces = ['shop', 'payments'];
const apps = ['web', 'cart', 'ledger'];

function pod(namespace: string, app: string, index: number): WorldPod {
  return {
    namespace,
    name: app,
    labels: { app },
    addresses: [`10.244.${namespaces.indexOf(namespace)}.${index + 1}`],
    namedPorts: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

const world: World = {
  ...emptyWorld,
  namespaces: namespaces.map((name) => ({ name, labels: { 'kubernetes.io/metadata.name': name } })),
  pods: namespaces.flatMap((namespace) => apps.map((app, index) => pod(namespace, app, index))),
  nodes: [{ name: 'node-1', addresses: ['172.18.0.2'], local: true, kubeApiserver: false }],
};

const selector = fc.constantFrom({}, ...apps.map((app) => ({ matchLabels: { app } })));
const peer = fc.oneof(
  selector.map((podSelector) => ({ podSelector })),
  fc
    .constantFrom(...namespaces)
    .map((name) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } })),
  fc.constantFrom(
    { ipBlock: { cidr: '0.0.0.0/0' } },
    { ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] } },
  ),
);
const port = fc.constantFrom(
  { port: 80 },
  { port: 'http' },
  { protocol: 'UDP', port: 53 },
  { port: 8000, endPort: 9000 },
);
const rule = (side: 'from' | 'to') =>
  fc.record({ [side]: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) });
const policy = fc
  .record({
    namespace: fc.constantFrom(...namespaces),
    name: fc.constantFrom('a', 'b', 'c'),
    podSelector: selector,
    policyTypes: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
    ingress: fc.array(rule('from'), { maxLength: 2 }),
    egress: fc.array(rule('to'), { maxLength: 2 }),
  })
  .map(({ namespace, name, ...spec }) => ({ kind: 'NetworkPolicy', metadata: { namespace, name }, spec }));
const policies = fc.array(policy, { maxLength: 5 });
const dialects = fc.constantFrom('kubernetes' as const, 'cilium' as const);
const end = fc.constantFrom(
  ...namespaces.flatMap((namespace) => apps.map((app) => `${namespace}/${app}`)),
  '203.0.113.7',
  '203.0.113.8',
  '172.18.0.2',
);
const question = fc.record({
  source: end,
  destination: end,
  protocol: fc.constantFrom('TCP', 'UDP', 'ICMP'),
  port: fc.constantFrom(53, 80, 8080, 9000),
});

function party(set: PolicySet, text: string): Party {
  const [namespace = '', name = ''] = text.split('/');
  const found = name === '' ? set.parties.byAddress(text) : set.parties.pod(namespace, name);
  assert.ok(found);
  return found;
}

function verdict(
  set: PolicySet,
  asked: { source: string; destination: string; protocol: string; port: number },
): string {
  return set.evaluate(flowOf(set, asked)).verdict;
}

function flowOf(
  set: PolicySet,
  asked: { source: string; destination: string; protocol: string; port: number },
): PolicyFlow {
  return {
    source: party(set, asked.source),
    destination: party(set, asked.destination),
    protocol: asked.protocol,
    port: asked.port,
  };
}

test('the order of policies does not matter', () => {
  fc.assert(
    fc.property(policies, dialects, question, (objects, dialect, asked) => {
      const forward = verdict(new PolicySet(objects, world, { dialect }), asked);
      assert.equal(verdict(new PolicySet(objects.toReversed(), world, { dialect }), asked), forward);
    }),
  );
});

test('one more rule that allows never denies', () => {
  fc.assert(
    fc.property(policies, fc.nat(), dialects, question, (objects, which, dialect, asked) => {
      fc.pre(objects.length > 0);
      const before = verdict(new PolicySet(objects, world, { dialect }), asked);
      const wider = objects.map((object, index) => {
        if (index !== which % objects.length) return object;
        const { spec } = object;
        const opened = (type: string, rules: unknown[]): unknown[] =>
          (spec.policyTypes as readonly string[]).includes(type) ? [...rules, {}] : rules;
        return {
          ...object,
          spec: { ...spec, ingress: opened('Ingress', spec.ingress), egress: opened('Egress', spec.egress) },
        };
      });
      if (before === 'allowed') assert.equal(verdict(new PolicySet(wider, world, { dialect }), asked), 'allowed');
    }),
  );
});

test('a policy changes nothing for pods of other namespaces', () => {
  fc.assert(
    fc.property(policies, dialects, question, (objects, dialect, asked) => {
      const named: readonly (string | undefined)[] = [asked.source, asked.destination].map(
        (text) => text.split('/')[0],
      );
      const relevant = objects.filter((object) => named.includes(String(object.metadata.namespace)));
      assert.equal(
        verdict(new PolicySet(relevant, world, { dialect }), asked),
        verdict(new PolicySet(objects, world, { dialect }), asked),
      );
    }),
  );
});

test('a default-denied flow is told which policies isolate the pod and what each rule lacked', () => {
  const spec = {
    podSelector: { matchLabels: { app: 'ledger' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'cart' } } }], ports: [{ port: 8443 }] }],
  };
  const set = new PolicySet(
    [{ kind: 'NetworkPolicy', metadata: { namespace: 'payments', name: 'ledger-only' }, spec }],
    world,
  );
  const flow = flowOf(set, { source: 'shop/web', destination: 'payments/ledger', protocol: 'TCP', port: 80 });
  const { ingress } = set.evaluate(flow);
  assert.ok(ingress);
  assert.deepEqual(explainDirection(set, 'ingress', flow, ingress), [
    'payments/ledger is isolated for ingress by NetworkPolicy:payments/ledger-only, and no rule allows shop/web on TCP 80.',
    'NetworkPolicy:payments/ledger-only ingress[0] allows pods of namespace payments with app=cart, which shop/web is not among; and TCP 8443, not TCP 80.',
  ]);
});

test('a faulty policy is refused by name, field and rule, and the others stay in force', () => {
  const good = {
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'closed' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  };
  const bad = {
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'bad' },
    spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/99' } }] }] },
  };
  const odd = {
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'odd' },
    spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ colour: 'red' }] },
  };
  const set = new PolicySet([good, bad, odd, 'text', null], world);
  assert.deepEqual(
    set.problems.map(({ severity, policy: name, field }) => `${severity} ${name} ${field}`),
    [
      'error NetworkPolicy:shop/bad spec.ingress[0].from[0].ipBlock.cidr',
      'warning NetworkPolicy:shop/odd spec.egress[0].colour',
      'error an object ',
      'error object:default/ kind',
    ],
  );
  assert.equal(verdict(set, { source: 'payments/cart', destination: 'shop/web', protocol: 'TCP', port: 80 }), 'denied');
});

test('an L7 rule decides where the request was seen, and says so where it was not', () => {
  const spec = {
    endpointSelector: { matchLabels: { app: 'web' } },
    ingress: [
      {
        fromEntities: ['all'],
        toPorts: [
          { ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{ method: 'GET', path: '/public/.*' }] } },
        ],
      },
    ],
  };
  const set = new PolicySet(
    [{ kind: 'CiliumNetworkPolicy', metadata: { namespace: 'shop', name: 'l7' }, spec }],
    world,
  );
  const connection = flowOf(set, { source: 'shop/cart', destination: 'shop/web', protocol: 'TCP', port: 80 });
  const http = (method: string, path: string) => ({
    http: { method, path, host: 'web', headers: new Map<string, string>() },
  });
  assert.equal(set.evaluate(connection).ingress?.dependsOnRequest, true);
  assert.equal(set.evaluate({ ...connection, request: http('GET', '/public/x') }).verdict, 'allowed');
  assert.equal(set.evaluate({ ...connection, request: http('GET', '/public/x') }).ingress?.dependsOnRequest, false);
  assert.equal(set.evaluate({ ...connection, request: http('POST', '/public/x') }).verdict, 'denied');
  assert.equal(set.evaluate({ ...connection, request: http('GET', '/private') }).verdict, 'denied');
});

test('names learned from DNS admit an external address by toFQDNs', () => {
  const spec = {
    endpointSelector: {},
    egress: [{ toFQDNs: [{ matchName: 'api.example.com' }, { matchPattern: '*.cdn.example' }] }],
  };
  const set = new PolicySet(
    [{ kind: 'CiliumNetworkPolicy', metadata: { namespace: 'shop', name: 'names' }, spec }],
    world,
  );
  const to = (names: readonly string[]): string => {
    const destination = set.parties.byAddress('203.0.113.9', names);
    assert.ok(destination);
    return set.evaluate({ source: party(set, 'shop/web'), destination, protocol: 'TCP', port: 443 }).verdict;
  };
  assert.deepEqual([['API.example.com.'], ['a.cdn.example'], ['a.b.cdn.example'], ['example.com'], []].map(to), [
    'allowed',
    'allowed',
    'denied',
    'denied',
    'denied',
  ]);
});
