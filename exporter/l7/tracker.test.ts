import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { L7Event, L7Hint, L7Segment } from './l7-event.ts';
import { MAX_OUTSTANDING } from './outstanding.ts';
import { toLayer7 } from './to-layer7.ts';
import { L7Tracker } from './tracker.ts';

/** One HTTP/1 connection: what is said goes to the tracker with running sequence numbers. */
class Talk {
  readonly tracker: L7Tracker;
  private readonly connection: string | number;
  private readonly sequences = { request: 1000, response: 5000 };

  constructor(tracker: L7Tracker = new L7Tracker(), connection: string | number = 1) {
    this.tracker = tracker;
    this.connection = connection;
  }

  say(side: 'request' | 'response', text: string, timeNs: bigint, overrides: Partial<L7Segment> = {}): L7Event[] {
    const data = new Uint8Array(Buffer.from(text, 'latin1'));
    const segment: L7Segment = {
      connection: this.connection,
      fromInitiator: side === 'request',
      timeNs,
      sequence: this.sequences[side],
      payloadLength: data.length,
      data,
      hint: 'http1',
      transport: 'tcp',
      ...overrides,
    };
    this.sequences[side] = segment.sequence + segment.payloadLength;
    return this.tracker.feed(segment);
  }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`;
const answer = (code: number, body = '') => `HTTP/1.1 ${code} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('pipelined requests in one segment are answered in order, each with its own latency', () => {
  const talk = new Talk();
  const requests = talk.say('request', get('/a') + get('/b'), 100n);
  const first = talk.say('response', answer(200, 'x'), 150n);
  const second = talk.say('response', answer(404), 170n);
  assert.deepEqual(
    requests.map((event) => event.requestNumber),
    [1, 2],
  );
  const paired = [...first, ...second].map((event) => [
    event.requestNumber,
    event.kind === 'response' && event.latencyNs,
    event.message.protocol === 'http' && `${event.message.url} ${event.message.code}`,
  ]);
  assert.deepEqual(paired, [
    [1, 50n, 'http://shop/a 200'],
    [2, 70n, 'http://shop/b 404'],
  ]);
});

test('a retransmitted segment counts once, and of one sent again with new data only the new part', () => {
  const talk = new Talk();
  talk.say('request', get('/a'), 1n, { sequence: 1000 });
  assert.deepEqual(talk.say('request', get('/a'), 2n, { sequence: 1000 }), []);
  const again = talk.say('request', get('/a') + get('/b'), 3n, { sequence: 1000 });
  assert.deepEqual(
    again.map((event) => [event.requestNumber, event.message.protocol === 'http' && event.message.url]),
    [[2, 'http://shop/b']],
  );
  assert.equal(talk.tracker.counters().duplicateSegments, 1);
});

test('interim responses do not use up the request', () => {
  const talk = new Talk();
  talk.say('request', get('/a'), 1n);
  const events = talk.say('response', `HTTP/1.1 103 Early Hints\r\n\r\n${answer(200)}`, 5n);
  assert.equal(events.length, 1);
  assert.equal(events[0]?.kind === 'response' && events[0].latencyNs, 4n);
});

test('a response whose request was not seen is reported without method, url and latency', () => {
  const [event] = new Talk().say('response', answer(500), 1n);
  assert.ok(event?.kind === 'response' && event.message.protocol === 'http');
  assert.equal(event.latencyNs, undefined);
  assert.equal(event.message.url, '');
  assert.equal(event.requestNumber, 0);
  assert.ok(event.joinedMidway);
  assert.equal(toLayer7(event).layer7?.latencyNs, 0n);
});

test('after an upgrade the bytes are not HTTP any more', () => {
  const talk = new Talk();
  talk.say('request', get('/socket'), 1n);
  assert.equal(talk.say('response', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n', 2n).length, 1);
  assert.deepEqual(talk.say('request', get('/inside-a-frame'), 3n), []);
});

test('a body that was not captured is stepped over even if it reads like a head', () => {
  const talk = new Talk();
  const head = 'POST /upload HTTP/1.1\r\nHost: shop\r\nContent-Length: 3000\r\n\r\n';
  talk.say('request', head, 1n, { payloadLength: head.length + 1000 });
  assert.deepEqual(talk.say('request', get('/in/the/body'), 2n), []);
  const rest = 2000 - get('/in/the/body').length;
  assert.deepEqual(talk.say('request', get('/still/in/it'), 3n, { payloadLength: rest }), []);
  assert.equal(talk.say('request', get('/next'), 4n).length, 1);
});

test('a request without answer is given up on after the timeout and counted', () => {
  const tracker = new L7Tracker({ timeoutNs: 1000n });
  const talk = new Talk(tracker);
  talk.say('request', get('/a'), 0n);
  assert.deepEqual(tracker.sweep(1000n), []);
  assert.equal(tracker.counters().unanswered, 0);
  tracker.sweep(1001n);
  assert.equal(tracker.counters().unanswered, 1);
  const [late] = talk.say('response', answer(200), 1002n);
  assert.equal(late?.kind === 'response' && late.latencyNs, undefined);
});

test('requests waiting on one connection are bounded, the oldest go first and are counted', () => {
  const talk = new Talk();
  for (let i = 0; i < MAX_OUTSTANDING + 3; i++) talk.say('request', get(`/${i}`), BigInt(i));
  assert.equal(talk.tracker.counters().outstandingEvicted, 3);
  const [event] = talk.say('response', answer(200), 1000n);
  assert.equal(event?.requestNumber, 4);
});

test('connections are bounded: the one not used for longest goes and is counted', () => {
  const tracker = new L7Tracker({ maxConnections: 2 });
  const talks = [1, 2, 3].map((id) => new Talk(tracker, id));
  talks[0]?.say('request', get('/'), 1n);
  talks[1]?.say('request', get('/'), 2n);
  talks[0]?.say('request', get('/'), 3n);
  talks[2]?.say('request', get('/'), 4n);
  assert.equal(tracker.counters().connections, 2);
  assert.equal(tracker.counters().connectionsEvicted, 1);
  const [kept] = talks[0]?.say('response', answer(200), 5n) ?? [];
  assert.equal(kept?.requestNumber, 1);
});

test('what connections hold is bounded in bytes: the one not used for longest goes, is counted, and begins anew', () => {
  const half = (id: number) => `GET /${id}/${'x'.repeat(8000)}`;
  const tracker = new L7Tracker({ maxHeldBytes: 64 * 1024 });
  const talks = Array.from({ length: 20 }, (_, id) => new Talk(tracker, id));
  for (const [id, talk] of talks.entries()) {
    assert.deepEqual(talk.say('request', half(id), BigInt(id)), []);
    assert.ok(tracker.counters().heldBytes <= 64 * 1024);
  }
  const { connections, heldBytesEvicted, connectionsEvicted } = tracker.counters();
  assert.deepEqual([connections, heldBytesEvicted, connectionsEvicted], [6, 14, 0]);
  const rest = ' HTTP/1.1\r\nHost: shop\r\n\r\n';
  assert.equal(talks[19]?.say('request', rest, 30n).length, 1, 'the newest halves are still there');
  assert.deepEqual(talks[0]?.say('request', rest, 31n), []);
  assert.equal(talks[0]?.say('request', get('/anew'), 32n).length, 1);
});

test('what a connection held is held no more when it has been answered, given up, closed or forgotten', () => {
  const tracker = new L7Tracker({ timeoutNs: 1000n, idleNs: 10_000n });
  const talk = new Talk(tracker, 1);
  const before = () => tracker.counters().heldBytes;
  talk.say('request', get('/a'), 1n);
  talk.say('response', answer(200), 2n);
  const idle = before();
  talk.say('request', get('/b'), 3n);
  talk.say('request', 'GET /half', 4n);
  assert.ok(before() > idle);
  talk.say('response', answer(200), 5n);
  talk.say('request', ' HTTP/1.1\r\n\r\n', 6n);
  tracker.sweep(2000n);
  assert.equal(before(), idle);
  tracker.close(1);
  assert.equal(before(), 0);
  new Talk(tracker, 2).say('request', get('/c'), 3000n);
  tracker.sweep(20_000n);
  assert.equal(before(), 0);
});

test('DNS queries do not push out TCP connections', () => {
  const tracker = new L7Tracker({ maxConnections: 2 });
  const talk = new Talk(tracker, 'http');
  talk.say('request', get('/'), 1n);
  const query = Buffer.from('123401000001000000000000016101620000010001', 'hex');
  for (let i = 0; i < 10; i++) {
    tracker.feed({
      connection: i,
      fromInitiator: true,
      timeNs: 2n,
      sequence: 0,
      payloadLength: query.length,
      data: query,
      hint: 'dns',
      transport: 'udp',
    });
  }
  assert.equal(talk.say('response', answer(200), 3n)[0]?.requestNumber, 1);
});

test('a silent connection is forgotten, and close forgets at once', () => {
  const tracker = new L7Tracker({ idleNs: 100n });
  new Talk(tracker, 1).say('request', get('/'), 0n);
  new Talk(tracker, 2).say('request', get('/'), 90n);
  tracker.sweep(150n);
  assert.equal(tracker.counters().connections, 1);
  tracker.close(2);
  assert.equal(tracker.counters().connections, 0);
});

test('segments of an unknown protocol make no state and are counted', () => {
  const talk = new Talk();
  assert.deepEqual(talk.say('request', '\x00\x01nothing we know', 1n, { hint: 'unknown' }), []);
  assert.equal(talk.tracker.counters().unrecognised, 1);
  assert.equal(talk.tracker.counters().connections, 0);
});

const hints: readonly L7Hint[] = ['http1', 'http2', 'dns', 'tls', 'redis', 'postgresql', 'unknown'];
const pieces = [
  get('/a'),
  answer(200, 'body'),
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x00\x00\x05\x01\x04\x00\x00\x00\x01\x82\x86\x84\x41\x03',
  '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n',
  '$5\r\nhello\r\n',
  'Q\x00\x00\x00\x0dSELECT 1\x00',
  'C\x00\x00\x00\x0dSELECT 1\x00Z\x00\x00\x00\x05I',
  '\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03',
];

test('whatever arrives, in whatever order and however cut, nothing throws, and events and what is held stay bounded', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .array(fc.constantFrom(...pieces), { maxLength: 5 })
      .map((parts) => new Uint8Array(Buffer.from(parts.join(''), 'latin1'))),
  );
  const segment = fc.record({
    connection: fc.integer({ min: 0, max: 3 }),
    fromInitiator: fc.boolean(),
    timeNs: fc.bigInt({ min: 0n, max: 10_000n }),
    sequence: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 2 ** 32 - 300, max: 2 ** 32 - 1 })),
    extra: fc.integer({ min: 0, max: 2000 }),
    data: bytes,
    hint: fc.constantFrom(...hints),
    transport: fc.constantFrom('tcp' as const, 'udp' as const),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 30 }), (segments) => {
      const tracker = new L7Tracker({ maxConnections: 3, maxHeldBytes: 9000, timeoutNs: 100n });
      for (const { extra, ...rest } of segments) {
        const events = tracker.feed({ ...rest, payloadLength: rest.data.length + extra });
        assert.ok(events.length <= rest.data.length + MAX_OUTSTANDING);
        assert.ok(tracker.counters().heldBytes <= 9000);
        for (const event of [...events, ...tracker.sweep(rest.timeNs)]) toLayer7(event);
      }
      assert.ok(tracker.counters().connections <= 6);
      for (const { connection, transport } of segments) tracker.close(connection, transport);
      assert.equal(tracker.counters().heldBytes, 0);
    }),
    { numRuns: 300 },
  );
});
