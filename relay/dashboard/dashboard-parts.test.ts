import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileFilters } from '#flow/filter/compile.ts';
import type { Lane } from '#observer/fast-lane.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { unframe } from '#observer/frame.ts';
import { FlowFilter } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { Status, WatchRequest, WatchResponse } from '#proto/gen/parallax/v1/dashboard.ts';
import { flowBytes } from '../observer-fixture.ts';
import { RelayTime } from '../relay-time.ts';
import { encodeFlowBatch } from './flow-batch.ts';
import { FlowRows } from './flow-rows.ts';
import { RowSampler } from './row-sampler.ts';
import { Watch } from './watch.ts';

describe('encodeFlowBatch', () => {
  it('is what the generated encoder would have made of the decoded flows', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.boolean(), (lengths, matched, lost, history) => {
        const time = { seconds: 1_800_000_000n, nanos: 5 };
        const responses = lengths.map((length, index) =>
          flowBytes('x'.repeat(length), `node-${index}`, 1_800_000_000_000),
        );
        const framed = encodeFlowBatch(time, responses, { matched, skipped: 3, lost, history });
        const [message] = [...unframe(framed)];
        const value = {
          responses: responses.map((response) => GetFlowsResponse.decode(response)),
          matched: BigInt(matched),
          skipped: 3n,
          lost: BigInt(lost),
          history,
        };
        const expected = WatchResponse.encode({ time, message: { $case: 'flows', value } }).finish();
        assert.ok(message !== undefined && Buffer.compare(message, expected) === 0);
      }),
      { numRuns: 50 },
    );
  });
});

describe('RowSampler', () => {
  const whole = { half: () => 'whole' as const, connection: () => 0 };
  /** Row 2n is the request of connection n, row 2n + 1 its response. */
  const exchanges = {
    half: (row: number) => (row % 2 === 0 ? ('request' as const) : ('response' as const)),
    connection: (row: number) => row >> 1,
  };

  it('lets all rows through within the rate, and an even sample beyond it', () => {
    const sampler = new RowSampler(100, 0, whole);
    const rows = Array.from({ length: 200 }, (_, index) => index);
    assert.deepEqual(sampler.sample(rows.slice(0, 40), 0), rows.slice(0, 40));
    const sampled = sampler.sample(rows, 0);
    assert.equal(sampled.length, 60);
    assert.deepEqual(sampler.sample(rows, 0), []);
    assert.equal(sampler.sample(rows, 500).length, 50);
    assert.deepEqual(
      sampled,
      [...new Set(sampled)].sort((a, b) => a - b),
    );
  });

  it('leaves out requests before their responses, which tell both', () => {
    const sampler = new RowSampler(50, 0, exchanges);
    const rows = Array.from({ length: 100 }, (_, index) => index);
    assert.deepEqual(
      sampler.sample(rows, 0).filter((row) => row % 2 === 0),
      [],
    );
  });

  it('shows the response to every request that was shown, however busy the stream is by then', () => {
    const sampler = new RowSampler(20, 0, exchanges);
    const requests = Array.from({ length: 10 }, (_, index) => 2 * index);
    assert.deepEqual(sampler.sample(requests, 0), requests);
    const flood = Array.from({ length: 500 }, (_, index) => 2 * index + 1);
    const shown = new Set(sampler.sample(flood, 0));
    assert.deepEqual(
      requests.filter((request) => !shown.has(request + 1)),
      [],
    );
  });
});

describe('FlowRows', () => {
  it('counts as lost what the ring overwrote before it was looked at', () => {
    const ring = new FlowRing({ capacityBytes: 1 << 16, slots: 16, endpointIds: 64, endpointKeyBytes: 1 << 16 });
    const rows = new FlowRows(ring, compileFilters([], []), 1000, 0);
    for (let index = 0; index < 20; index += 1) ring.append(flowBytes(`${index}`, 'a', 1_800_000_000_000));
    const { sequences, matched, lost } = rows.read(0, false);
    assert.equal(lost, ring.oldest);
    assert.equal(matched + lost, 20);
    assert.equal(sequences.length, matched);
  });
});

describe('history', () => {
  it('is walked in turns with others, however slow the filter, and is the last that match', () => {
    const ring = new FlowRing({ capacityBytes: 1 << 22, endpointIds: 64, endpointKeyBytes: 1 << 16 });
    for (let index = 0; index < 4_000; index += 1) ring.append(flowBytes(`${index}`, 'a', 1_800_000_000_000));
    const slow = compileFilters([FlowFilter.fromPartial({ experimental: { celExpression: ['slow'] } })], [], () => {
      return () => {
        const until = performance.now() + 0.02;
        while (performance.now() < until);
        return true;
      };
    });
    const walk = new FlowRows(ring, slow, 1000, 0).history(3_000);
    let turns = 0;
    let step = walk.next();
    for (; step.done !== true; step = walk.next()) turns += 1;
    assert.ok(turns > 1, `${turns} turns`);
    assert.deepEqual([step.value.length, step.value[0], step.value.at(-1)], [3_000, 1_000, 3_999]);
  });
});

describe('a Watch whose reader takes nothing', () => {
  class StalledLane implements Lane {
    readonly isFast = true;
    pendingBytes = 0;
    isClosed = false;
    readonly written: WatchResponse[] = [];
    ended: string | undefined;

    write(frames: Uint8Array): void {
      for (const message of unframe(frames)) this.written.push(WatchResponse.decode(message));
    }

    end(error?: { message: string }): void {
      this.ended = error?.message ?? '';
      this.isClosed = true;
    }
  }

  function watchOf(t: { mock: { timers: { enable(options: { apis: ['setInterval'] }): void } } }) {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const clock = { nowMs: 1_800_000_000_000 };
    const ring = new FlowRing({ capacityBytes: 1 << 20, endpointIds: 64, endpointKeyBytes: 1 << 16 });
    let ends = 0;
    const watch = new Watch({
      request: WatchRequest.fromPartial({ flows: true, status: true }),
      filter: compileFilters([], []),
      ring,
      time: new RelayTime(() => clock.nowMs),
      mapView: undefined,
      currentStatus: () => Status.create(),
      onEnd: () => {
        ends += 1;
      },
    });
    const lane = new StalledLane();
    watch.start(lane);
    return { ring, clock, lane, ends: () => ends };
  }

  it('is told afterwards how many rows were left out', (t) => {
    const { ring, lane } = watchOf(t);
    lane.pendingBytes = 3 << 20;
    ring.append(flowBytes('a', 'a', 1_800_000_000_000));
    ring.append(flowBytes('b', 'a', 1_800_000_000_000));
    t.mock.timers.tick(100);
    lane.pendingBytes = 0;
    t.mock.timers.tick(100);
    const batches = lane.written.flatMap(({ message }) => (message?.$case === 'flows' ? [message.value] : []));
    assert.deepEqual(
      batches.map(({ matched, skipped, responses }) => [matched, skipped, responses.length]),
      [[2n, 2n, 0]],
    );
  });

  it('is cut after half a minute, and stops all its work', (t) => {
    const { clock, lane, ends } = watchOf(t);
    lane.pendingBytes = 3 << 20;
    t.mock.timers.tick(100);
    clock.nowMs += 30_000;
    t.mock.timers.tick(100);
    assert.match(lane.ended ?? '', /took nothing for 30 s/);
    assert.equal(ends(), 1);
    t.mock.timers.tick(1000);
    assert.equal(ends(), 1);
  });
});
