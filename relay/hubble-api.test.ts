// What Hubble's clients rely on in a relay, asked with a plain gRPC client over real sockets.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Client, credentials, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { checkHealth } from '#observer/health.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { PeerClient } from '#observer/peer-client.ts';
import { type DeepPartial, GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import { flowBytes } from './observer-fixture.ts';
import { cleanups, clientOf, connected, Follower, node, relayOf, until } from './testing/cluster.ts';

const open: Client[] = [];
after(() => {
  for (const client of open) client.close();
});

/** A call that ends by itself, over grpc-js. */
function getFlows(
  address: string,
  request: DeepPartial<GetFlowsRequest>,
): Promise<{ responses: GetFlowsResponse[]; bytes: Buffer[]; status: StatusObject }> {
  const client = new Client(address, credentials.createInsecure());
  open.push(client);
  const call = client.makeServerStreamRequest(
    '/observer.Observer/GetFlows',
    (message: GetFlowsRequest) => Buffer.from(GetFlowsRequest.encode(message).finish()),
    (bytes: Buffer) => bytes,
    GetFlowsRequest.fromPartial(request),
    new Metadata(),
  );
  const bytes: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<{
    responses: GetFlowsResponse[];
    bytes: Buffer[];
    status: StatusObject;
  }>();
  call.on('data', (message: Buffer) => bytes.push(message));
  call.on('error', () => {});
  call.on('status', (ended) => {
    resolve({ responses: bytes.map((message) => GetFlowsResponse.decode(message)), bytes, status: ended });
  });
  return promise;
}

const uuidsOf = (responses: readonly GetFlowsResponse[]): string[] =>
  responses.flatMap(({ responseTypes: type }) => (type?.$case === 'flow' ? [type.value.uuid] : []));

async function twoNodes() {
  const [a, b] = [await node('node-a'), await node('east/node-b')];
  for (let i = 0; i < 5; i++) {
    a.flow(`a${i}`, 2000 - 100 * i);
    b.flow(`b${i}`, 1950 - 100 * i, { source: { namespace: 'pay', clusterName: 'east' } });
  }
  const relay = await relayOf({ peers: [a.address, b.address] });
  const client = clientOf(relay);
  await connected(client, 2);
  await until('all flows', async () => uuidsOf((await getFlows(relay.address, {})).responses).length === 10);
  return { a, b, relay, client };
}

describe('a relay, to a client of Hubble', () => {
  it('gives number and first for each node, --all as 2^64-1, all in order of time', async () => {
    const { relay } = await twoNodes();
    const ask = async (request: DeepPartial<GetFlowsRequest>) =>
      uuidsOf((await getFlows(relay.address, request)).responses);
    assert.deepEqual(await ask({ number: 2n }), ['a3', 'b3', 'a4', 'b4']);
    assert.deepEqual(await ask({ number: 1n, first: true }), ['a0', 'b0']);
    assert.equal((await ask({ number: 2n ** 64n - 1n })).length, 10);
    assert.deepEqual(await ask({ number: 1n, whitelist: [{ uuid: ['a1', 'a2', 'b0'] }] }), ['b0', 'a2']);
  });

  it('answers health checks on an address of their own, where nothing else is served', async () => {
    const a = await node('node-a');
    const relay = await relayOf({ peers: [a.address], healthListen: '127.0.0.1:0' });
    const probe = new PeerClient({ address: relay.healthAddress ?? '' });
    cleanups.push(async () => probe.close());
    await until('the peer is followed', async () => (await checkHealth(probe, 'observer.Observer')) === 'SERVING');
    assert.equal(await checkHealth(probe, ''), 'SERVING');
    assert.equal((await getFlows(relay.healthAddress ?? '', {})).status.code, status.UNIMPLEMENTED);
  });

  it('begins each stream with NODE_CONNECTED under its own name, and ends with OK', async () => {
    const { relay } = await twoNodes();
    const { responses, status: ended } = await getFlows(relay.address, { number: 1n });
    const [first] = responses;
    assert.equal(first?.nodeName, 'relay-1');
    assert.ok(first?.responseTypes?.$case === 'nodeStatus');
    const { stateChange, nodeNames, message } = first.responseTypes.value;
    assert.deepEqual([stateChange, nodeNames, message], [NodeState.NODE_CONNECTED, ['east/node-b', 'node-a'], '']);
    assert.ok(Math.abs(Number(first?.time?.seconds) - Date.now() / 1000) < 60);
    assert.equal(ended.code, status.OK);
  });

  it('knows nodes given by address by their names, with the cluster before them', async () => {
    const { client } = await twoNodes();
    const { nodes } = await client.getNodes();
    assert.deepEqual(nodes.map(({ name }) => name).sort(), ['east/node-b', 'node-a']);
  });

  it('takes a node’s name from its flows where it serves no peer service', async () => {
    const a = await node('node-a', { isNamed: false });
    const client = clientOf(await relayOf({ peers: [a.address] }));
    await connected(client, 1);
    await until('the first answer of the node', async () => {
      a.flow('a');
      return (await client.getNodes()).nodes[0]?.name === 'node-a';
    });
  });

  it('lists the namespaces of its peers and of its own ring, sorted, without those of peers that fail', async () => {
    const { relay, client, b } = await twoNodes();
    const { namespaces } = await client.getNamespaces();
    assert.deepEqual(
      namespaces.map(({ cluster, namespace }) => `${cluster}/${namespace}`),
      ['/shop', 'east/pay'],
    );
    // A flow that the relay does not hold any more, or never was given: only its node knows the namespace.
    const quiet = new FlowRing({ capacityBytes: 1 << 20, endpointIds: 64, endpointKeyBytes: 1 << 16 });
    const server = new GrpcServer();
    registerObserver(server, {
      ring: quiet,
      nodeName: 'quiet',
      version: 'v',
      getNamespaces: async () => ({ namespaces: [{ cluster: 'east', namespace: 'elsewhere' }] }),
    });
    const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
    cleanups.push(() => server.stop());
    const wide = clientOf(await relayOf({ peers: [relay.address, address, '127.0.0.1:1'] }));
    await until('the union', async () => (await wide.getNamespaces()).namespaces.length === 3);
    await b.stop();
    assert.equal(
      (await wide.getNamespaces()).namespaces.some(({ namespace }) => namespace === 'elsewhere'),
      true,
    );
  });

  it('tells nodes that fail together, for one reason, in one NODE_ERROR', async () => {
    const { a, b, client } = await twoNodes();
    const follower = new Follower(client, { follow: true });
    await until('the greeting', () => follower.states.length > 0);
    await Promise.all([a.stop(), b.stop()]);
    await until('the errors', () => follower.states.some(({ state }) => state === NodeState.NODE_ERROR));
    const errors = follower.states.filter(({ state }) => state === NodeState.NODE_ERROR);
    assert.deepEqual(
      errors.map(({ names }) => [...names].sort()),
      [['east/node-b', 'node-a']],
    );
  });

  it('answers for nodes that are gone: sums over the others, names of the missing', async () => {
    const { a, client } = await twoNodes();
    await a.stop();
    await until('one away', async () => (await client.serverStatus()).numUnavailableNodes === 1);
    const answer = await client.serverStatus();
    assert.deepEqual([answer.numConnectedNodes, answer.unavailableNodes], [1, ['node-a']]);
    const { nodes } = await client.getNodes();
    assert.equal(nodes.find(({ name }) => name === 'node-a')?.state, NodeState.NODE_UNAVAILABLE);
    assert.equal(nodes.find(({ name }) => name === 'east/node-b')?.state, NodeState.NODE_CONNECTED);
  });

  it('passes unknown fields and extensions of flows on, byte for byte', async () => {
    const a = await node('node-a');
    const relay = await relayOf({ peers: [a.address] });
    await connected(clientOf(relay), 1);
    const extensions = { typeUrl: 'type.googleapis.com/example.Unheard', value: Uint8Array.of(8, 1) };
    const plain = flowBytes('a', 'node-a', Date.now(), { extensions });
    // Field 3000, length-delimited, that no schema here knows.
    const strange = Buffer.concat([plain, Buffer.from([0xc2, 0xbb, 0x01, 0x02, 0x68, 0x69])]);
    a.ring.append(strange);
    await until('the flow', async () => uuidsOf((await getFlows(relay.address, {})).responses).length === 1);
    const { bytes } = await getFlows(relay.address, {});
    assert.ok(bytes.some((message) => message.equals(strange)));
  });

  it('runs CEL expressions, and refuses one that is not of type bool with the reason', async () => {
    const { relay } = await twoNodes();
    const cel = (expression: string) =>
      getFlows(relay.address, { whitelist: [{ experimental: { celExpression: [expression] } }] });
    assert.deepEqual(uuidsOf((await cel("_flow.uuid == 'a2' || _flow.uuid.endsWith('4')")).responses), [
      'a2',
      'a4',
      'b4',
    ]);
    const { status: refused } = await cel('_flow.uuid');
    assert.equal(refused.code, status.INVALID_ARGUMENT);
    assert.match(refused.details, /bool/);
  });

  it('cuts flows by nested masks, and refuses a path that is none', async () => {
    const { relay } = await twoNodes();
    const masked = await getFlows(relay.address, {
      number: 1n,
      fieldMask: ['uuid', 'source.pod_name', 'l4.TCP.source_port'],
    });
    const flow = masked.responses.find(({ responseTypes }) => responseTypes?.$case === 'flow')?.responseTypes;
    assert.ok(flow?.$case === 'flow');
    const { uuid, source, destination, l4 } = flow.value;
    assert.deepEqual([uuid, source?.podName, source?.namespace, destination], ['a4', 'web-1', '', undefined]);
    assert.ok(l4?.protocol?.$case === 'TCP');
    assert.deepEqual([l4.protocol.value.sourcePort, l4.protocol.value.destinationPort], [40_000, 0]);
    const refused = await getFlows(relay.address, { fieldMask: ['source.nope'] });
    assert.equal(refused.status.code, status.INVALID_ARGUMENT);
  });

  it('gives lost events to every reader, whatever the filter, the number and the time range', async () => {
    const a = await node('node-a');
    const relay = await relayOf({ peers: [a.address] });
    await connected(clientOf(relay), 1);
    a.flow('a');
    const now = BigInt(Math.floor(Date.now() / 1000));
    a.ring.append(
      GetFlowsResponse.encode(
        GetFlowsResponse.fromPartial({
          nodeName: 'node-a',
          time: { seconds: now, nanos: 0 },
          responseTypes: { $case: 'lostEvents', value: { numEventsLost: 7n } },
        }),
      ).finish(),
    );
    const narrow = { whitelist: [{ uuid: ['none'] }], since: { seconds: now - 3600n, nanos: 0 } };
    await until('the lost event', async () =>
      (await getFlows(relay.address, narrow)).responses.some(
        ({ responseTypes }) => responseTypes?.$case === 'lostEvents',
      ),
    );
    assert.equal(uuidsOf((await getFlows(relay.address, narrow)).responses).length, 0);
  });
});
