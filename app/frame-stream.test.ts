import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameKind, FrameReader } from '#components/store/frames.ts';
import { frameStream } from './frame-stream.ts';
import type { WatchEvents } from './relay-client.ts';

function relay() {
  const seen = { pauses: 0, resumes: 0, cancels: 0 };
  let events: WatchEvents | undefined;
  return {
    seen,
    open: (given: WatchEvents) => {
      events = given;
      return { pause: () => seen.pauses++, resume: () => seen.resumes++, cancel: () => seen.cancels++ };
    },
    say: (bytes: number) => events?.onMessage(new Uint8Array(bytes)),
    end: () => events?.onEnd({ code: 'UNAVAILABLE', httpStatus: 503, text: 'gone', retry: true }),
  };
}

test('the first frame is a hello, before the relay has said anything', async () => {
  const { open } = relay();
  const reader = frameStream({ open, signal: new AbortController().signal }).getReader();
  const [frame] = new FrameReader().push((await reader.read()).value ?? new Uint8Array());
  assert.equal(frame?.kind, FrameKind.hello);
  await reader.cancel();
});

test("a tab that closes ends the relay's call, by its request's signal and by cancelling the body", async () => {
  const first = relay();
  const abort = new AbortController();
  frameStream({ open: first.open, signal: abort.signal });
  abort.abort();
  assert.equal(first.seen.cancels, 1);
  const second = relay();
  await frameStream({ open: second.open, signal: new AbortController().signal }).cancel();
  assert.equal(second.seen.cancels, 1);
});

test('a slow reader pauses the call at the bound, and reading on resumes it', async () => {
  const { open, say, seen } = relay();
  const reader = frameStream({ open, signal: new AbortController().signal }).getReader();
  for (let each = 0; each < 5; each++) say(100_000);
  assert.ok(seen.pauses > 0);
  const before = seen.resumes;
  for (let each = 0; each < 6; each++) await reader.read();
  assert.ok(seen.resumes > before);
  await reader.cancel();
});

test('a reader that takes nothing for the stall time is hung up on', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const { open, say, seen } = relay();
  frameStream({ open, signal: new AbortController().signal, stallMs: 30_000 });
  say(300_000);
  context.mock.timers.tick(29_999);
  assert.equal(seen.cancels, 0);
  context.mock.timers.tick(1);
  assert.equal(seen.cancels, 1);
});

test("the relay's end is told in a goodbye, and the body closes", async () => {
  const { open, end } = relay();
  const body = frameStream({ open, signal: new AbortController().signal });
  end();
  const frames = new FrameReader().push(new Uint8Array(await new Response(body).arrayBuffer()));
  assert.deepEqual(
    frames.map((frame) => frame.kind),
    [FrameKind.hello, FrameKind.goodbye],
  );
  const goodbye: unknown = JSON.parse(new TextDecoder().decode(frames[1]?.payload));
  assert.deepEqual(goodbye, { code: 'UNAVAILABLE', text: 'gone', retry: true });
});

test('silence is broken by heartbeats', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const { open } = relay();
  const reader = frameStream({ open, signal: new AbortController().signal, heartbeatMs: 10 }).getReader();
  context.mock.timers.tick(10);
  return reader.read().then(async () => {
    const [frame] = new FrameReader().push((await reader.read()).value ?? new Uint8Array());
    assert.equal(frame?.kind, FrameKind.heartbeat);
    await reader.cancel();
  });
});
