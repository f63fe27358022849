import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  namespaceOf,
  showsConnections,
  terms,
  withConnections,
  withNamespace,
  withoutTerm,
  withTerms,
} from './terms.ts';

test('a filter is shown term by term, quotes and sides understood', () => {
  const shown = terms('from:namespace:shop -verdict:dropped http.path:"/a b"');
  assert.deepEqual(
    shown.map(({ negated, side, key, value }) => [negated, side, key, value]),
    [
      [false, 'from', 'namespace', 'shop'],
      [true, '', 'verdict', 'dropped'],
      [false, '', 'http.path', '/a b'],
    ],
  );
});

test('adding a term that is there changes nothing; removing takes only that one', () => {
  assert.equal(withTerms('a:1 b:2', 'a:1'), 'a:1 b:2');
  assert.equal(withTerms('', 'a:1 b:2'), 'a:1 b:2');
  assert.equal(withoutTerm('a:1 b:2 -a:1', 'a:1'), 'b:2 -a:1');
});

test('the chosen namespace replaces the one before, and leaves what is left out alone', () => {
  const filter = withNamespace('-namespace:kube-system verdict:dropped', 'shop');
  assert.equal(filter, 'namespace:shop -namespace:kube-system verdict:dropped');
  assert.equal(namespaceOf(withNamespace(filter, 'data')), 'data');
  assert.equal(namespaceOf(withNamespace(filter, undefined)), undefined);
});

test('connection events are left out by a term of the filter, and come back without it', () => {
  const without = withConnections('namespace:shop', false);
  assert.equal(without, 'namespace:shop -type:trace');
  assert.deepEqual([showsConnections(without), showsConnections('type:trace')], [false, true]);
  assert.equal(withConnections(without, true), 'namespace:shop');
});
