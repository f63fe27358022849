import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { L7Hint } from './l7-event.ts';
import { CutStream, saying } from './testing/cut-stream.ts';
import { command, dialogues, pg } from './testing/dialogues.ts';
import { L7Tracker } from './tracker.ts';

const inOrder = (lines: readonly string[]) => [...lines].sort();
const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 900 })), {
  minLength: 1,
  maxLength: 40,
});

for (const [name, dialogue] of Object.entries(dialogues)) {
  describe(`${name}, pipelined`, () => {
    test('however TCP cuts the bytes, the same is said', () => {
      fc.assert(
        fc.property(lengths, lengths, (clientCuts, serverCuts) => {
          const tracker = new L7Tracker();
          const stream = new CutStream(tracker, dialogue.hint);
          const events = [
            ...stream.feed(true, dialogue.requests, clientCuts),
            ...stream.feed(false, dialogue.responses, serverCuts),
          ];
          assert.deepEqual(inOrder(events.map(saying)), inOrder(dialogue.said));
          const { malformed, gaps, truncated, unanswered } = tracker.counters();
          assert.deepEqual(
            { malformed, gaps, truncated, unanswered },
            { malformed: 0, gaps: 0, truncated: 0, unanswered: 0 },
          );
        }),
        { numRuns: 200 },
      );
    });

    test('whatever is lost on the way, nothing throws and what is told stays bounded by the bytes', () => {
      fc.assert(
        fc.property(lengths, fc.array(fc.nat(30), { maxLength: 8 }), (cuts, lost) => {
          const stream = new CutStream(new L7Tracker(), dialogue.hint);
          const requests = stream.feed(true, dialogue.requests, cuts, lost);
          const responses = stream.feed(false, dialogue.responses, cuts, lost);
          assert.ok(requests.length + responses.length < dialogue.requests.length + dialogue.responses.length);
        }),
        { numRuns: 200 },
      );
    });
  });
}

test('behind a lost segment of a pipeline the requests are counted on, and the gap is told', () => {
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`;
  const cases: readonly (readonly [L7Hint, Buffer])[] = [
    ['http1', Buffer.from(Array.from({ length: 100 }, (_, i) => get(`/${i}`)).join(''))],
    ['redis', Buffer.from(command('GET', 'key').repeat(100))],
    ['postgresql', Buffer.concat(Array.from({ length: 100 }, () => pg('Q', 'SELECT 1 FROM shop\0')))],
  ];
  for (const [hint, bytes] of cases) {
    const tracker = new L7Tracker();
    const told = new CutStream(tracker, hint).feed(true, bytes, [500], [2]).length;
    assert.ok(told >= 100 - Math.ceil(500 / (bytes.length / 100)) - 1 && told < 100, `${hint}: ${told}`);
    assert.equal(tracker.counters().gaps, 1);
  }
});
