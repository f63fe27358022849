import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewpointsOf, wayUs } from './viewpoints.ts';

const line = (flow: object) =>
  JSON.stringify({ flow: { time: '2026-01-01T00:00:00.000Z', verdict: 'FORWARDED', ...flow } });
const answer = (ms: number) => ({ l7: { latency_ns: String(ms * 1e6) } });
const looked = { timeMs: Date.parse('2026-01-01T00:00:00.000Z'), latencyUs: 5_000 };

test('two nodes are two views, and what one waited longer than the other was the way', () => {
  const lines = [
    line({ node_name: 'b', traffic_direction: 'INGRESS', ...answer(3) }),
    line({ node_name: 'a', traffic_direction: 'EGRESS', ...answer(5) }),
    line({ node_name: 'a', traffic_direction: 'EGRESS', ...answer(90) }),
  ].join('\n');
  const views = viewpointsOf(lines, looked);
  assert.deepEqual(
    views.map(({ place, node, flows, latencyUs }) => [place, node, flows, latencyUs]),
    [
      ['source', 'a', 2, 5_000],
      ['destination', 'b', 1, 3_000],
    ],
  );
  assert.equal(wayUs(views), 2_000);
});

test('where it was dropped is seen on one side alone', () => {
  const drop = { verdict: 'DROPPED', extensions: { drop: { reason: 'NETFILTER_DROP' } } };
  const lines = [line({ node_name: 'b', traffic_direction: 'INGRESS', ...drop }), 'no json', '{}'].join('\n');
  const views = viewpointsOf(lines, looked);
  assert.deepEqual(
    views.map(({ verdict, dropReason }) => [verdict, dropReason]),
    [['DROPPED', 'NETFILTER_DROP']],
  );
  assert.equal(wayUs(views), undefined);
});
