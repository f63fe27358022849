import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BACKFILLED, FlowMerge, IN_ORDER, LATE, type Order } from './flow-merge.ts';
import type { MergePeer } from './merge-peer.ts';

const ms = 1e6;

interface Emitted {
  readonly peer: string;
  readonly serial: number;
  readonly order: Order;
}

/** A merge whose messages are numbers: the chunk of each holds its serial, so that identity survives the way through. */
class Bench {
  nowNs = 1_000_000 * ms;
  readonly emitted: Emitted[] = [];
  readonly times: number[] = [];
  readonly merge: FlowMerge;

  constructor(options: Partial<ConstructorParameters<typeof FlowMerge>[0]> = {}) {
    this.merge = new FlowMerge({
      startWindowMs: 0,
      ...options,
      nowNs: this.nowNs,
      sink: (peer, chunk, start, _end, order) => {
        const serial = new DataView(chunk.buffer, chunk.byteOffset).getUint32(start);
        this.emitted.push({ peer: peer.name, serial, order });
      },
    });
  }

  live(name: string, hasHeartbeats: boolean): MergePeer {
    const peer = this.merge.join(name, this.nowNs);
    for (const ageMs of hasHeartbeats ? [3_600_000, 3_599_999] : []) {
      this.merge.promise(peer, this.nowNs - ageMs * ms, this.nowNs);
    }
    peer.phase = 'live';
    return peer;
  }

  push(peer: MergePeer, timeNs: number): number {
    const serial = this.times.length;
    this.times.push(timeNs);
    const chunk = new Uint8Array(8);
    new DataView(chunk.buffer).setUint32(2, serial);
    this.merge.push(peer, timeNs, chunk, 2, 6, this.nowNs);
    return serial;
  }

  drain(): number[] {
    const from = this.emitted.length;
    this.merge.drain(this.nowNs);
    return this.emitted.slice(from).map((one) => one.serial);
  }

  /** Lets the clock run to each deadline that the merge asks for until it asks for none. */
  runOut(): void {
    for (let round = 0; round < 1000; round += 1) {
      const atNs = this.merge.nextDrainNs(this.nowNs);
      if (atNs === undefined) return;
      assert.ok(atNs >= this.nowNs, 'a deadline is never in the past');
      this.nowNs = atNs;
      this.merge.drain(this.nowNs);
    }
    assert.fail('the merge keeps asking for time without emitting what it holds');
  }
}

describe('FlowMerge', () => {
  it('holds a flow back until every peer is known to be past its time', () => {
    const bench = new Bench();
    const a = bench.live('a', true);
    const b = bench.live('b', true);
    const first = bench.push(a, bench.nowNs - 5 * ms);
    assert.deepEqual(bench.drain(), []);
    const second = bench.push(b, bench.nowNs - 4 * ms);
    assert.deepEqual(bench.drain(), [first]);
    bench.merge.promise(a, bench.nowNs, bench.nowNs);
    assert.deepEqual(bench.drain(), [second]);
  });

  it('waits for a silent peer without heartbeats for the window and no longer', () => {
    const bench = new Bench({ windowMs: 50 });
    const a = bench.live('a', true);
    bench.live('b', false);
    const serial = bench.push(a, bench.nowNs);
    assert.deepEqual(bench.drain(), []);
    assert.equal(bench.merge.nextDrainNs(bench.nowNs), bench.nowNs + 50 * ms);
    bench.nowNs += 50 * ms - 1;
    assert.deepEqual(bench.drain(), []);
    bench.nowNs += 1;
    assert.deepEqual(bench.drain(), [serial]);
  });

  it('does not take one repeated time for heartbeats', () => {
    const bench = new Bench({ windowMs: 50, promiseWindowMs: 250 });
    const a = bench.live('a', true);
    const b = bench.live('b', false);
    bench.push(b, bench.nowNs - ms);
    bench.merge.promise(b, bench.nowNs - ms, bench.nowNs);
    bench.drain();
    const serial = bench.push(a, bench.nowNs);
    bench.nowNs += 50 * ms;
    assert.ok(bench.drain().includes(serial));
  });

  it('waits longer for a peer that sends heartbeats, but no longer than its own window', () => {
    const bench = new Bench({ windowMs: 50, promiseWindowMs: 250 });
    const a = bench.live('a', true);
    bench.live('b', true);
    const serial = bench.push(a, bench.nowNs);
    bench.nowNs += 250 * ms - 1;
    assert.deepEqual(bench.drain(), []);
    bench.nowNs += 1;
    assert.deepEqual(bench.drain(), [serial]);
  });

  it('waits as long for a busy peer with heartbeats after it stalled once', () => {
    const bench = new Bench({ windowMs: 50, promiseWindowMs: 250 });
    const a = bench.live('a', true);
    const b = bench.live('b', true);
    bench.nowNs += 250 * ms;
    bench.drain();
    bench.push(b, bench.nowNs);
    bench.drain();
    const serial = bench.push(a, bench.nowNs + ms);
    bench.nowNs += 250 * ms - 1;
    assert.ok(!bench.drain().includes(serial));
    bench.nowNs += 1 + ms;
    assert.ok(bench.drain().includes(serial));
  });

  it('does not take a peer for silent that is not read because its queue is full', () => {
    const bench = new Bench({ maxPeerBytes: 8, windowMs: 50 });
    const a = bench.live('a', false);
    const b = bench.live('b', false);
    bench.push(a, bench.nowNs + ms);
    const full = [bench.push(b, bench.nowNs), bench.push(b, bench.nowNs)];
    assert.ok(bench.merge.isFull(b));
    bench.nowNs += 1000 * ms;
    assert.deepEqual(bench.drain(), full);
    bench.merge.resume(b, bench.nowNs);
    assert.deepEqual(bench.drain(), []);
    bench.push(b, bench.nowNs - 999.5 * ms);
    assert.equal(bench.merge.late, 0);
  });

  it('passes on a flow that is later than the window, marked and counted', () => {
    const bench = new Bench({ windowMs: 50 });
    const a = bench.live('a', false);
    const b = bench.live('b', false);
    bench.push(a, bench.nowNs);
    bench.nowNs += 50 * ms;
    bench.drain();
    const late = bench.push(b, bench.nowNs - 51 * ms);
    assert.deepEqual(bench.emitted.at(-1), { peer: 'b', serial: late, order: LATE });
    assert.equal(bench.merge.late, 1);
  });

  it('learns the disorder inside one peer and sorts it from then on', () => {
    const bench = new Bench();
    const a = bench.live('a', false);
    for (const back of [0, 3, 1, 6, 4, 9, 7, 12]) {
      bench.push(a, bench.nowNs - 20 * ms + back * ms);
      bench.drain();
    }
    assert.equal(bench.merge.late, 1, 'only the disorder that showed the need comes late');
    bench.runOut();
    assert.equal(bench.emitted.length, 8);
  });

  it('does not wait for a peer whose clock is far behind the others', () => {
    const bench = new Bench({ maxLagMs: 1000 });
    const a = bench.live('a', true);
    const b = bench.live('b', true);
    bench.push(b, bench.nowNs - 60_000 * ms);
    const current = bench.push(a, bench.nowNs - 1000 * ms);
    bench.push(a, bench.nowNs);
    assert.ok(bench.drain().includes(current));
  });

  it('waits under pressure for a peer that lags by more than it may else, and lets the others be full', () => {
    for (const [maxPeerBytes, isPressed] of [
      [8, true],
      [1000, false],
    ] as const) {
      const bench = new Bench({ maxPeerBytes, maxLagMs: 1000, maxPressedLagMs: 10_000, windowMs: 50 });
      const a = bench.live('a', false);
      const b = bench.live('b', false);
      const old = bench.push(b, bench.nowNs - 3000 * ms);
      const fresh = [bench.push(a, bench.nowNs), bench.push(a, bench.nowNs)];
      assert.equal(bench.merge.isFull(a), isPressed);
      assert.deepEqual(bench.drain(), isPressed ? [old] : [old, ...fresh]);
      bench.push(b, bench.nowNs - 2500 * ms);
      assert.equal(bench.merge.late, isPressed ? 0 : 1);
    }
  });

  it('does not wait even under pressure for a peer whose clock is far off', () => {
    const bench = new Bench({ maxPeerBytes: 8, maxPressedLagMs: 10_000, windowMs: 50 });
    const a = bench.live('a', false);
    const b = bench.live('b', false);
    const old = bench.push(b, bench.nowNs - 60_000 * ms);
    const fresh = [bench.push(a, bench.nowNs), bench.push(a, bench.nowNs)];
    assert.deepEqual(bench.drain(), [old, ...fresh]);
  });

  it('is full until half of the bound is free', () => {
    const bench = new Bench({ maxPeerBytes: 16, windowMs: 50 });
    const a = bench.live('a', false);
    const b = bench.live('b', false);
    for (let i = 0; i < 4; i += 1) bench.push(a, bench.nowNs + i);
    const full = [0, 1, 2, 3].map((i) => {
      bench.push(b, bench.nowNs + i);
      bench.drain();
      return bench.merge.isFull(a);
    });
    assert.deepEqual(full, [true, false, false, false]);
  });

  it('is not led into the future by a peer whose clock is ahead', () => {
    const bench = new Bench({ windowMs: 50 });
    const a = bench.live('a', true);
    const b = bench.live('b', false);
    bench.push(a, bench.nowNs + 3_600_000 * ms);
    bench.runOut();
    bench.push(b, bench.nowNs);
    bench.runOut();
    assert.equal(bench.merge.late, 0);
    assert.equal(bench.merge.ahead, 1);
  });

  it('merges what the first peers had before the relay started, however old', () => {
    const bench = new Bench({ startWindowMs: 5000 });
    const a = bench.merge.join('a', bench.nowNs);
    const b = bench.merge.join('b', bench.nowNs);
    const a1 = bench.push(a, bench.nowNs - 9000 * ms);
    const a2 = bench.push(a, bench.nowNs - 7000 * ms);
    assert.deepEqual(bench.drain(), []);
    const b1 = bench.push(b, bench.nowNs - 8000 * ms);
    assert.deepEqual(bench.drain(), [a1, b1]);
    bench.merge.promise(b, bench.nowNs, bench.nowNs);
    assert.deepEqual(bench.drain(), [a2]);
  });

  it('does not hold up live flows for a peer that joins later, and marks what that one missed as backfilled', () => {
    const bench = new Bench();
    const a = bench.live('a', true);
    bench.push(a, bench.nowNs);
    bench.drain();
    const b = bench.merge.join('b', bench.nowNs);
    bench.push(b, bench.nowNs - 500 * ms);
    assert.equal(bench.emitted.at(-1)?.order, BACKFILLED);
    const next = bench.push(a, bench.nowNs);
    assert.deepEqual(bench.drain(), [next]);
    assert.equal(bench.merge.late, 0);
  });

  it('emits what a peer sent before it died, and stops waiting for it', () => {
    const bench = new Bench();
    const a = bench.live('a', true);
    const b = bench.live('b', true);
    const mine = bench.push(a, bench.nowNs - 2 * ms);
    const other = bench.push(b, bench.nowNs - ms);
    bench.merge.leave(a);
    assert.deepEqual(bench.drain(), [mine, other]);
    bench.merge.leave(b);
    assert.equal(bench.merge.queued, 0);
  });

  it('says when a peer has more queued than the bound, and goes on when that is emitted', () => {
    const bench = new Bench({ maxPeerBytes: 8 });
    const a = bench.live('a', true);
    const b = bench.live('b', true);
    bench.push(a, bench.nowNs);
    assert.equal(bench.merge.isFull(a), false);
    bench.push(a, bench.nowNs);
    assert.equal(bench.merge.isFull(a), true);
    bench.merge.promise(b, bench.nowNs, bench.nowNs);
    bench.drain();
    assert.equal(bench.merge.isFull(a), false);
  });
});

/** One step of a random history of up to four peers. */
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
