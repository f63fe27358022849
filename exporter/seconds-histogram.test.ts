import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { SecondsHistogram } from './seconds-histogram.ts';

const options = {
  name: 'took_seconds',
  help: 'From start to end',
  labelNames: ['method', 'reporter'],
  buckets: [0.001, 0.5, 1, 10],
};

test('what Prometheus is told of observations is what prom-client tells of them', async () => {
  const observation = fc.record({
    method: fc.constantFrom('GET', 'PUT'),
    reporter: fc.constantFrom('client', 'server'),
    seconds: fc.oneof(fc.constantFrom(0, 0.001, 0.5, 1, 10, 11), fc.double({ min: 0, max: 20, noNaN: true })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { maxLength: 20 }), async (observations) => {
      const [registry, plainRegistry] = [new Registry(), new Registry()];
      const histogram = new SecondsHistogram(registry, options);
      const plain = new Histogram({ ...options, registers: [plainRegistry] });
      for (const { seconds, ...labels } of observations) {
        histogram.series(labels).observe(seconds);
        plain.observe(labels, seconds);
      }
      const lines = (await registry.metrics()).split('\n').sort();
      assert.deepEqual(lines, (await plainRegistry.metrics()).split('\n').sort());
    }),
  );
});
