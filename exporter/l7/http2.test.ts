import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { test } from 'node:test';
import fc from 'fast-check';
import { grpcStatusName } from './grpc.ts';
import type { L7Event, L7Segment } from './l7-event.ts';
import { listen, portOf, recordTcp } from './testing/recording-proxy.ts';
import { toLayer7 } from './to-layer7.ts';
import { L7Tracker } from './tracker.ts';

/** Traffic of a real client and server (nghttp2): gRPC calls and one plain request, one after the other. */
async function record(calls: readonly Record<string, string>[], captureBytes: number): Promise<L7Segment[]> {
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    stream.resume();
    stream.on('error', () => {});
    if (headers['content-type'] !== 'application/grpc') {
      stream.respond({ ':status': 503, 'x-custom': String(headers[':path']) });
      stream.end('x'.repeat(40_000));
      return;
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(headers['x-answer'] ?? 0) }));
    stream.end(Buffer.alloc(5));
  });
  await listen(server);
  const proxy = await recordTcp(portOf(server), { hint: 'unknown', captureBytes });
  const client = http2.connect(`http://localhost:${proxy.port}`);
  for (const headers of calls) {
    await new Promise<void>((resolve, reject) => {
      const stream = client.request({ ':method': 'POST', ...headers }, { endStream: false });
      stream.on('error', reject);
      stream.on('close', resolve);
      stream.resume();
      stream.end(Buffer.alloc(20_000));
    });
  }
  client.destroy();
  server.close();
  proxy.close();
  return proxy.segments;
}

const grpcCalls = [
  { ':path': '/shop.Cart/Add', 'content-type': 'application/grpc', authorization: 'Bearer hidden' },
  { ':path': '/shop.Cart/Add', 'content-type': 'application/grpc', authorization: 'Bearer hidden', 'x-answer': '5' },
  { ':path': '/plain?secret=1', 'content-type': 'text/plain' },
  { ':path': '/shop.Cart/Add', 'content-type': 'application/grpc', 'x-answer': '14' },
];

function feed(segments: readonly L7Segment[]): { events: L7Event[]; tracker: L7Tracker } {
  const tracker = new L7Tracker();
  return { events: segments.flatMap((segment) => tracker.feed(segment)), tracker };
}

function summary(event: L7Event): string {
  const { message } = event;
  if (message.protocol !== 'http') return message.protocol;
  const path = message.url.replace(/^https?:\/\/[^/]*/, '');
  const grpc = message.grpc?.status === undefined ? '' : ` ${grpcStatusName(message.grpc.status)}`;
  return `${event.kind} ${event.requestNumber} ${message.method} ${path} ${message.code}${grpc}`;
}

const expected = [
  'request 1 POST /shop.Cart/Add 0',
  'response 1 POST /shop.Cart/Add 200 OK',
  'request 2 POST /shop.Cart/Add 0',
  'response 2 POST /shop.Cart/Add 200 NOT_FOUND',
  'request 3 POST /plain?secret=REDACTED 0',
  'response 3 POST /plain?secret=REDACTED 503',
  'request 4 POST /shop.Cart/Add 0',
  'response 4 POST /shop.Cart/Add 200 UNAVAILABLE',
];

test('calls of a real client and server are paired by stream, gRPC with the status of its trailers', async () => {
  const { events, tracker } = feed(await record(grpcCalls, 1 << 20));
  assert.deepEqual(events.map(summary), expected);
  assert.equal(tracker.counters().http2Gaps, 0);
  assert.ok(
    events.every(
      (event) => !event.joinedMidway && event.message.protocol === 'http' && event.message.version === 'HTTP/2',
    ),
  );
});

test('bodies that were not captured are stepped over without losing the header table', async () => {
  const segments = await record(grpcCalls, 1 << 20);
  const captured = segments.map((segment) => ({ ...segment, data: segment.data })).flatMap(withoutBodies());
  assert.ok(captured.length > segments.length);
  const { events, tracker } = feed(captured);
  assert.deepEqual(events.map(summary), expected);
  assert.equal(tracker.counters().http2UnknownFields, 0);
});

test('however the bytes are cut into segments, the events are the same', async () => {
  const segments = await record(grpcCalls, 1 << 20);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      assert.deepEqual(feed(segments.flatMap(cutInto(sizes))).events.map(summary), expected);
    }),
    { numRuns: 50 },
  );
});

test('with 128 bytes of each segment, names are right or missing, never wrong', async () => {
  const { events } = feed(await record(grpcCalls, 128));
  assert.deepEqual(
    events.filter((event) => event.kind === 'request').map(summary),
    expected.filter((line) => line.startsWith('request')),
  );
});

test('a request that was lost leaves later names unknown, never wrong', async () => {
  const segments = (await record(grpcCalls, 1 << 20)).flatMap(withoutBodies());
  const lost = segments.findIndex((segment) => segment.fromInitiator && isHeaders(segment) && streamOf(segment) === 3);
  assert.ok(lost > 0);
  const { events, tracker } = feed(segments.toSpliced(lost, 1));
  const paths = new Set(expected.map((line) => line.split(' ')[3]));
  for (const event of events) assert.ok(paths.has(summary(event).split(' ')[3]) || event.joinedMidway, summary(event));
  assert.ok(events.some((event) => event.joinedMidway));
  assert.ok(tracker.counters().http2Gaps > 0);
});

test('a connection joined midway reports what it can decode and says that it joined midway', async () => {
  const segments = await record(grpcCalls, 1 << 20);
  // All of the first call is missing: the second one's path is an index into a table that was not seen.
  const secondRequest = segments.findIndex(
    (segment, i) => segment.fromInitiator && i > 0 && isHeaders(segment) && streamOf(segment) === 3,
  );
  assert.ok(secondRequest > 0);
  const { events, tracker } = feed(
    segments.slice(secondRequest).map((segment) => ({ ...segment, hint: 'http2' as const })),
  );
  const first = events[0];
  assert.ok(first?.kind === 'request' && first.message.protocol === 'http');
  assert.equal(first.message.method, 'POST');
  assert.ok(first.joinedMidway);
  assert.ok(tracker.counters().http2UnknownFields > 0);
  const urls = events.map((event) => (event.message.protocol === 'http' ? event.message.url : ''));
  assert.ok(
    urls.some((url) => url.endsWith('/plain?secret=REDACTED')),
    'what was sent after joining is known',
  );
});

test('a gRPC response maps to an HTTP/2 record and an operation with the call status', async () => {
  const { events } = feed(await record(grpcCalls.slice(0, 2), 1 << 20));
  const event = events[3];
  assert.ok(event);
  const parts = toLayer7(event);
  assert.deepEqual(parts.operation, {
    protocol: 'grpc',
    name: '/shop.Cart/Add',
    status: 'NOT_FOUND',
    error: true,
    detail: '',
  });
  assert.ok(parts.layer7?.record?.$case === 'http' && parts.layer7.record.value.code === 200);
  assert.ok(parts.layer7.latencyNs > 0n);
});

test('a held gRPC response whose trailers never come is reported by the sweep without a status', async () => {
  const segments = await record(grpcCalls.slice(0, 1), 1 << 20);
  const tracker = new L7Tracker({ timeoutNs: 1000n });
  const events: L7Event[] = [];
  let hasAnswered = false;
  for (const segment of segments) {
    // Of the server only the head of its response, as if the trailers had not been captured.
    const end = segment.fromInitiator ? segment.data.length : firstHeadersEnd(segment.data);
    if (hasAnswered || end < 0) continue;
    hasAnswered = !segment.fromInitiator;
    events.push(...tracker.feed({ ...segment, data: segment.data.subarray(0, end) }));
  }
  assert.deepEqual(
    events.map((event) => event.kind),
    ['request'],
  );
  const late = tracker.sweep(process.hrtime.bigint() + 1_000_000_000n);
  assert.equal(late.length, 1);
  assert.ok(late[0]?.kind === 'response' && toLayer7(late[0]).operation?.status === 'unknown');
});

function isHeaders(segment: L7Segment): boolean {
  return segment.data[3] === 1;
}

function streamOf(segment: L7Segment): number {
  return segment.data[8] ?? 0;
}

function firstHeadersEnd(data: Uint8Array): number {
  for (let at = 0; at + 9 <= data.length; ) {
    const length = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    if (data[at + 3] === 1) return at + 9 + length;
    at += 9 + length;
  }
  return -1;
}

/** Cuts segments into pieces of the given sizes, in turn, all captured. */
function cutInto(sizes: readonly number[]): (segment: L7Segment) => L7Segment[] {
  let turn = 0;
  return (segment) => {
    const pieces: L7Segment[] = [];
    for (let at = 0; at < segment.data.length; ) {
      // The preface tells the protocol, so it stays whole.
      const least = segment.data[at] === 0x50 && at === 0 ? 24 : 1;
      const data = segment.data.subarray(at, at + Math.max(least, sizes[turn++ % sizes.length] ?? 1));
      pieces.push({ ...segment, data, payloadLength: data.length, sequence: (segment.sequence + at) >>> 0 });
      at += data.length;
    }
    return pieces;
  };
}

/** One segment a frame; of DATA only the frame head is captured, of bodies that go on in later segments nothing. */
function withoutBodies(): (segment: L7Segment) => L7Segment[] {
  const bodyLeft = { initiator: 0, responder: 0 };
  return (segment) => {
    const side = segment.fromInitiator ? 'initiator' : 'responder';
    const pieces: L7Segment[] = [];
    let at = Math.min(bodyLeft[side], segment.data.length);
    bodyLeft[side] -= at;
    while (at < segment.data.length) {
      const preface = segment.data[at] === 0x50 ? 24 : 0;
      const length =
        (((segment.data[at + preface + 1] ?? 0) << 8) | (segment.data[at + preface + 2] ?? 0)) + 9 + preface;
      const payloadLength = Math.min(length, segment.data.length - at);
      const isData = segment.data[at + preface + 3] === 0;
      const data = segment.data.subarray(at, at + (isData ? 9 : payloadLength));
      pieces.push({ ...segment, data, payloadLength, sequence: (segment.sequence + at) >>> 0 });
      bodyLeft[side] = length - payloadLength;
      at += payloadLength;
    }
    return pieces;
  };
}
