import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { PeerClient } from '#observer/peer-client.ts';
import { PeerSession } from '#observer/peer-session.ts';
import {
  GetFlowsRequest,
  GetFlowsResponse,
  ObserverDefinition,
  ServerStatusRequest,
} from '#proto/gen/observer/observer.ts';
import { DashboardDefinition, GetStatusRequest, type Status } from '#proto/gen/parallax/v1/dashboard.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import { ObserverFixture } from './observer-fixture.ts';
import type { Peer, PeerListener, PeerSet } from './peers/peer-set.ts';

import { cleanups, clientOf, connected, Follower, node, relayOf, until } from './testing/cluster.ts';

function statusOf(client: PeerClient): Promise<Status> {
  return client.unary(DashboardDefinition.fullName, DashboardDefinition.methods.getStatus, GetStatusRequest.create());
}

describe('a relay', () => {
  it('merges what its nodes have and what they see from then on, in order of time', async () => {
    const [a, b] = [await node('a'), await node('b')];
    a.flow('a1', 5000);
    b.flow('b1', 4000);
    a.flow('a2', 3000);
    const relay = await relayOf({ peers: [a.address, b.address] });
    const client = clientOf(relay);
    await connected(client, 2);
    const follower = new Follower(client, { follow: true, number: 100n });
    await until('the backfill', () => follower.flows.length === 3);
    a.flow('a3');
    b.flow('b2');
    await until('the live flows', () => follower.flows.length === 5);
    assert.deepEqual(follower.flows.slice(0, 3), ['a1', 'b1', 'a2']);
  });

  it('tells a follower first which nodes are connected and which are not, under its own name', async () => {
    const a = await node('a');
    const gone = await ObserverFixture.start('gone');
    await gone.stop();
    const relay = await relayOf({ peers: [a.address, gone.address] });
    const client = clientOf(relay);
    await until('one node is away', async () => (await client.serverStatus()).numUnavailableNodes === 1);
    a.flow('a1');
    const follower = new Follower(client, { follow: true });
    await until('the greeting', () => follower.states.length >= 2);
    assert.deepEqual(follower.states.slice(0, 2), [
      { state: NodeState.NODE_CONNECTED, names: ['a'], message: '' },
      { state: NodeState.NODE_UNAVAILABLE, names: [gone.address], message: '' },
    ]);
    assert.equal(follower.responses[0]?.nodeName, 'relay-1');
    const status = await client.unary(
      DashboardDefinition.fullName,
      DashboardDefinition.methods.getStatus,
      GetStatusRequest.create(),
    );
    assert.match(status.notices.map(({ text }) => text).join(), /nothing listens there/);
  });

  it('goes on without a node that dies, says so, and loses and doubles nothing when it returns', async () => {
    const [a, first] = [await node('a'), await ObserverFixture.start('b')];
    const relay = await relayOf({ peers: [a.address, first.address] });
    const client = clientOf(relay);
    await connected(client, 2);
    const follower = new Follower(client, { follow: true });
    await until('the greeting', () => follower.states.length > 0);
    first.flow('b1');
    await until('b1', () => follower.flows.includes('b1'));
    await first.stop();
    await until('the death is told', () => follower.states.some(({ state }) => state === NodeState.NODE_ERROR));
    a.flow('a1');
    await until('a1', () => follower.flows.includes('a1'));

    const second = new ObserverFixture('b', {});
    for (let sequence = first.ring.oldest; sequence < first.ring.next; sequence += 1) {
      second.ring.append(first.ring.messageAt(sequence).slice());
    }
    second.flow('b2');
    await second.listen(first.address);
    cleanups.push(() => second.stop());
    await until('b2', () => follower.flows.includes('b2'));
    second.flow('b3');
    await until('b3', () => follower.flows.includes('b3'));
    assert.deepEqual([...follower.flows].sort(), ['a1', 'b1', 'b2', 'b3']);
    assert.ok(!follower.states.some(({ message }) => message.includes('may be missing')));
  });

  it('declares a gap when a node comes back without what it had', async () => {
    const first = await ObserverFixture.start('b');
    const relay = await relayOf({ peers: [first.address] });
    const client = clientOf(relay);
    await connected(client, 1);
    const follower = new Follower(client, { follow: true });
    await until('the greeting', () => follower.states.length > 0);
    first.flow('b1');
    await until('b1', () => follower.flows.includes('b1'));
    await first.stop();
    const second = await node('b', { listen: first.address });
    await connected(client, 1);
    second.flow('b2');
    await until('b2', () => follower.flows.includes('b2'));
    const gap = follower.states.find(({ message }) => message.includes('may be missing'));
    assert.equal(gap?.state, NodeState.NODE_ERROR);
    assert.deepEqual(gap?.names, ['b']);
  });

  it('delivers a flow that is later than the window, and counts it', async () => {
    const [a, b] = [await node('a', { hasHeartbeats: false }), await node('b', { hasHeartbeats: false })];
    const relay = await relayOf({ peers: [a.address, b.address] });
    const client = clientOf(relay);
    await connected(client, 2);
    const follower = new Follower(client, { follow: true });
    await until('the greeting', () => follower.states.length > 0);
    for (const peer of [a, b]) {
      peer.flow(`${peer.nodeName} live`);
      await until('a live flow', () => follower.flows.includes(`${peer.nodeName} live`));
    }
    b.flow('late', 60_000);
    await until('the late flow', () => follower.flows.includes('late'));
    const status = await client.unary(
      DashboardDefinition.fullName,
      DashboardDefinition.methods.getStatus,
      GetStatusRequest.create(),
    );
    assert.equal(status.coverage.find(({ nodeName }) => nodeName === b.nodeName)?.late, 1n);
  });

  it('follows a node that appears while others are followed, and forgets one that leaves', async () => {
    const [a, b] = [await node('a'), await node('b')];
    let listener: PeerListener | undefined;
    const peerSet: PeerSet = {
      start: (given) => {
        listener = given;
      },
      stop: () => {},
    };
    const relay = await relayOf({ peerSet });
    const client = clientOf(relay);
    const peerOf = ({ nodeName: name, address }: ObserverFixture): Peer => ({ name, address });
    listener?.set(peerOf(a));
    await connected(client, 1);
    const follower = new Follower(client, { follow: true });
    await until('the greeting', () => follower.states.length > 0);
    listener?.set(peerOf(b));
    await connected(client, 2);
    b.flow('b1');
    await until('b1', () => follower.flows.includes('b1'));
    listener?.remove('b');
    await until('b is gone', () =>
      follower.states.some(({ state, names }) => state === NodeState.NODE_GONE && names[0] === 'b'),
    );
    assert.deepEqual(
      (await client.getNodes()).nodes.map(({ name }) => name),
      ['a'],
    );
  });

  it('is a peer like any other: a relay of relays sees the nodes behind them', async () => {
    const a = await node('east/a');
    const inner = await relayOf({ peers: [a.address], nodeName: 'inner' });
    const outer = await relayOf({ peers: [inner.address], nodeName: 'outer' });
    const client = clientOf(outer);
    const follower = new Follower(client, { follow: true, number: 10n });
    a.flow('a1');
    await until('a1', () => follower.flows.includes('a1'));
    const flow = follower.responses.find(({ responseTypes }) => responseTypes?.$case === 'flow');
    assert.equal(flow?.nodeName, 'east/a');
    await until('the inner relay’s nodes', async () => (await client.getNodes()).nodes[0]?.name === 'east/a');
  });

  it('tells of a node once that it follows by itself and through another relay', async () => {
    const a = await node('a');
    const inner = await relayOf({ peers: [a.address], nodeName: 'inner' });
    const client = clientOf(await relayOf({ peers: [a.address, inner.address], nodeName: 'outer' }));
    a.flow('a1');
    await until('both have told', async () => {
      const { coverage } = await statusOf(client);
      return coverage.some(({ nodeName }) => nodeName === inner.address) && coverage.every(({ seen }) => seen > 0n);
    });
    const { coverage, nodes } = await statusOf(client);
    assert.deepEqual(coverage.map(({ hop, nodeName }) => `${hop} ${nodeName}`).sort(), [
      `relay ${inner.address}`,
      'relay a',
    ]);
    assert.deepEqual(
      nodes.map(({ name }) => name),
      ['a'],
    );
    const { serverStatus } = ObserverDefinition.methods;
    const told = await client.unary(ObserverDefinition.fullName, serverStatus, ServerStatusRequest.create());
    assert.equal(told.numConnectedNodes, 1);
  });

  it('lets a slow reader know exactly how many flows it lost, and disturbs no other', async () => {
    const a = await node('a');
    const relay = await relayOf({ peers: [a.address], ringBytes: 256 << 10 });
    const client = clientOf(relay);
    await connected(client, 1);
    const follower = new Follower(client, { follow: true });
    await until('the greeting', () => follower.states.length > 0);
    const slow = await PeerSession.connect({ address: relay.address });
    cleanups.push(() => slow.close());
    let received = 0;
    let lost = 0;
    const control = slow.stream(
      ObserverDefinition,
      ObserverDefinition.methods.getFlows,
      GetFlowsRequest.encode(GetFlowsRequest.fromPartial({ follow: true })).finish(),
      {
        messages: (bytes, starts, ends, count) => {
          for (let i = 0; i < count; i += 1) {
            const type = GetFlowsResponse.decode(bytes.subarray(starts[i], ends[i])).responseTypes;
            if (type?.$case === 'flow') received += 1;
            else if (type?.$case === 'lostEvents') lost += Number(type.value.numEventsLost);
          }
        },
        end: () => {},
      },
    );
    a.flow('first');
    await until('the slow reader reads at first', () => received === 1);
    control.pause();
    let written = 1;
    for (let round = 0; round < 40; round += 1) {
      for (let i = 0; i < 250; i += 1, written += 1) a.flow(`flow ${written}`);
      await until('the fast reader keeps up', () => follower.flows.length === written);
    }
    control.resume();
    await until('all are accounted for', () => received + lost === written);
    assert.ok(lost > 0);
  });

  it('runs as a process of its own, and ends on SIGTERM', async () => {
    const a = await node('a');
    const command = ['bin/parallax.ts', 'relay', '--listen', '127.0.0.1:0', '--peers', a.address];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanups.push(() => {
      child.kill('SIGKILL');
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await until('it is ready', () => /relay ready on (\S+),/.test(output));
    const client = new PeerClient({ address: /relay ready on (\S+),/.exec(output)?.[1] ?? '' });
    cleanups.push(() => client.close());
    await connected(client, 1);
    const follower = new Follower(client, { follow: true, number: 1n });
    a.flow('a1');
    await until('a1', () => follower.flows.includes('a1'));
    follower.stop();
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  });

  it('answers what a relay of Hubble does not know with the same words', async () => {
    const client = clientOf(await relayOf({ peers: [(await node('a')).address] }));
    const { fullName, methods } = ObserverDefinition;
    const events = client.serverStream(fullName, methods.getAgentEvents, methods.getAgentEvents.requestType.create());
    await assert.rejects(events.next(), /GetAgentEvents not yet implemented/);
  });
});
