import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crumbsOf, outermost, steppedInto } from './scope-path.ts';

const target = (kind: 'cluster' | 'namespace' | 'workload' | 'pod', name: string, namespace = '') => {
  return { kind, name, namespace, cluster: 'prod' };
};

test('stepping in goes one scope down and narrows the filter; the way back is in the crumbs', () => {
  const inNamespace = steppedInto('verdict:dropped', target('namespace', 'shop', 'shop'));
  assert.deepEqual(inNamespace, { filter: 'verdict:dropped namespace:shop', scope: 'workload' });
  const inWorkload = steppedInto(inNamespace.filter, target('workload', 'web', 'shop'));
  assert.deepEqual(inWorkload, { filter: 'verdict:dropped namespace:shop workload:web', scope: 'pod' });
  const inPod = steppedInto(inWorkload.filter, target('pod', 'web-1', 'shop'));
  assert.equal(inPod.scope, 'process');
  assert.deepEqual(
    crumbsOf(inPod.filter).map(({ level, name, filter, scope }) => [level, name, filter, scope]),
    [
      ['namespace', 'shop', 'verdict:dropped namespace:shop', 'workload'],
      ['workload', 'web', 'verdict:dropped namespace:shop workload:web', 'pod'],
      ['pod', 'web-1', inPod.filter, 'process'],
    ],
  );
  assert.equal(outermost(inPod.filter), 'verdict:dropped');
});

test('stepping into another of the same kind replaces it', () => {
  assert.equal(steppedInto('namespace:shop', target('namespace', 'data', 'data')).filter, 'namespace:data');
});

test('what is left out, or is of one side, is no place to stand', () => {
  assert.deepEqual(crumbsOf('-namespace:shop from:workload:web verdict:dropped'), []);
});
