import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, encodeJsonFrame, FrameKind, FrameReader } from './frames.ts';

test('frames survive any cutting of the stream into chunks', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
  fc.assert(
    fc.property(payloads, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Uint8Array.from(Buffer.concat(sent.map((payload) => encodeFrame(FrameKind.message, payload))));
      const reader = new FrameReader();
      const received: Uint8Array[] = [];
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const size = cuts[cut % cuts.length] ?? 1;
        for (const frame of reader.push(stream.subarray(at, at + size))) received.push(frame.payload.slice());
        at += size;
      }
      assert.deepEqual(
        received,
        sent.map((payload) => new Uint8Array(payload)),
      );
    }),
  );
});

test('an unknown kind of frame is refused', () => {
  const frame = encodeFrame(FrameKind.heartbeat, new Uint8Array(0));
  frame[4] = 99;
  assert.throws(() => new FrameReader().push(frame), /unknown kind 99/);
});

test('a length beyond the bound is refused before its bytes arrive', () => {
  const header = new Uint8Array([0xff, 0xff, 0xff, 0xff, FrameKind.message]);
  assert.throws(() => new FrameReader().push(header), /at most/);
});

test('a hello carries its values as JSON', () => {
  const [frame] = new FrameReader().push(encodeJsonFrame(FrameKind.hello, { heartbeatMs: 10, relay: 'r:1' }));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(frame?.payload)), { heartbeatMs: 10, relay: 'r:1' });
});
