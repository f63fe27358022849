import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FreshSegment } from './conversation.ts';
import type { L7Segment } from './l7-event.ts';
import type { Step } from './message-stream.ts';
import { type RedisCommand, RedisCommandReader, type RedisReply, RedisReplyReader } from './redis.ts';
import { recordTcp } from './testing/recording-proxy.ts';
import { L7Tracker } from './tracker.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const segment: FreshSegment = {
  fromInitiator: true,
  timeNs: 0n,
  sequence: 0,
  payloadLength: 0,
  data: new Uint8Array(0),
  isDatagram: false,
  nothingMissed: false,
  wholeStream: false,
};
const command = (...words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

/** What a reader makes of the bytes of one segment. */
function replies(text: string): { readonly told: RedisReply[]; readonly end: Step } {
  const told: RedisReply[] = [];
  const reader = new RedisReplyReader(
    (_, reply) => told.push(reply),
    () => {},
  );
  const data = bytes(text);
  let at: Step = 0;
  while (typeof at === 'number' && at < data.length) at = reader.next(segment, data, at, false);
  return { told, end: at };
}

function commands(data: Uint8Array): { readonly told: RedisCommand[]; readonly end: Step } {
  const told: RedisCommand[] = [];
  const reader = new RedisCommandReader((_, found) => told.push(found));
  let at: Step = 0;
  while (typeof at === 'number' && at < data.length) at = reader.next(segment, data, at, false);
  return { told, end: at };
}

test('a command is read with its words, and a value beyond the capture does not hide where it ends', () => {
  const set = bytes(command('SET', 'key', 'x'.repeat(1000)));
  const { told, end } = commands(set.subarray(0, 110));
  assert.deepEqual(told, [{ words: ['SET', 'key', 'x'.repeat(64)], argumentCount: 2 }]);
  assert.equal(end, set.length);
});

test('what is not a command is refused', () => {
  for (const text of ['*1\r\n$1\r\n\x00\r\n', '*x\r\n', '*2\r\nGET\r\n', '*1\r\n$-1\r\n', '{"a": 1}\r\n']) {
    assert.equal(commands(bytes(text)).end, 'malformed', text);
  }
});

test('replies of RESP2 and RESP3 are stepped over whole', () => {
  for (const text of [
    '+OK\r\n',
    ':42\r\n',
    '$-1\r\n',
    '*2\r\n$1\r\na\r\n*1\r\n:1\r\n',
    '%1\r\n+k\r\n,1.5\r\n',
    '_\r\n',
    '#t\r\n',
    '=7\r\ntxt:abc\r\n',
    '|1\r\n+a\r\n+b\r\n:1\r\n',
    '*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n',
    '*-1\r\n',
  ]) {
    const { told, end } = replies(`${text}-NEXT one\r\n`);
    assert.deepEqual(
      told.map((reply) => reply.error),
      ['', 'NEXT'],
      JSON.stringify(text),
    );
    assert.equal(end, text.length + 11);
  }
  assert.equal(replies('-WRONGTYPE Operation against\r\n').told[0]?.error, 'WRONGTYPE');
  assert.equal(replies('!10\r\nBUSY aaaaa\r\n').told[0]?.error, 'BUSY');
  assert.equal(replies('>1\r\n+x\r\n').told[0]?.isPush, true);
});

test('deeply nested replies end the walk instead of growing', () => {
  assert.equal(replies('*1\r\n'.repeat(5000)).end, 'malformed');
});

test('a real server: pipelined commands are answered in order, errors by their word, values never shown', async (context) => {
  if (spawnSync('redis-server', ['--version']).status !== 0) return context.skip('redis-server is not installed');
  const port = 22100 + (process.pid % 400);
  const server = spawn('redis-server', [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
  ]);
  try {
    for await (const chunk of server.stdout) if (String(chunk).includes('eady to accept connections')) break;
    const proxy = await recordTcp(port, { hint: 'redis' });
    const client = connect({ port: proxy.port, host: '127.0.0.1' });
    await once(client, 'connect');
    client.write(command('SET', 'user:7', 'secret value') + command('LPUSH', 'user:7', 'x') + command('GET', 'user:7'));
    client.write(command('CONFIG', 'GET', 'maxmemory') + command('ECHO', 'the-end'));
    let received = '';
    for await (const chunk of client) {
      received += chunk;
      if (received.includes('the-end')) break;
    }
    proxy.close();
    const tracker = new L7Tracker();
    const events = proxy.segments.flatMap((segment: L7Segment) => tracker.feed(segment));
    const responses = events.filter((event) => event.kind === 'response').map((event) => event.message);
    assert.deepEqual(
      responses.map((message) => (message.protocol === 'redis' ? [message.name, message.detail, message.status] : [])),
      [
        ['SET', '? ?', 'OK'],
        ['LPUSH', '? ?', 'WRONGTYPE'],
        ['GET', '?', 'OK'],
        ['CONFIG GET', '?', 'OK'],
        ['ECHO', '?', 'OK'],
      ],
    );
    const text = JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    assert.ok(!text.includes('secret') && !text.includes('user:7'));
  } finally {
    server.kill();
    await once(server, 'exit');
  }
});

test('arbitrary bytes never throw and always move forward', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .array(fc.constantFrom('*3\r\n', '$3\r\n', 'GET', '\r\n', ':1', '%2\r\n', '$99999\r\n', '-E\r\n', '*-5\r\n'))
      .map((parts) => bytes(parts.join(''))),
  );
  fc.assert(
    fc.property(noise, fc.boolean(), (data, isCut) => {
      const readers = [
        new RedisCommandReader((_, { words }) => assert.ok(words.length <= 16)),
        new RedisReplyReader(
          () => {},
          () => {},
        ),
      ];
      for (const reader of readers) {
        for (let at = 0; at < data.length; ) {
          const step = reader.next(segment, data, at, isCut);
          if (typeof step !== 'number') break;
          assert.ok(step > at);
          at = step;
        }
      }
    }),
    { numRuns: 500 },
  );
});
