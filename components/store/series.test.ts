import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesFrom } from './series.ts';

const bucket = (second: number, more: object) => ({ start: new Date(second * 1000).toISOString(), ...more });

test('totals of a bucket become rates, texts numbers, and the bucket that is not full is left out', () => {
  const latencyHistogram = Array.from({ length: 40 }, (_, index) => (index === 20 ? 10 : 0));
  const series = seriesFrom({
    bucketMs: 5000,
    buckets: [
      bucket(5, { requests: '50', errorsServer: '5', latencyHistogram }),
      bucket(10, { connections: '10' }),
      bucket(15, {}),
    ],
  });
  assert.deepEqual(
    series?.points.map(({ timeMs, requestsPerSecond, errorsPerSecond }) => [
      timeMs,
      requestsPerSecond,
      errorsPerSecond,
    ]),
    [
      [5000, 10, 1],
      [10_000, 2, 0],
    ],
  );
  assert.ok(Math.abs((series?.points[0]?.p50Us ?? 0) - 2 ** 10.25) < 1);
  assert.ok(Number.isNaN(series?.points[1]?.p99Us));
});

test('what is no series is none', () => {
  for (const json of [null, [], 'x', {}, { bucketMs: 0 }]) assert.equal(seriesFrom(json), undefined);
});
