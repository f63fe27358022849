import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceMap, Vertex, WatchResponse } from '#proto/gen/parallax/v1/dashboard.ts';
import type { WorkerMessage } from './messages.ts';
import { SessionHub, type TabPort } from './session-hub.ts';

function hub() {
  const time = { nowMs: 1_000_000 };
  const open = new Map<string, AbortSignal>();
  let tell: (message: Uint8Array) => void = () => undefined;
  let ids = 0;
  const sessions = new SessionHub({
    run: ({ url, signal, onMessage }) => {
      open.set(url, signal);
      tell = onMessage;
    },
    now: () => time.nowMs,
    newId: () => `s${++ids}`,
  });
  const tellMap = (changes: Partial<ServiceMap>) => {
    const value = { ...ServiceMap.create(), ...changes };
    tell(WatchResponse.encode(WatchResponse.create({ message: { $case: 'serviceMap', value } })).finish());
  };
  return { sessions, time, open, tellMap };
}

function tab(): TabPort & { readonly got: WorkerMessage[] } {
  const got: WorkerMessage[] = [];
  return { got, post: (message) => got.push(message) };
}

test('tabs with the same filter and window share one stream', () => {
  const { sessions, open } = hub();
  for (const port of [tab(), tab(), tab()]) sessions.receive(port, { kind: 'watch', key: 'q=a', held: undefined });
  assert.equal(open.size, 1);
});

test('a hidden tab gets nothing, and its stream closes when no other tab looks', () => {
  const { sessions, time, open } = hub();
  const port = tab();
  sessions.receive(port, { kind: 'watch', key: 'q=a', held: undefined });
  sessions.commit();
  sessions.receive(port, { kind: 'rest' });
  sessions.commit();
  assert.equal(port.got.length, 1);
  time.nowMs += 6_000;
  sessions.commit();
  assert.equal(open.get('/api/watch?q=a')?.aborted, true);
  assert.equal(sessions.openWatches, 0);
});

test('a reload within the grace finds its stream still open', () => {
  const { sessions, time, open } = hub();
  const before = tab();
  sessions.receive(before, { kind: 'watch', key: 'q=a', held: undefined });
  sessions.receive(before, { kind: 'rest' });
  sessions.commit();
  time.nowMs += 3_000;
  sessions.receive(tab(), { kind: 'watch', key: 'q=a', held: undefined });
  time.nowMs += 9_000;
  sessions.commit();
  assert.equal(open.get('/api/watch?q=a')?.aborted, false);
});

test('a tab that died without a word is given up after its silence', () => {
  const { sessions, time } = hub();
  sessions.receive(tab(), { kind: 'watch', key: 'q=a', held: undefined });
  for (let each = 0; each < 10; each++) {
    time.nowMs += 10_000;
    sessions.commit();
  }
  assert.equal(sessions.openWatches, 0);
});

test('one tab may change its filter without disturbing another', () => {
  const { sessions, time, open } = hub();
  const [first, second] = [tab(), tab()];
  sessions.receive(first, { kind: 'watch', key: 'q=a', held: undefined });
  sessions.receive(second, { kind: 'watch', key: 'q=a', held: undefined });
  sessions.receive(first, { kind: 'watch', key: 'q=b', held: undefined });
  time.nowMs += 9_000;
  sessions.commit();
  assert.deepEqual(
    [...open.values()].map((signal) => signal.aborted),
    [false, false],
  );
});

test('figures of the map are sent once a second, what joins it at once', () => {
  const { sessions, time, tellMap } = hub();
  const port = tab();
  const maps = () => port.got.filter((message) => message.kind === 'commit' && message.map !== undefined).length;
  const after = (ms: number) => {
    time.nowMs += ms;
    sessions.commit();
  };
  sessions.receive(port, { kind: 'watch', key: 'q=a', held: undefined });
  tellMap({ whole: true, vertices: [{ ...Vertex.create(), id: 'a' }] });
  after(0);
  assert.equal(maps(), 1);
  tellMap({ coveredMs: 500 });
  after(250);
  assert.equal(maps(), 1);
  after(800);
  assert.equal(maps(), 2);
  tellMap({ vertices: [{ ...Vertex.create(), id: 'b' }] });
  after(100);
  assert.equal(maps(), 3);
});
