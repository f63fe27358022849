import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PodCounts, sumTruth } from './counts.ts';

function pod(sent: number, statuses: readonly string[]) {
  const counts = new PodCounts();
  const edge = counts.edge('shop/catalog', 'data/redis', 'redis', 6379);
  for (let n = 0; n < sent; n++) edge.sent();
  for (const status of statuses) edge.answered(status);
  return counts;
}

test('replicas of a workload are summed, status by status', () => {
  const reports = [pod(3, ['ok', 'ok', 'error']).all(), pod(2, ['ok']).all()];
  const [edge, ...others] = sumTruth(reports);
  assert.deepEqual(others, []);
  assert.equal(edge?.sent, 5);
  assert.equal(edge?.answered, 4);
  assert.deepEqual(edge?.statuses, { ok: 3, error: 1 });
});

test('a sum leaves what it was made of as it was', () => {
  const counts = pod(1, ['ok']);
  sumTruth([counts.all(), pod(1, ['ok']).all()]);
  assert.deepEqual(counts.all()[0]?.statuses, { ok: 1 });
});

test('what was counted at the destination stays apart from what the source counted', () => {
  const counts = new PodCounts();
  counts.edge('a/b', 'c/d', 'http1', 80).sent();
  const destination = new PodCounts();
  destination.edge('a/b', 'c/d', 'http1', 80, 'destination').sent();
  assert.deepEqual(
    sumTruth([counts.all(), destination.all()]).map((edge) => edge.countedBy),
    ['source', 'destination'],
  );
});

test('each answer is announced after it was counted', () => {
  const seen: number[] = [];
  const counts = new PodCounts(() => seen.push(counts.all()[0]?.answered ?? 0));
  counts.edge('a/b', 'c/d', 'http1', 80).answered('200');
  counts.edge('a/b', 'c/d', 'http1', 80).answered('404');
  assert.deepEqual(seen, [1, 2]);
});
