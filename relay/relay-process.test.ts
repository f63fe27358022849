// A relay as a process of its own over peers as processes: one steady, one with jitter, one that stalls, one that dies
// without a word and returns with nothing.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { test } from 'node:test';
import { PeerClient } from '#observer/peer-client.ts';
import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { DashboardDefinition, GetStatusRequest } from '#proto/gen/parallax/v1/dashboard.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import { cleanups, connected, Follower, freePort, until } from './testing/cluster.ts';

const flowsPerSecond = 200;

function start(script: string, ...args: readonly string[]): ChildProcess {
  const child = fork(new URL(script, import.meta.url), args, { silent: true });
  cleanups.push(() => void child.kill('SIGKILL'));
  return child;
}

function told<Key extends string, Value>(child: ChildProcess, key: Key): Promise<Value> {
  return new Promise((resolve) => {
    child.on('message', (message: Partial<Record<Key, Value>>) => {
      if (message[key] !== undefined) resolve(message[key]);
    });
  });
}

async function peer(name: string, boot: number, jitterMs = 0, port = 0) {
  const child = start(
    'testing/peer-process.ts',
    ...[name, `127.0.0.1:${port}`, String(boot), String(flowsPerSecond), String(jitterMs)],
  );
  return { child, address: await told<'address', string>(child, 'address') };
}

async function finish(child: ChildProcess): Promise<number> {
  const made = told<'made', number>(child, 'made');
  child.send('finish');
  return await made;
}

/** Numbers of the flows received, by "name/boot": kept up with the follower, which has thousands. */
class Received {
  readonly #follower: Follower;
  readonly #numbers = new Map<string, number[]>();
  #read = 0;

  constructor(follower: Follower) {
    this.#follower = follower;
  }

  of(key: string): number[] {
    const { responses } = this.#follower;
    for (; this.#read < responses.length; this.#read += 1) {
      const type = responses[this.#read]?.responseTypes;
      if (type?.$case !== 'flow') continue;
      const [, source = '', number] = /^(.*)\/(\d+)$/.exec(type.value.uuid) ?? [];
      const numbers = this.#numbers.get(source) ?? [];
      numbers.push(Number(number));
      this.#numbers.set(source, numbers);
    }
    return this.#numbers.get(key) ?? [];
  }
}

function timeNs({ time }: GetFlowsResponse): bigint {
  return (time?.seconds ?? 0n) * 1_000_000_000n + BigInt(time?.nanos ?? 0);
}

test('nothing is lost uncounted, doubled, or out of order uncounted, whatever the peers do; a death is a declared gap', async () => {
  const [steady, jittery, stalling, dying] = await Promise.all([
    peer('steady', 0),
    peer('jittery', 0, 15),
    peer('stalling', 0),
    peer('dying', 0),
  ]);
  const peers = [steady, jittery, stalling, dying];
  const [address, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const addresses = peers.map((one) => one.address).join(',');
  start('../bin/parallax.ts', 'relay', '--listen', address, '--peers', addresses, '--metrics', metrics);
  const client = new PeerClient({ address });
  cleanups.push(() => client.close());
  await until('the relay answers', () =>
    client.serverStatus().then(
      () => true,
      () => false,
    ),
  );
  await connected(client, 4);
  const follower = new Follower(client, { follow: true, number: 2n ** 64n - 1n });
  const received = new Received(follower);
  const flowing = (key: string, more: number) => {
    const before = received.of(key).length;
    return until(`${more} flows of ${key}`, () => received.of(key).length >= before + more);
  };
  await flowing('dying/0', 300);

  stalling.child.kill('SIGSTOP');
  await flowing('steady/0', 2 * flowsPerSecond);
  stalling.child.kill('SIGCONT');
  await flowing('stalling/0', 100);

  dying.child.kill('SIGKILL');
  await until('the death is told', () =>
    follower.states.some(({ state, names }) => state === NodeState.NODE_ERROR && names.includes('dying')),
  );
  const returned = await peer('dying', 1, 0, Number(dying.address.split(':')[1]));
  await flowing('dying/1', 200);

  const made = {
    'steady/0': await finish(steady.child),
    'jittery/0': await finish(jittery.child),
    'stalling/0': await finish(stalling.child),
    'dying/1': await finish(returned.child),
  };
  for (const [key, count] of Object.entries(made)) {
    await until(`all of ${key}`, () => received.of(key).length >= count);
    const numbers = received.of(key).sort((left, right) => left - right);
    assert.deepEqual(
      numbers,
      Array.from({ length: count }, (_, index) => index),
      `each flow of ${key} once`,
    );
  }
  const beforeDeath = received.of('dying/0').sort((left, right) => left - right);
  assert.deepEqual(
    beforeDeath,
    Array.from(beforeDeath, (_, index) => index),
    'what came before the death came whole',
  );

  // The gap reaches from the last flow before the death to the first one after it, in the stream and in the status.
  const lastBefore = follower.responses.findLast(
    ({ responseTypes: type }) => type?.$case === 'flow' && type.value.uuid === `dying/0/${beforeDeath.length - 1}`,
  );
  const firstAfter = follower.responses.find(
    ({ responseTypes: type }) => type?.$case === 'flow' && type.value.uuid === 'dying/1/0',
  );
  assert.ok(lastBefore !== undefined && firstAfter !== undefined);
  const [from, to] = [lastBefore, firstAfter].map((one) => new Date(Number(timeNs(one) / 1_000_000n)).toISOString());
  const gap = `flows between ${from} and ${to} may be missing`;
  const gaps = follower.states.filter(({ message }) => message.includes('may be missing'));
  assert.deepEqual(gaps, [{ state: NodeState.NODE_ERROR, names: ['dying'], message: gap }]);
  const status = await client.unary(
    DashboardDefinition.fullName,
    DashboardDefinition.methods.getStatus,
    GetStatusRequest.create(),
  );
  assert.ok(
    status.notices.some(({ key, text }) => key === 'gap' && text.includes('dying') && text.includes(String(from))),
  );

  // Whatever stands behind a later flow was counted: late, or fetched after an absence.
  let newest = 0n;
  let outOfOrder = 0;
  for (const response of follower.responses) {
    if (response.responseTypes?.$case !== 'flow') continue;
    const time = timeNs(response);
    if (time < newest) outOfOrder += 1;
    else newest = time;
  }
  const figures = await (await fetch(`http://${metrics}/metrics`)).text();
  const counted = [...figures.matchAll(/^parallax_relay_peer_(?:late|backfilled)_total\{.*\} (\d+)$/gm)];
  const sum = counted.reduce((total, [, value]) => total + Number(value), 0);
  assert.equal(counted.length, 8);
  assert.ok(outOfOrder <= sum, `${outOfOrder} out of order, ${sum} counted`);
  assert.equal(
    follower.responses.some(({ responseTypes }) => responseTypes?.$case === 'lostEvents'),
    false,
  );
});
