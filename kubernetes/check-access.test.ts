import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ApiClient } from './api-client.ts';
import { checkAccess } from './check-access.ts';
import type { ResourceName } from './resource.ts';
import type { ApiServer } from './testing/api-server.ts';
import { apiServer, plainAccess } from './testing/watching.ts';

const { signal } = new AbortController();

async function findings(context: TestContext, server: ApiServer, names: readonly ResourceName[]): Promise<string[]> {
  const client = new ApiClient(plainAccess(server), { component: 'doctor' });
  context.after(() => client.close());
  const found = await checkAccess(client, names, signal);
  return found.map(({ check, ok, detail, mend }) => `${ok ? 'ok' : 'FAIL'} ${check}: ${detail}${mend && `; ${mend}`}`);
}

test('what the rights lack is told with what is missing without it and the grant that mends it', async (context) => {
  const server = await apiServer(context);
  server.denied
    .add('list ciliumidentities')
    .add('watch ciliumidentities')
    .add('watch pods')
    .add('list replicasets')
    .add('watch replicasets');
  const [api, ...rights] = await findings(context, server, ['pods', 'replicasets', 'nodes', 'ciliumidentities']);
  assert.match(api ?? '', /^ok Kubernetes API: http:\/\/127\.0\.0\.1:\d+ answers, v1\.37\.0$/);
  assert.deepEqual(rights, [
    'FAIL pods: watch not granted: without them ends of flows have no names; grant list and watch on pods (apiGroups: [""]) in a ClusterRole',
    'FAIL replicasets.apps: list and watch not granted: without them Deployments are guessed from names; grant list and watch on replicasets (apiGroups: [apps]) in a ClusterRole',
    'ok nodes: may be listed and watched',
    'ok ciliumidentities.cilium.io: not installed',
  ]);
});

test('a server that does not answer is told in words, and its rights are not asked for', async (context) => {
  const server = await apiServer(context);
  await server.stop();
  const [api, ...others] = await findings(context, server, ['pods']);
  assert.match(api ?? '', /^FAIL Kubernetes API: .*nothing listens there \(connection refused\); check the server/);
  assert.deepEqual(others, []);
});
