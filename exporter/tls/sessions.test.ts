import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SessionEvent, TlsSessions } from './sessions.ts';
import type { JoinedSocket, TlsPiece } from './tls-piece.ts';

const SECOND = 1e9;

const socket = (cookie: number, join: JoinedSocket['join']): JoinedSocket => ({
  join,
  cookie,
  ipVersion: 4,
  local: { address: '10.0.0.1', port: 443 },
  remote: { address: '10.0.0.2', port: 40_000 + cookie },
});

const piece = (change: Partial<TlsPiece> = {}): TlsPiece => ({
  kind: 'read',
  timeBootNs: SECOND,
  pid: 7,
  connection: 'a0',
  socket: undefined,
  offset: 0,
  length: 4,
  data: Buffer.from('GET '),
  ...change,
});

const told = (events: readonly SessionEvent[]) =>
  events.map(({ kind, session }) => `${kind} ${session.join} ${session.socket?.cookie ?? '-'}`);

test('what the library read within the call is joined at once', () => {
  const sessions = new TlsSessions();
  assert.deepEqual(told(sessions.take(piece({ socket: socket(1, 'inside') }))), ['piece socket 1']);
  assert.equal(sessions.counters.joined, 1);
});

test('a first request waits until the answer has told its socket, and keeps its place before it', () => {
  const sessions = new TlsSessions();
  assert.deepEqual(sessions.take(piece({ kind: 'written' })), []);
  const events = sessions.take(piece({ socket: socket(1, 'before') }));
  assert.deepEqual(told(events), ['piece order 1', 'piece order 1']);
  assert.deepEqual(
    events.map((event) => event.kind === 'piece' && event.piece.kind),
    ['written', 'read'],
  );
});

test('what waits for longer than 5 s is told unjoined, and what comes after it as well as it can', () => {
  const sessions = new TlsSessions();
  sessions.take(piece({ kind: 'written' }));
  assert.deepEqual(sessions.sweep(5.9 * SECOND), []);
  assert.deepEqual(told(sessions.sweep(6.1 * SECOND)), ['piece unjoined -']);
  assert.deepEqual(told(sessions.take(piece())), ['piece unjoined -']);
  const [joined] = sessions.take(piece({ socket: socket(1, 'before') }));
  assert.deepEqual(told(joined === undefined ? [] : [joined]), ['piece order 1']);
  assert.equal(sessions.counters.unjoined, 1);
});

test('two connections of the library that the order gives the same socket are both unjoined from then on', () => {
  const sessions = new TlsSessions();
  sessions.take(piece({ socket: socket(1, 'before') }));
  assert.deepEqual(told(sessions.take(piece({ connection: 'b0', socket: socket(1, 'before') }))), ['piece unjoined -']);
  assert.deepEqual(told(sessions.take(piece({ socket: socket(1, 'before') }))), ['piece unjoined -']);
  assert.equal(sessions.counters.disputed, 2);
});

test('a connection that the order gives a second socket is unjoined from then on', () => {
  const sessions = new TlsSessions();
  sessions.take(piece({ socket: socket(1, 'before') }));
  assert.deepEqual(told(sessions.take(piece({ socket: socket(2, 'before') }))), ['piece unjoined -']);
  assert.deepEqual(told(sessions.take(piece({ socket: socket(1, 'before') }))), ['piece unjoined -']);
});

test('a socket is free for another connection once the first is freed', () => {
  const sessions = new TlsSessions();
  sessions.take(piece({ socket: socket(1, 'before') }));
  assert.deepEqual(told(sessions.take(piece({ kind: 'freed' }))), ['ended order 1']);
  assert.deepEqual(told(sessions.take(piece({ connection: 'b0', socket: socket(1, 'before') }))), ['piece order 1']);
});

test('a library that goes on over another socket has another conversation', () => {
  const sessions = new TlsSessions();
  const [first] = sessions.take(piece({ socket: socket(1, 'inside') }));
  const [ended, next] = sessions.take(piece({ socket: socket(2, 'inside') }));
  assert.deepEqual([ended?.kind, next?.kind, next?.session.socket?.cookie], ['ended', 'piece', 2]);
  assert.equal(ended?.session.number, first?.session.number);
  assert.notEqual(next?.session.number, first?.session.number);
});

test('what waits is bounded, by connection and in all; beyond, it is told unjoined and counted', () => {
  const sessions = new TlsSessions();
  const data = Buffer.alloc(2048);
  const events = Array.from({ length: 33 }, () => sessions.take(piece({ data }))).flat();
  assert.equal(events.length, 33);
  assert.equal(sessions.counters.hold_full, 1);
  const others = Array.from({ length: 3000 }, (_, i) => sessions.take(piece({ connection: `c${i}`, data }))).flat();
  assert.equal(others.length, 3000 - 2048);
});

test('a process that ends takes its connections with it', () => {
  const sessions = new TlsSessions();
  sessions.take(piece({ socket: socket(1, 'inside') }));
  sessions.take(piece({ connection: 'b0' }));
  sessions.take(piece({ pid: 8, socket: socket(3, 'inside') }));
  assert.deepEqual(told(sessions.endProcess(7)), ['ended socket 1', 'piece unjoined -', 'ended unjoined -']);
});
