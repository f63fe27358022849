// Feeds made-up and damaged bytes to every parser of what comes from outside, each for its share of the time, and prints
// one table. Usage: node bench/fuzz.ts [seconds] [seed]; a failure names its seed and input, and the exit code is 1.
// The packet programs are C: they run natively, under sanitizers (needs cc).

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectionIds } from '#exporter/kernel/connection-ids.ts';
import { ConnectionLedger } from '#exporter/kernel/connection-ledger.ts';
import { decodeRecord } from '#exporter/kernel/records.ts';
import { parseDns } from '#exporter/l7/dns.ts';
import { HpackDecoder } from '#exporter/l7/hpack.ts';
import type { L7Hint, L7Segment } from '#exporter/l7/l7-event.ts';
import { DEFAULT_REDACTION, redactSql, sqlVerb } from '#exporter/l7/redact.ts';
import { parseTlsHello } from '#exporter/l7/tls.ts';
import { toLayer7 } from '#exporter/l7/to-layer7.ts';
import { L7Tracker } from '#exporter/l7/tracker.ts';
import { parseFilterText } from '#flow/filter-text/parse.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { MalformedMessageError } from '#observer/wire-reader.ts';
import { parseLine } from '#relay/access-logs/files/parse-line.ts';

const SEEDS = {
  http1: [
    'GET /a?b=c HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nffffffff;x\r\n',
  ],
  http2: [
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    '\0\0\x0e\x01\x05\0\0\0\x01\x82\x87\x84\x41\x8a\x08\x9d\x5c\x0b\x81\x70\xdc\x78\x0f\x03',
    // Table size updates and an integer that goes on.
    '\0\0\x08\x01\x04\0\0\0\x03\x3f\xe1\xff\xff\xff\x7f\x20\x40',
  ],
  dns: [
    '\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x03web\x02ex\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x01',
    '\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\xc0\x0c\xc0\x0e\0\x01\0\x01',
  ],
  tls: [
    `\x16\x03\x01\0\x40\x01\0\0\x3c\x03\x03${'r'.repeat(32)}\0\0\x02\x13\x01\x01\0\0\x11\0\0\0\x0d\0\x0b\0\0\x08shop.org`,
  ],
  redis: ['*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n', '*2\r\n%1\r\n+a\r\n:1\r\n$-1\r\n', '*1\r\n'.repeat(40)],
  postgresql: [
    'Q\0\0\0\x1dSELECT * FROM t WHERE a=1\0',
    'T\0\0\0\x06\0\0C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I',
    'E\xff\xff\xff\xffSERROR\0',
  ],
} satisfies Partial<Record<L7Hint, readonly string[]>>;
const LOG_LINES = [
  '[2026-04-15T20:17:00.310Z] "POST /api HTTP/2" 503 UF,URX 154 0 226 100 "10.0.35.28" "curl" "cc21d9b0" "x" "tcp://10.0.2.1:80"',
  '10.0.1.2:33313 [23/Nov/2026:02:40:01.123] http-in web/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET / HTTP/1.1"',
  '{"start_time":"2026-04-15T20:17:00.310Z","method":"GET","response_code":200,"duration":1e400}',
];

const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const random = mulberry32(seed);
const hpack = new HpackDecoder();
const ring = new FlowRing({ capacityBytes: 1 << 20 });
const ledger = new ConnectionLedger();
const ids = new ConnectionIds();
const sequences = new Map<string, number>();
const decoder = new TextDecoder('latin1');
const rows: string[] = [];
let fed = 0;

/** Each takes one input and throws only where a caller would not expect it. */
const parsers: Readonly<Record<string, () => void>> = {
  ...Object.fromEntries(
    [...(Object.keys(SEEDS) as (keyof typeof SEEDS)[]), undefined].map((hint) => [
      `messages: ${hint ?? 'all protocols mixed'}`,
      trackerOf(hint),
    ]),
  ),
  'HPACK blocks': () => void hpack.decode(damaged(SEEDS.http2).subarray(9), random() < 0.9),
  'DNS messages': () => void parseDns(damaged(SEEDS.dns)),
  'TLS hellos': () => void parseTlsHello(damaged(SEEDS.tls)),
  SQL: () => {
    const sql = decoder.decode(damaged(SEEDS.postgresql));
    redactSql(sql, DEFAULT_REDACTION);
    sqlVerb(sql);
  },
  'kernel records': () => {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 300) }, () => random() * 256);
    bytes[10] = 1 + Math.floor(random() * 4);
    decodeRecord(new DataView(bytes.buffer), 0, bytes.length, { ledger, ids, dropReasonName: String });
  },
  'flows of peers': () => {
    try {
      ring.append(Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256));
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
    }
  },
  'access log lines': () => void parseLine(decoder.decode(damaged(LOG_LINES))),
  'filter text': () => void parseFilterText(decoder.decode(damaged(LOG_LINES)).slice(0, 200)),
};

process.stdout.write(`seed ${seed}, ${seconds} s\n\n`);
const each = (1000 * seconds) / (Object.keys(parsers).length + 1);
for (const [name, run] of Object.entries(parsers)) fuzz(name, run, each);
fuzzPrograms(Math.max(1, Math.round(each / 1000)));
process.stdout.write(
  `| parser | inputs | exceptions | slowest, ms | heap after, MiB |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`,
);

function fuzz(name: string, run: () => void, forMs: number): void {
  const deadline = performance.now() + forMs;
  let inputs = 0;
  let exceptions = 0;
  let slowestMs = 0;
  for (let now = performance.now(); now < deadline; ) {
    fed += 1;
    inputs += 1;
    try {
      run();
    } catch (error) {
      exceptions += 1;
      process.exitCode = 1;
      if (exceptions === 1) process.stdout.write(`${name}: input ${inputs} of seed ${seed}: ${String(error)}\n`);
    }
    const after = performance.now();
    slowestMs = Math.max(slowestMs, after - now);
    now = after;
  }
  const heapMiB = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  rows.push(`| ${name} | ${inputs} | ${exceptions} | ${slowestMs.toFixed(1)} | ${heapMiB} |`);
}

function fuzzPrograms(forSeconds: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'parallax-fuzz-'));
  try {
    const program = join(folder, 'fuzz');
    const built = spawnSync(join(import.meta.dirname, '..', 'bpf', 'native', 'build.sh'), [program]);
    if (built.status !== 0) {
      rows.push('| packet programs, natively | not run: no C compiler (cc) | | | |');
      return;
    }
    const { status, stdout, stderr } = spawnSync(program, [`${forSeconds}s`, String(seed)], { encoding: 'utf8' });
    if (status !== 0) {
      process.exitCode = 1;
      process.stdout.write(stderr);
    }
    const frames = /"frames":(\d+)/.exec(stdout)?.[1] ?? 'stopped';
    rows.push(`| packet programs, natively | ${frames} | ${status === 0 ? 0 : 1} | | |`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Connections of one protocol or of all, in parts, out of order, with holes. */
function trackerOf(only: keyof typeof SEEDS | undefined): () => void {
  const tracker = new L7Tracker({ maxConnections: 64, timeoutNs: 1_000_000n });
  const hints = only === undefined ? (Object.keys(SEEDS) as (keyof typeof SEEDS)[]) : [only];
  return () => {
    const segment = nextSegment(hints[Math.floor(random() * hints.length)] ?? 'http1');
    for (const event of tracker.feed(segment)) toLayer7(event);
    if (fed % 1000 === 0) tracker.sweep(segment.timeNs);
  };
}

function nextSegment(hint: keyof typeof SEEDS): L7Segment {
  const data = damaged(SEEDS[hint]);
  const connection = Math.floor(random() * 200);
  const fromInitiator = random() < 0.5;
  const payloadLength = data.length + (random() < 0.2 ? Math.floor(random() * 5000) : 0);
  const key = `${connection} ${fromInitiator}`;
  const sequence = random() < 0.05 ? Math.floor(random() * 2 ** 32) : (sequences.get(key) ?? 0);
  sequences.set(key, (sequence + payloadLength) >>> 0);
  return {
    connection,
    fromInitiator,
    timeNs: BigInt(fed) * 1000n,
    sequence,
    payloadLength,
    data,
    hint: random() < 0.1 ? 'unknown' : hint,
    transport: hint === 'dns' && random() < 0.5 ? 'udp' : 'tcp',
  };
}

/** One of them, with up to three bytes changed, cut off or repeated. */
function damaged(texts: readonly string[]): Uint8Array {
  const bytes = Buffer.from(texts[Math.floor(random() * texts.length)] ?? '', 'latin1');
  const copy = new Uint8Array(random() < 0.1 ? Buffer.concat([bytes, bytes, bytes]) : bytes);
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
