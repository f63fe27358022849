import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edges } from '../cluster.ts';
import { planPods, podsOf } from '../plan.ts';
import { compilePod, type PolicyPod, policyPod, policyPods } from './compile.ts';
import { loadPolicies, parsePolicy } from './network-policy.ts';

const plan = planPods();

function compiled(key: `${string}/${string}`): string | null {
  const [pod] = podsOf(plan, key);
  assert.ok(pod);
  return compilePod(policyPod(pod), loadPolicies(), policyPods(plan));
}

function pod(namespace: string, app: string, ipv4: string, ports: Record<string, number> = {}): PolicyPod {
  return { namespace, labels: { app }, ipv4, ipv6: null, ports };
}

/** A policy of namespace `shop` for `app: web` with these ingress rules. */
function policy(ingress: string) {
  return parsePolicy(
    `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: shop}, spec: {podSelector: {matchLabels: {app: web}}, ingress: ${ingress}}}`,
    'test',
  );
}

const web = pod('shop', 'web', '10.0.0.1', { http: 8080 });
const cart = pod('shop', 'cart', '10.0.0.2');
const stranger = pod('other', 'cart', '10.0.0.3');

/** The accept rules that follow from the policy, without those every pod has. */
function accepts(ingress: string): string[] {
  const text = compilePod(web, [policy(ingress)], [web, cart, stranger]) ?? '';
  const rules = text.split('\n').filter((line) => line.includes('comment'));
  return rules.map((line) => line.trim().replace(/ comment .*/, ''));
}

test('the ledger hears the payments service alone', () => {
  assert.equal(
    compiled('payments/ledger'),
    [
      'table inet parallax_demo {',
      '  chain input {',
      '    type filter hook input priority filter; policy drop;',
      '    iif lo accept',
      '    ct state established,related accept',
      '    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept',
      '    ip saddr { 10.244.3.10 } tcp dport 8443 accept comment "payments/ledger-allow-payments-only"',
      '    ip6 saddr { fd00:10:244:3::a } tcp dport 8443 accept comment "payments/ledger-allow-payments-only"',
      '  }',
      '}',
      '',
    ].join('\n'),
  );
});

test('of all edges of the demo only scheduler to ledger is refused', () => {
  const refused = edges.filter(({ from, to }) => {
    const rules = compiled(to);
    return rules !== null && !podsOf(plan, from).every((source) => rules.includes(source.ipv4));
  });
  assert.deepEqual(
    refused.map(({ from, to }) => `${from} -> ${to}`),
    ['platform/scheduler -> payments/ledger'],
  );
});

test('a pod no policy selects gets no rules', () => {
  assert.equal(compiled('shop/web'), null);
  assert.equal(compilePod(stranger, [policy('[{}]')], [web, cart, stranger]), null);
});

test('a policy without rules allows nobody, an empty rule everybody', () => {
  assert.deepEqual(accepts('[]'), []);
  assert.deepEqual(accepts('[{}]'), ['accept']);
});

test('a pod selector alone means pods of the policy’s own namespace', () => {
  assert.deepEqual(accepts('[{from: [{podSelector: {matchLabels: {app: cart}}}]}]'), ['ip saddr { 10.0.0.2 } accept']);
});

test('a namespace selector alone means all its pods, with a pod selector both must hold', () => {
  const other = 'namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}';
  assert.deepEqual(accepts(`[{from: [{${other}}]}]`), ['ip saddr { 10.0.0.3 } accept']);
  assert.deepEqual(accepts(`[{from: [{${other}, podSelector: {matchLabels: {app: web}}}]}]`), []);
  assert.deepEqual(accepts('[{from: [{namespaceSelector: {}}]}]'), [
    'ip saddr { 10.0.0.1, 10.0.0.2, 10.0.0.3 } accept',
  ]);
});

test('a port may be a number or the name of one of the pod’s; a name it does not have allows nothing', () => {
  assert.deepEqual(accepts('[{ports: [{port: 53, protocol: UDP}, {port: http}]}]'), [
    'udp dport 53 accept',
    'tcp dport 8080 accept',
  ]);
  assert.deepEqual(accepts('[{ports: [{port: admin}]}]'), []);
});

test('what the enforcer could not keep is refused by name', () => {
  assert.throws(
    () => policy('[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]'),
    /from\[0\]: the demo's enforcer does not know 'ipBlock'/,
  );
  assert.throws(() => policy('[{ports: [{port: 1, endPort: 9}]}]'), /does not know 'endPort'/);
  assert.throws(() => policy('[{ports: [{port: 1, protocol: SCTP}]}]'), /SCTP is not TCP or UDP/);
  assert.throws(() => policy('[{from: [{podSelector: {matchExpressions: []}}]}]'), /does not know 'matchExpressions'/);
  assert.throws(() => policy('{}'), /spec.ingress: a list is needed/);
});
