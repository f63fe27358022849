import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BACKFILLED, LATE } from './flow-merge.ts';
import { Bench, ms } from './testing/merge-bench.ts';

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

  it('sorts a guest that comes in time among the others, and neither waits for it nor calls it late', () => {
    const bench = new Bench();
    const guest = bench.merge.joinAsGuest('logs', bench.nowNs);
    const peer = bench.live('a', true);
    const logged = bench.push(guest, bench.nowNs - 5 * ms);
    const earlier = bench.push(peer, bench.nowNs - 10 * ms);
    assert.deepEqual(bench.drain(), [earlier], 'the peer may still tell of what was before the guest');
    bench.merge.promise(peer, bench.nowNs, bench.nowNs);
    assert.deepEqual(bench.drain(), [logged]);
    const overdue = bench.push(guest, bench.nowNs - 5_000 * ms);
    assert.equal(bench.emitted.at(-1)?.serial, overdue, 'at once');
    assert.deepEqual([bench.merge.late, bench.merge.backfilled, bench.merge.queued], [0, 0, 0]);
  });

  it('keeps of a guest no more than of a peer, and is under no pressure from it', () => {
    const bench = new Bench({ maxPeerBytes: 40 });
    const guest = bench.merge.joinAsGuest('logs', bench.nowNs);
    const peer = bench.live('a', true);
    bench.push(peer, bench.nowNs - 10 * ms);
    for (let each = 0; each < 100; each++) bench.push(guest, bench.nowNs);
    assert.ok(bench.merge.queued < 100 && bench.emitted.length > 0);
    assert.equal(bench.emitted.length + bench.merge.queued, 101);
    assert.equal(bench.merge.isFull(guest), false);
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
