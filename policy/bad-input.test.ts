// What nobody writes in good faith, or only by a generator: answered in words or in bounded time, and the rest stays in force.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerCase, type CaseAnswer } from './policy-case.ts';

const namespaces = [{ name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop' } }];
const endpoints = [
  { namespace: 'shop', name: 'web', labels: { app: 'web' }, ip: '10.1.0.1' },
  { namespace: 'shop', name: 'api', labels: { app: 'api' }, ip: '10.1.0.2' },
];

function ask(spec: object): CaseAnswer {
  const policies = [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'p', namespace: 'shop' },
      spec: { podSelector: { matchLabels: { app: 'api' } }, ...spec },
    },
  ];
  const flow = { source: 'shop/web', destination: 'shop/api', protocol: 'TCP', port: 80 };
  return answerCase({ id: '', scope: 'kubernetes', policies, namespaces, endpoints, nodes: [], flow });
}

const many = Array.from({ length: 10_000 }, (_, index) => `app-${index}`);

test('a selector of ten thousand values is read to its last', () => {
  const from = (values: readonly string[]) => [
    { podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values }] } },
  ];
  assert.equal(ask({ ingress: [{ from: from(many) }] }).verdict, 'denied');
  assert.equal(ask({ ingress: [{ from: from([...many, 'web']) }] }).verdict, 'allowed');
});

test('ten thousand peers of one rule are read to the last', () => {
  const peers = many.map((app) => ({ podSelector: { matchLabels: { app } } }));
  assert.equal(ask({ ingress: [{ from: peers }] }).verdict, 'denied');
  assert.equal(
    ask({ ingress: [{ from: [...peers, { podSelector: { matchLabels: { app: 'web' } } }] }] }).verdict,
    'allowed',
  );
});

test('a prefix that is none is named with its field, and a field that nobody knows is kept and told', () => {
  const wrong = ask({ ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/64' } }] }] });
  assert.match((wrong.problems ?? []).join(' '), /10\.0\.0\.0\/64/);
  assert.match((wrong.problems ?? []).join(' '), /cidr/);
  const unknown = ask({ ingress: [{ from: [{ podSelector: {} }], colour: 'blue' }] });
  assert.equal(unknown.verdict, 'allowed');
  assert.match((unknown.problems ?? []).join(' '), /colour/);
});
