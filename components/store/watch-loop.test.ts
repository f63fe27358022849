import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, encodeJsonFrame, FrameKind } from './frames.ts';
import type { Connection } from './messages.ts';
import { backoffMs, runWatchLoop } from './watch-loop.ts';

const hello = encodeJsonFrame(FrameKind.hello, { heartbeatMs: 10_000, relay: 'relay:1' });
const message = (value: number) => encodeFrame(FrameKind.message, new Uint8Array([value]));
const body = (...frames: Uint8Array<ArrayBuffer>[]) => new Response(new Blob(frames).stream());

/** Runs the loop over answers in order, then stops it; tells the states and payloads it saw, and how long it waited. */
async function run(answers: (() => Promise<Response>)[]) {
  const abort = new AbortController();
  const states: Connection[] = [];
  const payloads: number[] = [];
  const waits: number[] = [];
  let asked = 0;
  await runWatchLoop({
    url: 'http://page/api/watch',
    signal: abort.signal,
    onMessage: (payload) => payloads.push(payload[0] ?? -1),
    onConnection: (connection) => states.push(connection),
    fetch: () => {
      const answer = answers[asked++];
      if (answer !== undefined) return answer();
      abort.abort();
      return Promise.reject(new Error('stopped'));
    },
    now: () => 0,
    random: () => 0,
    wait: async (ms) => void waits.push(ms),
  });
  return { states, payloads, waits, asked };
}

test('messages arrive in order, and a stream that ends is opened again', async () => {
  const seen = await run([async () => body(hello, message(1), message(2)), async () => body(hello, message(3))]);
  assert.deepEqual(seen.payloads, [1, 2, 3]);
  assert.deepEqual(
    seen.states.map((state) => state.state),
    ['live', 'reconnecting', 'live', 'reconnecting'],
  );
});

test('delays double while nothing answers, and start anew when the relay has', async () => {
  const down = () => Promise.reject(new Error('refused'));
  const seen = await run([down, down, down, async () => body(hello, message(1)), down]);
  assert.deepEqual(seen.waits, [125, 250, 500, 125, 250]);
});

test('a server that says hello and has no relay is asked more and more seldom, and is not live', async () => {
  const goodbye = encodeJsonFrame(FrameKind.goodbye, { code: 'UNAVAILABLE', text: 'no relay', retry: true });
  const away = async () => body(hello, goodbye);
  const seen = await run([async () => body(hello, message(1)), away, away, away, async () => body(hello, message(2))]);
  assert.deepEqual(seen.waits, [125, 250, 500, 1000, 125]);
  assert.deepEqual(
    seen.states.map(({ state }) => state),
    ['live', 'reconnecting', 'reconnecting', 'reconnecting', 'reconnecting', 'live', 'reconnecting'],
  );
});

test('a goodbye says why, and ends the loop where asking again is useless', async () => {
  const goodbye = encodeJsonFrame(FrameKind.goodbye, {
    code: 'UNIMPLEMENTED',
    text: 'no Dashboard here',
    retry: false,
  });
  const seen = await run([async () => body(hello, goodbye)]);
  assert.deepEqual(seen.states.at(-1), { state: 'refused', reason: 'no Dashboard here' });
  assert.equal(seen.asked, 1);
});

test('a filter the server cannot read is not sent again', async () => {
  const seen = await run([async () => new Response('no such key', { status: 400 })]);
  assert.deepEqual(seen.states, [{ state: 'refused', reason: 'no such key' }]);
});

test('a broken stream is left, not read on', async () => {
  const seen = await run([async () => body(hello, new Uint8Array([0, 0, 0, 1, 77, 0]))]);
  const last = seen.states.at(-1);
  assert.equal(last?.state, 'reconnecting');
  assert.match(last?.state === 'reconnecting' ? last.reason : '', /unknown kind 77/);
});

test('jitter keeps half of a delay and never passes the longest', () => {
  assert.equal(backoffMs(1, 0), 125);
  assert.equal(backoffMs(30, 0.999_999) <= 10_000, true);
});
