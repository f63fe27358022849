import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KIND_FLOW } from '#observer/columns.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { Intake } from './intake.ts';
import { RelayTime } from './relay-time.ts';

it('does not take a peer for silent whose flows arrived while a long turn of the event loop went on', async () => {
  const startMs = Date.UTC(2026, 0, 1);
  let nowMs = startMs;
  const time = new RelayTime(() => nowMs);
  const ring = new FlowRing({ capacityBytes: 1 << 20 });
  const intake = new Intake({ ring, time, onFlow: () => {}, merge: { startWindowMs: 0 } });
  const flow = (atMs: number) => {
    const seconds = BigInt(Math.floor((startMs + atMs) / 1000));
    return GetFlowsResponse.encode(
      GetFlowsResponse.fromPartial({
        responseTypes: { $case: 'flow', value: { uuid: `${atMs}` } },
        time: { seconds, nanos: ((startMs + atMs) % 1000) * 1e6 },
      }),
    ).finish();
  };
  const open = (name: string) => {
    const counters = { seen: 0, lost: 0, late: 0, backfilled: 0, refused: 0 };
    return { counters, stream: intake.open(name, counters, { pause() {}, resume() {} }) };
  };
  const take = ({ stream }: ReturnType<typeof open>, atMs: number) => {
    const message = flow(atMs);
    intake.take(stream, KIND_FLOW, atMs * 1e6, message, 0, message.length);
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const [left, right] = [open('left'), open('right')];
  take(left, 0);
  take(right, 0);
  intake.drainSoon();
  await turn();

  // One turn: the left peer's flows are taken in, which takes 300 ms; what the right one sends meanwhile is unread.
  nowMs = startMs + 10;
  take(left, 5);
  nowMs = startMs + 310;
  intake.drainSoon();
  await turn();
  take(right, 4);
  intake.drainSoon();
  await turn();
  nowMs = startMs + 1000;
  intake.drainSoon();
  await turn();

  assert.equal(left.counters.late + right.counters.late, 0);
  assert.deepEqual(
    Array.from({ length: ring.next }, (_, sequence) => ring.timeMs(sequence) - startMs),
    [0, 0, 4, 5],
  );
  intake.stop();
});
