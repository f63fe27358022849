import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { L7Event, L7Segment } from './l7-event.ts';
import { parsePgMessage, parsePgStartup, pgSqlState } from './postgresql.ts';
import { L7Tracker } from './tracker.ts';

const message = (type: string, body: Buffer | string = '') => {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
};
const startup = () => {
  const body = Buffer.from('\0\x03\0\0user\0app\0database\0shop\0\0', 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
};
const ready = message('Z', 'I');
const error = (state: string) => message('E', `SERROR\0VERROR\0C${state}\0Mno\0\0`);

class Session {
  readonly tracker = new L7Tracker();
  readonly events: L7Event[] = [];
  private sequences = [0, 0];
  private timeNs = 0n;

  send(fromInitiator: boolean, data: Buffer, captureBytes = data.length): this {
    const side = fromInitiator ? 0 : 1;
    const sequence = this.sequences[side] ?? 0;
    this.sequences[side] = sequence + data.length;
    this.timeNs += 10n;
    const segment: L7Segment = {
      connection: 1,
      fromInitiator,
      timeNs: this.timeNs,
      sequence,
      payloadLength: data.length,
      data: data.subarray(0, captureBytes),
      hint: 'postgresql',
      transport: 'tcp',
    };
    this.events.push(...this.tracker.feed(segment));
    return this;
  }

  summary(): string[] {
    return this.events.map(({ kind, requestNumber, message: operation }) =>
      operation.protocol === 'postgresql'
        ? `${kind} ${requestNumber} ${operation.name} [${operation.detail}] ${operation.status}`.trim()
        : operation.protocol,
    );
  }
}

test('a simple query is paired with its completion, its literals redacted', () => {
  const session = new Session()
    .send(true, startup())
    .send(false, Buffer.concat([message('R', '\0\0\0\0'), ready]))
    .send(true, message('Q', "SELECT * FROM users WHERE name = 'Ada' AND id = 7\0"))
    .send(false, Buffer.concat([message('T', '\0\0'), message('D', '\0\0'), message('C', 'SELECT 1\0'), ready]));
  const sql = '[SELECT * FROM users WHERE name = ? AND id = ?]';
  assert.deepEqual(session.summary(), [`request 1 SELECT ${sql}`, `response 1 SELECT ${sql} OK`]);
  assert.ok(session.events.every((event) => !event.joinedMidway));
});

test('an extended query by a named statement has the verb of its Parse; a prepare alone is a request too', () => {
  const execute = Buffer.concat([message('B', '\0s1\0\0\0\0\0\0\0'), message('E', '\0\0\0\0\0'), message('S')]);
  const session = new Session()
    .send(true, startup())
    .send(true, Buffer.concat([message('P', 's1\0UPDATE cart SET n = $1\0\0\0'), message('S')]))
    .send(false, Buffer.concat([message('1'), ready]))
    .send(true, execute)
    .send(false, Buffer.concat([message('2'), error('23505'), ready]));
  assert.deepEqual(session.summary(), [
    'request 1 PREPARE [UPDATE cart SET n = $1]',
    'response 1 PREPARE [UPDATE cart SET n = $1] OK',
    'request 2 UPDATE [UPDATE cart SET n = $1]',
    'response 2 UPDATE [UPDATE cart SET n = $1] 23505',
  ]);
});

test('of pipelined batches, an error ends its own batch only', () => {
  const execute = Buffer.concat([message('P', '\0DELETE FROM a\0\0\0'), message('B', '\0\0'), message('E', '\0')]);
  const session = new Session()
    .send(true, startup())
    .send(true, Buffer.concat([execute, execute, message('S'), message('Q', 'COMMIT\0')]))
    .send(false, Buffer.concat([error('40001'), ready, message('C', 'COMMIT\0'), ready]));
  assert.deepEqual(session.summary().slice(3), [
    'response 1 DELETE [DELETE FROM a] 40001',
    'response 3 COMMIT [COMMIT] OK',
  ]);
  assert.equal(session.tracker.counters().unanswered, 1);
});

test('pipelined simple queries, one of two statements, are each answered once', () => {
  const session = new Session()
    .send(true, startup())
    .send(true, Buffer.concat([message('Q', 'BEGIN; DELETE FROM a\0'), message('Q', 'COMMIT\0')]))
    .send(false, Buffer.concat([message('C', 'BEGIN\0'), message('C', 'DELETE 3\0'), ready]))
    .send(false, Buffer.concat([message('C', 'COMMIT\0'), ready]));
  assert.deepEqual(session.summary().slice(2), [
    'response 1 BEGIN [BEGIN; DELETE FROM a] OK',
    'response 2 COMMIT [COMMIT] OK',
  ]);
  const commit = session.events.at(-1);
  assert.equal(commit?.kind === 'response' && commit.latencyNs, 20n);
  assert.equal(session.tracker.counters().unanswered, 0);
});

test('an outcome beyond the capture is reported as unknown when the client goes on', () => {
  const rows = Buffer.concat([
    message('T', '\0\0'),
    message('D', Buffer.alloc(4000)),
    message('C', 'SELECT 9\0'),
    ready,
  ]);
  const session = new Session()
    .send(true, startup())
    .send(true, message('Q', 'SELECT 1\0'))
    .send(false, rows, 100)
    .send(true, message('Q', 'SELECT 2\0'));
  assert.deepEqual(session.summary(), [
    'request 1 SELECT [SELECT ?]',
    'response 1 SELECT [SELECT ?] unknown',
    'request 2 SELECT [SELECT ?]',
  ]);
});

test('a password message is neither a request nor kept', () => {
  const session = new Session().send(true, startup()).send(true, message('p', 'secret\0'));
  assert.deepEqual(session.events, []);
});

test('startup, SSL request and cancel are told apart', () => {
  assert.equal(parsePgStartup(startup())?.kind, 'startup');
  assert.equal(parsePgStartup(Buffer.from('0000000804d2162f', 'hex'))?.kind, 'ssl');
  assert.equal(parsePgStartup(Buffer.from('1000000804d2162f', 'hex')), undefined);
});

test('SQLSTATE is found among the fields of an error', () => {
  const parsed = parsePgMessage(error('42P01'), 0, 'backend');
  assert.equal(parsed && pgSqlState(parsed), '42P01');
});

test('arbitrary bytes never throw and always move forward', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (data, fromInitiator) => {
      const session = new Session().send(true, startup()).send(fromInitiator, Buffer.from(data));
      assert.ok(session.events.length <= 200);
    }),
    { numRuns: 500 },
  );
});
