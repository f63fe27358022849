import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentileUs } from './figures.ts';

test('a percentile lies within the bucket that holds it', () => {
  const histogram = Array.from({ length: 40 }, (_, bucket) => (bucket === 20 ? 98 : bucket === 30 ? 2 : 0));
  const p50 = percentileUs(histogram, 0.5) ?? 0;
  const p99 = percentileUs(histogram, 0.99) ?? 0;
  assert.ok(p50 >= 2 ** 10 && p50 < 2 ** 10.5, `p50 ${p50}`);
  assert.ok(p99 >= 2 ** 15 && p99 < 2 ** 15.5, `p99 ${p99}`);
});

test('no counts, no percentile', () => {
  assert.equal(percentileUs([], 0.5), undefined);
  assert.equal(percentileUs([0, 0], 0.99), undefined);
});
