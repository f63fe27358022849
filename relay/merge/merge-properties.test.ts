import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BACKFILLED, IN_ORDER, LATE } from './flow-merge.ts';
import type { MergePeer } from './merge-peer.ts';
import { Bench, ms } from './testing/merge-bench.ts';

type Step =
  | { readonly kind: 'flow'; readonly peer: number; readonly ageMs: number }
  | { readonly kind: 'promise'; readonly peer: number; readonly ageMs: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'die' | 'return'; readonly peer: number };

const peer = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('flow' as const), peer, ageMs: fc.integer({ min: -80, max: 200 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('promise' as const), peer, ageMs: fc.integer({ min: 0, max: 30 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 120 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('die' as const, 'return' as const), peer }) },
);

describe('FlowMerge, whatever happens', () => {
  it('emits every flow exactly once, in order but for those it counts', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.constantFrom(0, 400), (steps, startWindowMs) => {
        const bench = new Bench({ startWindowMs });
        const peers: (MergePeer | undefined)[] = [0, 1, 2, 3].map((index) =>
          bench.merge.join(String(index), bench.nowNs),
        );
        const keys: number[] = [];
        for (const one of steps) {
          if (one.kind === 'pass') bench.nowNs += one.ms * ms;
          else if (one.kind === 'return') {
            peers[one.peer] ??= bench.merge.join(String(one.peer), bench.nowNs);
          } else {
            const target = peers[one.peer];
            if (target === undefined) continue;
            if (one.kind === 'die') {
              bench.merge.leave(target);
              peers[one.peer] = undefined;
            } else if (one.kind === 'promise') bench.merge.promise(target, bench.nowNs - one.ageMs * ms, bench.nowNs);
            else if (one.kind === 'flow') {
              // What a flow from the future is sorted by is the edge of the window.
              keys.push(Math.min(bench.nowNs - one.ageMs * ms, bench.nowNs + 50 * ms));
              bench.push(target, bench.nowNs - one.ageMs * ms);
            }
          }
          bench.merge.drain(bench.nowNs);
        }
        bench.runOut();
        const serials = bench.emitted.map((one) => one.serial).sort((a, b) => a - b);
        assert.deepEqual(serials, [...keys.keys()]);
        assert.equal(bench.emitted.filter((one) => one.order === LATE).length, bench.merge.late);
        assert.equal(bench.emitted.filter((one) => one.order === BACKFILLED).length, bench.merge.backfilled);
        let last = Number.NEGATIVE_INFINITY;
        for (const one of bench.emitted.filter((each) => each.order === IN_ORDER)) {
          const key = keys[one.serial] as number;
          assert.ok(key >= last, `${one.serial} goes back by ${(last - key) / ms} ms without being counted`);
          last = key;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('counts nothing late when each peer is sorted and comes within the window', () => {
    const delayed = fc.array(
      fc.record({ gapUs: fc.integer({ min: 0, max: 30_000 }), delayMs: fc.integer({ min: 0, max: 49 }) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(fc.array(delayed, { minLength: 1, maxLength: 6 }), fc.boolean(), (streams, hasHeartbeats) => {
        const bench = new Bench({ windowMs: 50 });
        const startNs = bench.nowNs;
        const arrivals: { peer: MergePeer; timeNs: number; atNs: number }[] = [];
        streams.forEach((stream, index) => {
          const from = bench.live(String(index), hasHeartbeats);
          let timeNs = startNs;
          let atNs = startNs;
          for (const { gapUs, delayMs } of stream) {
            timeNs += gapUs * 1000;
            atNs = Math.max(atNs, timeNs + delayMs * ms);
            arrivals.push({ peer: from, timeNs, atNs });
          }
        });
        arrivals.sort((a, b) => a.atNs - b.atNs);
        for (const { peer: from, timeNs, atNs } of arrivals) {
          for (let due = bench.merge.nextDrainNs(bench.nowNs); due !== undefined && due < atNs; ) {
            bench.nowNs = due;
            bench.merge.drain(due);
            due = bench.merge.nextDrainNs(due);
          }
          bench.nowNs = atNs;
          bench.push(from, timeNs);
          bench.merge.drain(atNs);
        }
        bench.runOut();
        assert.equal(bench.merge.late, 0);
        assert.equal(bench.emitted.length, arrivals.length);
      }),
      { numRuns: 200 },
    );
  });

  it('orders flows of two peers that are one nanosecond apart', () => {
    // Nanoseconds since 1970 in a double are steps of 256: keys relative to a near epoch are exact.
    const bench = new Bench();
    const a = bench.live('a', true);
    const b = bench.live('b', true);
    const later = bench.push(a, bench.nowNs + 1);
    const sooner = bench.push(b, bench.nowNs);
    bench.merge.promise(a, bench.nowNs + 1, bench.nowNs);
    bench.merge.promise(b, bench.nowNs + 1, bench.nowNs);
    assert.deepEqual(bench.drain(), [sooner, later]);
  });
});
