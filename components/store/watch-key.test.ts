import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchKey, watchKeyOfAddress } from './watch-key.ts';

test('a watch opened from the address alone is the one that the page asks for later', () => {
  assert.equal(watchKeyOfAddress(''), watchKey('', 300, 'workload'));
  assert.equal(
    watchKeyOfAddress('?q=verdict%3Adropped+a%26b&window=60&scope=pod&sel=x'),
    watchKey('verdict:dropped a&b', 60, 'pod'),
  );
});

test('what an address cannot mean is as if it were not there', () => {
  assert.equal(watchKeyOfAddress('?window=soon&scope=galaxy'), watchKey('', 300, 'workload'));
});

test('clusters and namespaces are folded from workloads, and share their watch', () => {
  assert.equal(watchKey('', 300, 'namespace'), watchKey('', 300, 'workload'));
  assert.notEqual(watchKey('', 300, 'process'), watchKey('', 300, 'workload'));
});
