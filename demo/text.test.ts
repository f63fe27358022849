import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DemoState, PodState } from './state.ts';
import { formatDown, formatStatus, formatUp } from './text.ts';

const web: PodState = {
  workload: 'shop/web',
  pod: 'web-8c8889-476f9',
  netns: 'px-demo-web',
  hostInterface: 'pxd-web',
  ipv4: '10.244.2.10',
  ipv6: null,
  phase: 'ready',
  reason: null,
  process: { pid: 7, startTicks: 9 },
};
const redis: PodState = {
  ...web,
  workload: 'data/redis',
  pod: 'redis-0',
  phase: 'left out',
  reason: 'redis-server is not installed: apt-get install redis-server',
};
const state: DemoState = {
  directory: '/run/demo',
  startedAt: '2030-01-01T00:00:00.000Z',
  nodeName: 'demo-node',
  traffic: 'on',
  rate: 1,
  supervisor: { pid: 1, startTicks: 1 },
  hasClusterIps: true,
  hasCgroups: true,
  pods: [web, redis],
};

test('up says how long it took, which pod is missing and why, and where the objects are', () => {
  const files = { objectsFile: '/run/demo/objects.json', truthFile: '/run/demo/truth.json' };
  assert.equal(
    formatUp({ networkMs: 160, firstTrafficMs: 1190, readyMs: 3040, state, ...files }),
    [
      'The demo is up: 1 of 2 pods; network after 0.2 s, first traffic after 1.2 s, all pods after 3.0 s.',
      '  data/redis left out: redis-server is not installed: apt-get install redis-server',
      'Kubernetes objects for the exporter: --objects /run/demo/objects.json',
    ].join('\n'),
  );
});

test('status is a table of pods, and says when nothing runs or something was left', () => {
  const counts = { uptimeSeconds: 12.4, asked: 40, answered: 38 };
  const text = formatStatus({ running: true, state, truth: null, pods: [{ ...web, ...counts }] });
  assert.equal(
    text,
    [
      'The demo is up since 2030-01-01T00:00:00.000Z, traffic on, rate 1.',
      'POD                    STATE  IP           UP   ASKED  ANSWERED',
      'shop/web-8c8889-476f9  ready  10.244.2.10  12s  40     38',
    ].join('\n'),
  );
  assert.match(formatStatus({ running: false, leftovers: [] }), /'parallax demo up' starts it/);
  assert.match(formatStatus({ running: false, leftovers: ['px-demo0'] }), /left px-demo0: 'parallax demo down'/);
});

test('down says whether there was anything', () => {
  assert.equal(formatDown({ removed: [] }), 'There was no demo to take down.');
  assert.match(formatDown({ removed: ['px-demo0'] }), /nothing of it is left/);
});
