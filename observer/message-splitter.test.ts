import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frame } from './frame.ts';
import { GrpcError } from './grpc-error.ts';
import { MessageSplitter } from './message-splitter.ts';

function collect(maxMessageBytes = 10_000): { splitter: MessageSplitter; messages: Buffer[] } {
  const messages: Buffer[] = [];
  const splitter = new MessageSplitter(maxMessageBytes, (bytes, starts, ends, count) => {
    for (let i = 0; i < count; i++) messages.push(Buffer.from(bytes.subarray(starts[i], ends[i])));
  });
  return { splitter, messages };
}

test('messages come out whole and in order however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
      (sent, cuts) => {
        const stream = Buffer.concat(sent.map(frame));
        const { splitter, messages } = collect();
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] ?? 1;
          splitter.write(stream.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(
          messages,
          sent.map((bytes) => Buffer.from(bytes)),
        );
        assert.equal(splitter.isAtBoundary, true);
      },
    ),
  );
});

test('a thousand messages in one chunk are ranges of that chunk', () => {
  const chunk = Buffer.concat(Array.from({ length: 1000 }, () => frame(Uint8Array.of(1, 2, 3))));
  const calls: [Uint8Array, number][] = [];
  new MessageSplitter(100, (bytes, _starts, _ends, count) => calls.push([bytes, count])).write(chunk);
  assert.deepEqual(calls, [[chunk, 1000]]);
});

test('a message longer than accepted is refused when it is announced, before memory is taken for it', () => {
  const { splitter } = collect(100);
  assert.throws(
    () => splitter.write(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff)),
    (error) => error instanceof GrpcError && error.codeName === 'RESOURCE_EXHAUSTED',
  );
});

test('a compressed message is refused, since none was asked for', () => {
  const { splitter } = collect();
  assert.throws(() => splitter.write(Uint8Array.of(1, 0, 0, 0, 0)), /compressed/);
});

test('a stream that stops within a prefix or a message is not at a boundary', () => {
  for (const length of [1, 4, 5, 7]) {
    const { splitter } = collect();
    splitter.write(frame(Uint8Array.of(1, 2, 3)).subarray(0, length));
    assert.equal(splitter.isAtBoundary, false, `after ${length} bytes`);
  }
});
