import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { L7Event, L7Segment } from './l7-event.ts';
import { CutStream, saying } from './testing/cut-stream.ts';
import { command, dialogues } from './testing/dialogues.ts';
import { L7Tracker } from './tracker.ts';

const WAIT_NS = 100_000_000n;

const whole = (segments: readonly L7Segment[]) => segments.map((segment) => ({ ...segment, wholeStream: true }));
const cuts = fc.array(fc.integer({ min: 6, max: 200 }), { minLength: 1, maxLength: 20 });
const delays = fc.array(fc.nat(9), { minLength: 1, maxLength: 50 });

/** The first stays first: it tells the protocol. */
function shuffled(segments: readonly L7Segment[], places: readonly number[]): readonly L7Segment[] {
  const [first, ...others] = segments.map((segment, index) => ({
    segment,
    place: index + (places[index % places.length] ?? 0),
  }));
  others.sort((left, right) => left.place - right.place);
  return [first, ...others].flatMap((one) => (one === undefined ? [] : [one.segment]));
}

function feed(tracker: L7Tracker, segments: readonly L7Segment[]): L7Event[] {
  return segments.flatMap((segment) => tracker.feed(segment));
}

describe('segments that are captured out of order', () => {
  for (const [name, dialogue] of Object.entries(dialogues)) {
    test(`${name}: the same is said in whatever order the segments of a direction come`, () => {
      fc.assert(
        fc.property(cuts, delays, cuts, delays, (clientCuts, clientDelays, serverCuts, serverDelays) => {
          const inOrder = new L7Tracker();
          const tracker = new L7Tracker();
          const stream = new CutStream(tracker, dialogue.hint);
          const requests = whole(stream.cut(true, dialogue.requests, [64, ...clientCuts]));
          const responses = whole(stream.cut(false, dialogue.responses, serverCuts));
          const expected = feed(inOrder, [...requests, ...responses]);
          const events = feed(tracker, [...shuffled(requests, clientDelays), ...shuffled(responses, serverDelays)]);
          assert.deepEqual(events.map(saying), expected.map(saying));
          assert.equal(tracker.counters().gaps, 0);
        }),
        { numRuns: 150 },
      );
    });
  }

  const get = (i: number) => command('GET', `key${i}`);
  const requests = whole(
    new CutStream(new L7Tracker(), 'redis').cut(true, Buffer.from([0, 1, 2, 3, 4].map(get).join('')), [get(0).length]),
  );
  const answers = whole(new CutStream(new L7Tracker(), 'redis').cut(false, Buffer.from('+OK\r\n'.repeat(5)), [5]));
  const pick = (segments: readonly L7Segment[], ...indexes: number[]) =>
    indexes.flatMap((index) => segments[index] ?? []);
  const at = (segment: L7Segment | undefined, timeNs: bigint): L7Segment[] => (segment ? [{ ...segment, timeNs }] : []);
  const kinds = (events: readonly L7Event[]) => events.map(({ kind, requestNumber }) => `${kind} ${requestNumber}`);

  test('what the other side says meanwhile waits too, and is paired with its request', () => {
    const tracker = new L7Tracker();
    assert.deepEqual(kinds(feed(tracker, pick(requests, 0, 1, 3))), ['request 1', 'request 2']);
    assert.deepEqual(kinds(feed(tracker, pick(answers, 0, 1, 2, 3))), []);
    assert.deepEqual(kinds(feed(tracker, pick(requests, 2))), [
      ...['request 3', 'request 4'],
      ...['response 1', 'response 2', 'response 3', 'response 4'],
    ]);
    const { reordered, gaps, unpairedResponses } = tracker.counters();
    assert.deepEqual({ reordered, gaps, unpairedResponses }, { reordered: 5, gaps: 0, unpairedResponses: 0 });
  });

  test('what was lost is not waited for longer than a tenth of a second, whoever speaks next', () => {
    const tracker = new L7Tracker();
    feed(tracker, pick(requests, 0, 2));
    const early = at({ ...(answers[0] as L7Segment), connection: 2 }, WAIT_NS);
    assert.deepEqual(kinds(feed(tracker, early)), []);
    assert.equal(tracker.counters().gaps, 0);
    const other = at({ ...(answers[0] as L7Segment), connection: 2 }, WAIT_NS + 10n);
    assert.deepEqual(kinds(feed(tracker, other)), ['request 2']);
    assert.equal(tracker.counters().gaps, 1);
    assert.deepEqual(kinds(feed(tracker, pick(requests, 3))), ['request 3']);
  });

  test('what waits is told by the next sweep, and when the connection ends', () => {
    const tracker = new L7Tracker();
    feed(tracker, pick(requests, 0, 2, 4));
    assert.deepEqual(kinds(tracker.sweep(WAIT_NS + 10n)), ['request 2', 'request 3']);
    feed(
      tracker,
      pick(requests, 0).map((segment) => ({ ...segment, connection: 3 })),
    );
    feed(
      tracker,
      pick(requests, 3).map((segment) => ({ ...segment, connection: 3 })),
    );
    assert.deepEqual(kinds(tracker.close(3)), ['request 2']);
  });

  test('bytes that are not captured by intent are not waited for', () => {
    const tracker = new L7Tracker();
    const parts = pick(requests, 0, 2).map((segment) => ({ ...segment, wholeStream: false }));
    assert.deepEqual(kinds(feed(tracker, parts)), ['request 1', 'request 2']);
  });

  test('no more than half a megabyte of a connection waits', () => {
    const tracker = new L7Tracker();
    const stream = new CutStream(tracker, 'redis');
    const many = whole(stream.cut(true, Buffer.from(command('SET', 'k', 'v'.repeat(1000)).repeat(700)), [1029]));
    const told = feed(tracker, [...many.slice(0, 1), ...many.slice(2)]);
    assert.ok(told.length > 1, `${told.length} were told`);
    assert.equal(told.length + tracker.close(1).length, 699);
    assert.equal(tracker.counters().gaps, 1);
  });
});
