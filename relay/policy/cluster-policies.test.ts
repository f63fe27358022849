import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterListener, ObjectOf } from '#kubernetes/cluster-watch.ts';
import { type KubernetesObject, parseKubernetesObject } from '#kubernetes/kubernetes-object.ts';
import { type ClusterObjects, ClusterPolicies } from './cluster-policies.ts';
import { PoliciesInForce } from './policies-in-force.ts';

/** What a watch knows, changed by hand. */
class ToldObjects implements ClusterObjects {
  readonly text = 'a test';
  known: KubernetesObject[] = [];
  #listener: ClusterListener | undefined;

  tell(...objects: unknown[]): void {
    for (const object of objects) {
      const read = parseKubernetesObject(object);
      assert.ok(read);
      this.known.push(read);
    }
    this.#listener?.settled?.(new Set(this.known.map(({ kind }) => kind)));
  }

  *objects<K extends KubernetesObject['kind']>(kind: K): Generator<ObjectOf<K>> {
    for (const object of this.known) if (object.kind === kind) yield object as ObjectOf<K>;
  }

  subscribe(listener: ClusterListener): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }
}

const policy = (name: string, spec: object) => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  ...{ metadata: { namespace: 'shop', name, uid: name }, spec },
});
const objects = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { env: 'prod' } } },
  {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name: 'api-1', labels: { app: 'api' } } },
    spec: { serviceAccountName: 'api', containers: [{ name: 'api', ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: { phase: 'Running', podIP: '10.1.0.7', podIPs: [{ ip: '10.1.0.7' }] },
  },
  {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name: 'api' } },
    spec: {
      selector: { app: 'api' },
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9'],
      ports: [{ port: 80, targetPort: 'http' }],
    },
  },
];
const http = { podSelector: { matchLabels: { app: 'api' } }, ingress: [{ ports: [{ port: 'http' }] }] };

describe('policies of a cluster', () => {
  it('are judged against its pods, port names, namespaces and services', async () => {
    const cluster = new ToldObjects();
    cluster.tell(...objects, policy('http', http));
    const policies = new PoliciesInForce({ source: new ClusterPolicies(cluster, 'east'), nowMs: () => 0 });
    await policies.start();
    const set = policies.set;
    assert.ok(set);
    const [api] = set.parties.pods;
    assert.equal(api?.identityLabels.get('k8s:io.cilium.k8s.policy.serviceaccount'), 'api');
    assert.equal(api?.identityLabels.get('k8s:io.cilium.k8s.policy.cluster'), 'east');
    assert.equal(api?.namespaceLabels.get('k8s:env'), 'prod');
    assert.deepEqual(set.parties.service('10.96.0.9')?.backends, ['10.1.0.7']);
    const world = set.parties.byAddress('198.51.100.7');
    assert.ok(api && world);
    const verdict = (port: number) => set.evaluate({ source: world, destination: api, protocol: 'TCP', port }).verdict;
    assert.deepEqual([verdict(8080), verdict(80)], ['allowed', 'denied']);
    policies.stop();
  });

  it('go by what the cluster has after a change, and leave out one that cannot be read', async () => {
    const cluster = new ToldObjects();
    cluster.tell(...objects);
    const policies = new PoliciesInForce({ source: new ClusterPolicies(cluster, 'east'), nowMs: () => 0 });
    await policies.start();
    cluster.tell(policy('bad', { podSelector: 'all' }), policy('http', http));
    // Told while the change is compiled: waits for it.
    await policies.settled();
    assert.deepEqual(
      policies.set?.sections.map(({ reference }) => reference),
      ['NetworkPolicy:shop/http'],
    );
    assert.match(
      policies.notices()[0]?.text ?? '',
      /shop\/bad: NetworkPolicy:shop\/bad: spec\.podSelector must be an object/,
    );
    policies.stop();
  });
});
