import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LifetimeMap } from './lifetime-map.ts';

const SECOND_NS = 1e9;

test('what has ended is still found for ten seconds, and no longer', () => {
  const map = new LifetimeMap<string, number>(10);
  map.set('ended', 1);
  map.set('open', 2);
  map.end('ended', 0);
  map.sweep(9 * SECOND_NS);
  assert.equal(map.get('ended'), 1);
  map.sweep(10 * SECOND_NS);
  assert.deepEqual([map.has('ended'), map.has('open')], [false, true]);
});

test('what is told of anew after its end lives again', () => {
  const map = new LifetimeMap<string, number>(10);
  map.set('port', 1);
  map.end('port', 0);
  map.set('port', 2);
  map.sweep(60 * SECOND_NS);
  assert.equal(map.get('port'), 2);
});

test('at the bound the least recently told leaves, and is counted', () => {
  const map = new LifetimeMap<number, string>(2);
  for (const key of [1, 2, 1, 3]) map.set(key, 'x');
  assert.deepEqual([map.has(1), map.has(2), map.has(3)], [true, false, true]);
  assert.deepEqual(map.counters, { known: 2, evicted: 1 });
});

test('the end of something unknown leaves nothing behind', () => {
  const map = new LifetimeMap<number, string>(2);
  map.end(7, 0);
  map.set(7, 'x');
  map.sweep(60 * SECOND_NS);
  assert.ok(map.has(7));
});

test('whatever is told, what is known is what two plain lists say', () => {
  const step = fc.record({
    what: fc.constantFrom('set', 'set', 'set', 'end', 'sweep'),
    key: fc.nat(7),
    laterNs: fc.constantFrom(0, SECOND_NS, 6 * SECOND_NS),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new LifetimeMap<number, number>(5);
      let told: { key: number; value: number; endedNs?: number }[] = [];
      let [nowNs, evicted] = [0, 0];
      for (const [number, { what, key, laterNs }] of steps.entries()) {
        nowNs += laterNs;
        if (what === 'set') {
          map.set(key, number);
          told = [...told.filter((one) => one.key !== key), { key, value: number }];
          if (told.length > 5) evicted++;
          told = told.slice(-5);
        } else if (what === 'end') {
          map.end(key, nowNs);
          told = told.map((one) => (one.key === key ? { ...one, endedNs: nowNs } : one));
        } else {
          map.sweep(nowNs);
          told = told.filter(({ endedNs }) => endedNs === undefined || endedNs + 10 * SECOND_NS > nowNs);
        }
        const values = new Map(told.map((one) => [one.key, one.value]));
        for (let each = 0; each < 8; each++) assert.equal(map.get(each), values.get(each));
        assert.deepEqual(map.counters, { known: told.length, evicted });
      }
    }),
    { numRuns: 300 },
  );
});
