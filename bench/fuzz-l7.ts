// Feeds mutated protocol bytes to the L7 tracker for some seconds and reports what it did: no exception, no segment that
// takes long, no growth. Usage: node bench/fuzz-l7.ts [seconds] [seed]
import type { L7Hint, L7Segment } from '#exporter/l7/l7-event.ts';
import { toLayer7 } from '#exporter/l7/to-layer7.ts';
import { L7Tracker } from '#exporter/l7/tracker.ts';

const SEEDS: readonly (readonly [L7Hint, string])[] = [
  ['http1', 'GET /a?b=c HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\nabc'],
  ['http1', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
  ['http2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
  ['http2', '\0\0\x0e\x01\x05\0\0\0\x01\x82\x87\x84\x41\x8a\x08\x9d\x5c\x0b\x81\x70\xdc\x78\x0f\x03'],
  [
    'dns',
    '\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x03web\x02ex\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x01',
  ],
  [
    'tls',
    `\x16\x03\x01\0\x40\x01\0\0\x3c\x03\x03${'r'.repeat(32)}\0\0\x02\x13\x01\x01\0\0\x11\0\0\0\x0d\0\x0b\0\0\x08shop.org`,
  ],
  ['redis', '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n'],
  ['redis', '*2\r\n%1\r\n+a\r\n:1\r\n$-1\r\n'],
  ['postgresql', 'Q\0\0\0\x1dSELECT * FROM t WHERE a=1\0'],
  ['postgresql', 'T\0\0\0\x06\0\0C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I'],
];

const seconds = Number(process.argv[2] ?? 5);
const seed = Number(process.argv[3] ?? 1);
const random = mulberry32(seed);
const tracker = new L7Tracker({ maxConnections: 64, timeoutNs: 1_000_000n });
const sequences = new Map<string, number>();
const deadline = performance.now() + 1000 * seconds;
let slowestMs = 0;
let segments = 0;
let events = 0;
while (performance.now() < deadline) {
  const segment = nextSegment();
  const startMs = performance.now();
  for (const event of tracker.feed(segment)) {
    toLayer7(event);
    events++;
  }
  slowestMs = Math.max(slowestMs, performance.now() - startMs);
  if (++segments % 1000 === 0) tracker.sweep(segment.timeNs);
}
const heapMiB = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
process.stdout.write(
  `${segments} segments, ${events} events, slowest ${slowestMs.toFixed(1)} ms, heap ${heapMiB} MiB\n`,
);
process.stdout.write(`${JSON.stringify(tracker.counters())}\n`);

function nextSegment(): L7Segment {
  const [hint, text] = SEEDS[Math.floor(random() * SEEDS.length)] ?? ['unknown', ''];
  const data = mutate(Buffer.from(text, 'latin1'));
  const connection = Math.floor(random() * 200);
  const fromInitiator = random() < 0.5;
  const payloadLength = data.length + (random() < 0.2 ? Math.floor(random() * 5000) : 0);
  const key = `${connection} ${fromInitiator}`;
  const sequence = random() < 0.05 ? Math.floor(random() * 2 ** 32) : (sequences.get(key) ?? 0);
  sequences.set(key, (sequence + payloadLength) >>> 0);
  const transport = hint === 'dns' && random() < 0.5 ? 'udp' : 'tcp';
  const shownHint = random() < 0.1 ? 'unknown' : hint;
  return {
    connection,
    fromInitiator,
    timeNs: BigInt(segments) * 1000n,
    sequence,
    payloadLength,
    data,
    hint: shownHint,
    transport,
  };
}

function mutate(bytes: Buffer): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let flips = Math.floor(random() * 4); flips > 0; flips--) {
    copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
  }
  return random() < 0.3 ? copy.subarray(0, Math.floor(random() * copy.length) + 1) : copy;
}

/** Small seeded generator (public domain algorithm by Tommy Ettinger), so that a failure can be repeated. */
function mulberry32(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
