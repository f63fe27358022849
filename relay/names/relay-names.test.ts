import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forbid } from '#kubernetes/testing/api-server.ts';
import { apiServer, plainAccess, podJson, pods } from '#kubernetes/testing/watching.ts';
import { DashboardDefinition, GetServiceMapRequest, GetStatusRequest } from '#proto/gen/parallax/v1/dashboard.ts';
import { clientOf, connected, Follower, node, relayOf, until } from '../testing/cluster.ts';

test('flows of the relay have the names that the API server told, also of pods that came just now', async (context) => {
  const server = await apiServer(context);
  server.put(pods, podJson('web-1', { ip: '10.0.0.1' }));
  const n1 = await node('n1');
  const relay = await relayOf({ peers: [n1.address], kubernetes: plainAccess(server) });
  const client = clientOf(relay);
  await connected(client, 1);
  const follower = new Follower(client, { follow: true });
  const ends = { source: undefined, destination: undefined };
  server.put(pods, podJson('api-1', { ip: '10.0.0.2' }));
  const podNames = () =>
    follower.responses.flatMap(({ responseTypes: type }) =>
      type?.$case === 'flow' ? [`${type.value.source?.podName} ${type.value.destination?.podName}`] : [],
    );
  let sent = 0;
  await until('both ends are named', () => {
    sent += 1;
    n1.flow(`f${sent}`, 0, ends);
    return podNames().includes('web-1 api-1');
  });
  const map = await client.unary(
    DashboardDefinition.fullName,
    DashboardDefinition.methods.getServiceMap,
    GetServiceMapRequest.fromPartial({ windowSeconds: 60 }),
  );
  assert.ok(
    map.vertices.some(({ name, namespace, cluster }) => `${cluster} ${namespace} ${name}` === 'default shop api-1'),
  );
});

test('what the API server refuses is among the notices of the relay', async (context) => {
  const server = await apiServer(context);
  server.faults.push(forbid(/replicasets/));
  const n1 = await node('n1');
  const relay = await relayOf({ peers: [n1.address], kubernetes: plainAccess(server) });
  const { methods, fullName } = DashboardDefinition;
  const status = await clientOf(relay).unary(fullName, methods.getStatus, GetStatusRequest.create());
  const [notice] = status.notices.filter(({ key }) => key === 'kubernetes-forbidden');
  assert.match(notice?.text ?? '', /Not allowed to read replicasets\.apps, and without them Deployments are guessed/);
});
