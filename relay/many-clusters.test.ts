// Two clusters with a relay each, and a relay over both.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { apiServer, plainAccess, podJson, pods } from '#kubernetes/testing/watching.ts';
import { type DeepPartial, type Flow, FlowType, TrafficDirection } from '#proto/gen/flow/flow.ts';
import { DashboardDefinition, GetServiceMapRequest, type ServiceMap } from '#proto/gen/parallax/v1/dashboard.ts';
import type { ObserverFixture } from './observer-fixture.ts';
import { clientOf, connected, Follower, node, relayOf, until } from './testing/cluster.ts';

const requests = 20;

interface Cluster {
  readonly node: ObserverFixture;
  readonly relay: string;
}

async function cluster(context: TestContext, name: string, podsOf: Record<string, string>): Promise<Cluster> {
  const server = await apiServer(context);
  for (const [pod, ip] of Object.entries(podsOf)) server.put(pods, podJson(pod, { ip }));
  const one = await node(`${name}/n1`);
  const kubernetes = plainAccess(server);
  const relay = await relayOf({ peers: [one.address], clusterName: name, nodeName: `${name}-relay`, kubernetes });
  return { node: one, relay: relay.address };
}

async function relayOver(...clusters: readonly Cluster[]) {
  const top = await relayOf({ peers: clusters.map(({ relay }) => relay), nodeName: 'top' });
  const client = clientOf(top);
  await connected(client, clusters.length);
  const map = (): Promise<ServiceMap> =>
    client.unary(
      DashboardDefinition.fullName,
      DashboardDefinition.methods.getServiceMap,
      GetServiceMapRequest.fromPartial({ windowSeconds: 60 }),
    );
  return { client, map };
}

/** An HTTP request as the node of one of its ends tells it; ends without a name, as they come from another node. */
function request(source: string, destination: string, direction: TrafficDirection): DeepPartial<Flow> {
  const http = { code: 0, method: 'GET', url: '/', protocol: 'HTTP/1.1', headers: [] };
  return {
    ...{ source: undefined, destination: undefined, IP: { source, destination }, trafficDirection: direction },
    ...{ Type: FlowType.L7, eventType: { type: 129, subType: 0 } },
    l7: { type: 1, record: { $case: 'http', value: http } },
  } as DeepPartial<Flow>;
}

function edgesOf({ vertices, edges }: ServiceMap): string[] {
  const name = (id: string) => {
    const vertex = vertices.find((each) => each.id === id);
    return `${vertex?.cluster}/${vertex?.name}`;
  };
  return edges.map((edge) => `${name(edge.sourceId)} > ${name(edge.destinationId)}: ${edge.requests}`).sort();
}

test('a request from one cluster to the other, seen in both, is on the map of both once, between vertices of each', async (context) => {
  const east = await cluster(context, 'east', { 'web-1': '10.1.0.1' });
  const west = await cluster(context, 'west', { 'api-1': '10.2.0.1' });
  const { client, map } = await relayOver(east, west);
  const follower = new Follower(client, { follow: true });
  for (let i = 0; i < requests; i += 1) {
    east.node.flow(`east-${i}`, 0, request('10.1.0.1', '10.2.0.1', TrafficDirection.EGRESS));
    west.node.flow(`west-${i}`, 0, request('10.1.0.1', '10.2.0.1', TrafficDirection.INGRESS));
  }
  await until('all flows came', () => follower.flows.length === 2 * requests);
  assert.ok((await map()).vertices.every(({ sharedId }) => sharedId === ''));
  assert.deepEqual(edgesOf(await map()), [`east/web-1 > west/api-1: ${requests}`]);
  const nodes = follower.responses.flatMap(({ responseTypes: type }) =>
    type?.$case === 'flow' ? [type.value.nodeName] : [],
  );
  assert.deepEqual([...new Set(nodes)].sort(), ['east/n1', 'west/n1']);
});

test('clusters that give out the same addresses are told apart', async (context) => {
  const same = { 'web-1': '10.1.0.1', 'api-1': '10.1.0.2' };
  const east = await cluster(context, 'east', same);
  const west = await cluster(context, 'west', same);
  const { client, map } = await relayOver(east, west);
  const follower = new Follower(client, { follow: true });
  const send = async (count: number) => {
    const before = follower.flows.length;
    for (const { node: one } of [east, west]) {
      for (let i = 0; i < count; i += 1) {
        const uuid = `${one.nodeName}-${before}-${i}`;
        one.flow(uuid, 0, request('10.1.0.1', '10.1.0.2', TrafficDirection.INGRESS));
      }
    }
    await until('all flows came', () => follower.flows.length === before + 2 * count);
  };
  await send(requests);
  const told = edgesOf(await map());
  const { vertices } = await map();
  assert.deepEqual(
    vertices.map(({ cluster: name, sharedId }) => `${name} ${sharedId}`).sort(),
    ['east', 'west'].flatMap((name) => ['api-1', 'web-1'].map((pod) => `${name} shared/shop/Pod/${pod}`)),
  );
  assert.deepEqual(told, [`east/web-1 > east/api-1: ${requests}`, `west/web-1 > west/api-1: ${requests}`]);
});
