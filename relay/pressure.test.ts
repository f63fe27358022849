// Peers that send as fast as they are read, at different speeds, into a relay that keeps little of each.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DashboardDefinition, GetStatusRequest } from '#proto/gen/parallax/v1/dashboard.ts';
import { clientOf, connected, Follower, node, relayOf, until } from './testing/cluster.ts';

/** Flows that a peer makes in a turn, and the bytes in each: a peer may be fast in flows and slow in bytes. */
const speeds = [
  { name: 'quick', flowsPerTurn: 30, padding: 0 },
  { name: 'wide', flowsPerTurn: 8, padding: 3000 },
  { name: 'slow', flowsPerTurn: 1, padding: 100 },
];
const turns = 100;

test('peers of unequal speed, flat out, come through whole and in order but for those counted late', async () => {
  const nodes = await Promise.all(speeds.map(({ name }) => node(name, { ringBytes: 32 << 20 })));
  const relay = await relayOf({
    peers: nodes.map(({ address }) => address),
    ringBytes: 64 << 20,
    merge: { maxPeerBytes: 32 * 1024 },
  });
  const client = clientOf(relay);
  await connected(client, nodes.length);
  const follower = new Follower(client, { follow: true, first: true, number: 2n ** 64n - 1n });

  const made = new Set<string>();
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [index, { name, flowsPerTurn, padding }] of speeds.entries()) {
      for (let i = 0; i < flowsPerTurn; i += 1) {
        const uuid = `${name}/${turn}/${i}`;
        made.add(uuid);
        nodes[index]?.flow(uuid, 0, { Summary: 'x'.repeat(padding) });
      }
    }
    if (turn % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(
    `all ${made.size} flows`,
    () => follower.responses.length >= made.size && follower.flows.length >= made.size,
  );

  assert.equal(follower.flows.length, made.size);
  assert.deepEqual(new Set(follower.flows), made);
  let latest = 0n;
  let outOfOrder = 0;
  for (const { time, responseTypes } of follower.responses) {
    if (responseTypes?.$case !== 'flow') continue;
    const timeNs = (time?.seconds ?? 0n) * 1_000_000_000n + BigInt(time?.nanos ?? 0);
    if (timeNs < latest) outOfOrder += 1;
    else latest = timeNs;
  }
  const { fullName, methods } = DashboardDefinition;
  const status = await client.unary(fullName, methods.getStatus, GetStatusRequest.create());
  const late = status.coverage.reduce((sum, hop) => sum + Number(hop.late), 0);
  assert.equal(outOfOrder, late);
});
