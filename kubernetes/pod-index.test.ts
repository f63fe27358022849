import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toFlowEndpoint } from './endpoint-info.ts';
import { identityOfLabels } from './identities.ts';
import { type KubernetesObject, parseKubernetesObject } from './kubernetes-object.ts';
import { PodIndex } from './pod-index.ts';

function object(value: object): KubernetesObject {
  const parsed = parseKubernetesObject(value);
  assert.ok(parsed);
  return parsed;
}

interface PodText {
  name?: string;
  uid?: string;
  ips?: string[];
  owner?: { kind: string; name: string };
  labels?: Record<string, string>;
  created?: string;
  phase?: string;
  hostNetwork?: boolean;
}

function pod(text: PodText): KubernetesObject {
  const { name = 'web-5d9c7b6f8-x2x4z', uid = name, owner = { kind: 'ReplicaSet', name: 'web-5d9c7b6f8' } } = text;
  return object({
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid,
      labels: { app: 'web', 'pod-template-hash': '5d9c7b6f8', ...text.labels },
      creationTimestamp: text.created,
      ownerReferences: [{ ...owner, controller: true }],
    },
    spec: { serviceAccountName: 'web', hostNetwork: text.hostNetwork ?? false },
    status: {
      phase: text.phase ?? 'Running',
      podIPs: (text.ips ?? ['10.0.0.1']).map((ip) => ({ ip })),
      containerStatuses: [{ containerID: `containerd://${'ab'.repeat(32)}` }],
    },
  });
}

const namespace = object({ kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'blue' } } });

test('a pod is named with its labels, namespace labels, service account and Deployment', () => {
  const index = new PodIndex();
  index.upsert(pod({ ips: ['10.0.0.1', 'FD00:0::5'] }), 0);
  index.upsert(namespace, 0);
  const endpoint = index.byAddress('fd00::5');
  assert.ok(endpoint);
  assert.deepEqual(endpoint, index.byAddress('10.0.0.1'));
  assert.deepEqual(toFlowEndpoint(endpoint), {
    ID: 0,
    identity: endpoint.identity,
    clusterName: 'default',
    namespace: 'shop',
    podName: 'web-5d9c7b6f8-x2x4z',
    labels: [
      'k8s:app=web',
      'k8s:io.cilium.k8s.namespace.labels.team=blue',
      'k8s:io.cilium.k8s.policy.cluster=default',
      'k8s:io.cilium.k8s.policy.serviceaccount=web',
      'k8s:io.kubernetes.pod.namespace=shop',
    ],
    workloads: [{ name: 'web', kind: 'Deployment' }],
  });
});

test('replicas of a workload share an identity, other labels or clusters have another, and none is reserved', () => {
  const index = new PodIndex();
  index.upsert(pod({ name: 'a', ips: ['10.0.0.1'], labels: { 'pod-template-hash': '1' } }), 0);
  index.upsert(pod({ name: 'b', ips: ['10.0.0.2'], labels: { 'pod-template-hash': '2' } }), 0);
  index.upsert(pod({ name: 'c', ips: ['10.0.0.3'], labels: { app: 'db' } }), 0);
  const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => index.byAddress(address)?.identity);
  assert.equal(a, b);
  assert.notEqual(a, c);
  assert.notEqual(identityOfLabels('east', ['k8s:a=b']), identityOfLabels('west', ['k8s:a=b']));
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (cluster, labels) => {
      const identity = identityOfLabels(cluster, labels);
      assert.ok(identity >= 256 && identity <= 65535);
      assert.equal(identity, identityOfLabels(cluster, labels.toReversed()));
    }),
  );
});

test('workloads: a ReplicaSet or Job object says its owner, else names tell', () => {
  const index = new PodIndex();
  const workload = (owner: { kind: string; name: string }) => {
    index.upsert(pod({ owner }), 0);
    return index.byAddress('10.0.0.1')?.workloads[0];
  };
  assert.deepEqual(workload({ kind: 'ReplicaSet', name: 'bare' }), { kind: 'ReplicaSet', name: 'bare' });
  assert.deepEqual(workload({ kind: 'Job', name: 'backup-29012345' }), { kind: 'CronJob', name: 'backup' });
  assert.deepEqual(workload({ kind: 'StatefulSet', name: 'db' }), { kind: 'StatefulSet', name: 'db' });
  const rollout = {
    metadata: {
      name: 'web-5d9c7b6f8',
      namespace: 'shop',
      ownerReferences: [{ kind: 'Rollout', name: 'web', controller: true }],
    },
  };
  index.upsert(object({ kind: 'ReplicaSet', ...rollout }), 0);
  assert.deepEqual(workload({ kind: 'ReplicaSet', name: 'web-5d9c7b6f8' }), { kind: 'Rollout', name: 'web' });
});

test('an address that moved to another pod belongs at each time to the pod that had it then', () => {
  const index = new PodIndex();
  const first = pod({ name: 'first', created: '2026-01-01T00:00:00Z' });
  const start = Date.parse('2026-01-01T00:00:00Z');
  index.upsert(first, start);
  index.remove(first, start + 60_000);
  // Created before the first one ended, but it got the address only afterwards.
  index.upsert(pod({ name: 'second', created: '2026-01-01T00:00:50Z' }), start + 70_000);
  const at = (ms: number) => index.byAddress('10.0.0.1', start + ms)?.podName;
  assert.equal(at(10_000), 'first');
  assert.equal(at(55_000), 'first');
  assert.equal(at(65_000), 'second');
  assert.equal(index.byAddress('10.0.0.1')?.podName, 'second');
});

test('a deleted pod is remembered for a while, then forgotten with everything about it', () => {
  const index = new PodIndex({ keepDeletedMs: 1000 });
  const gone = pod({ name: 'gone' });
  index.upsert(gone, 0);
  index.remove(gone, 10_000);
  assert.equal(index.byAddress('10.0.0.1', 9000)?.podName, 'gone');
  const other = pod({ name: 'other', ips: ['10.0.0.9'] });
  index.upsert(other, 20_000);
  index.remove(other, 20_001);
  assert.equal(index.byAddress('10.0.0.1', 9000), undefined);
  assert.equal(index.counters().addresses, 1);
});

test('a pod of the same name but another uid is another pod', () => {
  const index = new PodIndex();
  index.upsert(pod({ name: 'db-0', uid: 'a', ips: ['10.0.0.1'] }), 1000);
  index.upsert(pod({ name: 'db-0', uid: 'b', ips: ['10.0.0.2'] }), 50_000);
  assert.equal(index.byAddress('10.0.0.1'), undefined);
  assert.equal(index.byAddress('10.0.0.2')?.podName, 'db-0');
});

test('pods of the host network and finished pods do not name the addresses they show', () => {
  const index = new PodIndex();
  index.upsert(pod({ name: 'net', hostNetwork: true, ips: ['192.168.0.1'] }), 0);
  index.upsert(pod({ name: 'done', phase: 'Succeeded' }), 0);
  assert.equal(index.byAddress('192.168.0.1'), undefined);
  assert.equal(index.byAddress('10.0.0.1'), undefined);
  assert.equal(index.byContainerId('ab'.repeat(32))?.podName, 'done');
});

test('service addresses name the service; nodes are host or remote-node; the API server is known by its slice', () => {
  const index = new PodIndex({ nodeName: 'n1' });
  const node = (name: string, address: string) =>
    object({
      kind: 'Node',
      metadata: { name },
      status: {
        addresses: [
          { type: 'InternalIP', address },
          { type: 'Hostname', address: name },
        ],
      },
    });
  index.replaceAll(
    [
      object({
        kind: 'Service',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5'] },
      }),
      object({ kind: 'Service', metadata: { name: 'headless', namespace: 'shop' }, spec: { clusterIP: 'None' } }),
      node('n1', '192.168.0.1'),
      node('n2', '192.168.0.2'),
      object({
        kind: 'EndpointSlice',
        metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
        endpoints: [{ addresses: ['192.168.0.9'] }],
      }),
    ],
    0,
  );
  assert.deepEqual(index.byAddress('10.96.0.5')?.service, { name: 'web', namespace: 'shop' });
  assert.deepEqual(index.byAddress('192.168.0.1')?.labels, ['reserved:host']);
  assert.equal(index.byAddress('192.168.0.2')?.identity, 6);
  assert.equal(index.byAddress('192.168.0.9')?.identity, 7);
  assert.equal(index.byAddress('1.1.1.1'), undefined);
});

test('beyond its bound the index refuses new objects, counts them and keeps what it has', () => {
  const index = new PodIndex({ maxObjects: 2 });
  for (const i of [1, 2, 3]) index.upsert(pod({ name: `p${i}`, ips: [`10.0.0.${i}`] }), 0);
  assert.equal(index.byAddress('10.0.0.2')?.podName, 'p2');
  assert.equal(index.byAddress('10.0.0.3'), undefined);
  assert.equal(index.counters().refused, 1);
});

test('whatever comes and goes, a living address names its latest living pod', () => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    ip: fc.integer({ min: 1, max: 3 }),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const index = new PodIndex();
      const owner = new Map<string, string>();
      const ipOf = new Map<string, string>();
      for (const [i, { name, ip, remove }] of steps.entries()) {
        const address = `10.0.0.${ip}`;
        const held = ipOf.get(name);
        // A pod keeps its address for life.
        const own = held ?? address;
        if (remove) {
          index.remove(pod({ name, ips: [own] }), 10_000 * i);
          if (owner.get(own) === name) owner.delete(own);
          ipOf.delete(name);
        } else if (!held) {
          index.upsert(pod({ name, ips: [own], created: new Date(10_000 * i).toISOString() }), 10_000 * i);
          owner.set(own, name);
          ipOf.set(name, own);
        }
      }
      for (const [address, name] of owner) assert.equal(index.byAddress(address)?.podName, name);
    }),
  );
});
