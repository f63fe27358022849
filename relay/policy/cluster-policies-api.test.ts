import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ApiServer } from '#kubernetes/testing/api-server.ts';
import { forbid } from '#kubernetes/testing/api-server.ts';
import { apiServer, plainAccess, podJson, pods, until, watchOf } from '#kubernetes/testing/watching.ts';
import { ClusterPolicies, policyResources } from './cluster-policies.ts';
import { PoliciesInForce } from './policies-in-force.ts';

const networkPolicies = '/apis/networking.k8s.io/v1/networkpolicies';
const ciliumPolicies = '/apis/cilium.io/v2/ciliumnetworkpolicies';

const policy = (name: string, spec: object = { podSelector: {} }, apiVersion = 'networking.k8s.io/v1') => ({
  ...{ apiVersion, kind: apiVersion.startsWith('cilium') ? 'CiliumNetworkPolicy' : 'NetworkPolicy' },
  ...{ metadata: { namespace: 'shop', name, uid: `uid-${name}` }, spec },
});

async function inForce(context: TestContext, server: ApiServer): Promise<PoliciesInForce> {
  const watch = watchOf(context, plainAccess(server), { resources: policyResources });
  await watch.start();
  const policies = new PoliciesInForce({ source: new ClusterPolicies(watch, 'east'), nowMs: () => 0 });
  await policies.start();
  context.after(() => policies.stop());
  return policies;
}

const namesIn = ({ set }: PoliciesInForce): string =>
  [...new Set(set?.sections.map(({ policy: { name } }) => name))].sort().join(' ');
/** What becomes of a connection from outside to the pod's port. */
function verdict({ set }: PoliciesInForce, port: number): string | undefined {
  const [api] = set?.parties.pods ?? [];
  const world = set?.parties.byAddress('198.51.100.7');
  if (set === undefined || api === undefined || world === undefined) return undefined;
  return set.evaluate({ source: world, destination: api, protocol: 'TCP', port }).verdict;
}

test('policies of an API server are in force as it has them: listed, added, changed and deleted', async (context) => {
  const server = await apiServer(context);
  server.install(ciliumPolicies);
  server.put(pods, podJson('api-1'));
  server.put(networkPolicies, policy('first', { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] }));
  const policies = await inForce(context, server);
  assert.equal(namesIn(policies), 'first');
  assert.deepEqual([verdict(policies, 80), verdict(policies, 81)], ['allowed', 'denied']);
  await until('policies are watched', () => server.count('watch', networkPolicies) > 0);

  server.put(networkPolicies, policy('second', { podSelector: {}, ingress: [{ ports: [{ port: 81 }] }] }));
  await until('the new one', () => namesIn(policies) === 'first second');
  assert.equal(verdict(policies, 81), 'allowed');

  server.put(networkPolicies, policy('second', { podSelector: {}, ingress: [{ ports: [{ port: 82 }] }] }));
  await until('the change', () => verdict(policies, 82) === 'allowed' && verdict(policies, 81) === 'denied');

  server.delete(networkPolicies, 'shop', 'first');
  server.put(ciliumPolicies, policy('cilium', { endpointSelector: {}, ingress: [{}] }, 'cilium.io/v2'));
  await until('what is left', () => namesIn(policies) === 'cilium second');
  assert.deepEqual(policies.notices(), []);
});

test('policies are right again after the API server was gone and changed meanwhile', async (context) => {
  const server = await apiServer(context);
  server.put(pods, podJson('api-1'));
  server.put(networkPolicies, policy('before'));
  const policies = await inForce(context, server);
  await until('policies are watched', () => server.count('watch', networkPolicies) > 0);
  await server.stop();
  assert.equal(namesIn(policies), 'before', 'what was known stays in force');
  server.delete(networkPolicies, 'shop', 'before');
  server.put(networkPolicies, policy('after'));
  server.compact();
  await server.start();
  await until('what there is now', () => namesIn(policies) === 'after');
});

test('a kind that may not be read takes nothing from the others', async (context) => {
  const server = await apiServer(context);
  server.install(ciliumPolicies);
  server.faults.push(forbid(/ciliumnetworkpolicies/));
  server.put(networkPolicies, policy('readable'));
  assert.equal(namesIn(await inForce(context, server)), 'readable');
});
