import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPolicies } from './enforcer/network-policy.ts';
import { kubernetesObjects } from './objects.ts';
import { planPods } from './plan.ts';

interface Item {
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    labels?: Record<string, string>;
    ownerReferences?: Owner[];
    generateName?: string;
  };
  spec: Record<string, unknown> & { selector?: Record<string, string>; clusterIP?: string };
  status?: { podIP?: string; podIPs?: { ip: string }[] };
  endpoints?: { addresses: string[]; targetRef: { uid: string } }[];
}

interface Owner {
  kind: string;
  name: string;
  uid: string;
}

/** As a reader gets them: through JSON. */
function items(hasClusterIps = true): Item[] {
  const options = { nodeName: 'demo-node', createdAt: new Date('2030-01-02T03:04:05.678Z'), hasClusterIps };
  return JSON.parse(JSON.stringify(kubernetesObjects(planPods(), loadPolicies(), options).items));
}

const ofKind = (list: readonly Item[], kind: string) => list.filter((item) => item.kind === kind);

test('every owner a pod or ReplicaSet names is in the list, with the same uid', () => {
  const list = items();
  const owned = list.filter((item) => item.metadata.ownerReferences);
  assert.equal(owned.length, ofKind(list, 'Pod').length + ofKind(list, 'ReplicaSet').length);
  for (const { metadata } of owned) {
    for (const owner of metadata.ownerReferences ?? []) {
      const found = ofKind(list, owner.kind).find((item) => item.metadata.uid === owner.uid);
      assert.equal(found?.metadata.name, owner.name);
      assert.equal(found?.metadata.namespace, metadata.namespace);
    }
  }
});

test("a Deployment's pod is found by Cilium's heuristic: hash label, ReplicaSet's name, generateName", () => {
  const list = items();
  const web = ofKind(list, 'Pod').find((pod) => pod.metadata.name.startsWith('web-'));
  const hash = web?.metadata.labels?.['pod-template-hash'];
  assert.equal(web?.metadata.ownerReferences?.[0]?.name, `web-${hash}`);
  assert.equal(web?.metadata.generateName, `web-${hash}-`);
});

test('a slice holds just the pods its service selects', () => {
  const list = items();
  for (const service of ofKind(list, 'Service')) {
    const { name, namespace } = service.metadata;
    const slice = ofKind(list, 'EndpointSlice').find(
      (item) => item.metadata.namespace === namespace && item.metadata.labels?.['kubernetes.io/service-name'] === name,
    );
    const selected = ofKind(list, 'Pod').filter(
      (pod) =>
        pod.metadata.namespace === namespace &&
        Object.entries(service.spec.selector ?? {}).every(([key, value]) => pod.metadata.labels?.[key] === value),
    );
    assert.deepEqual(
      slice?.endpoints?.map((endpoint) => endpoint.targetRef.uid),
      selected.map((pod) => pod.metadata.uid),
    );
    assert.deepEqual(
      slice?.endpoints?.flatMap((endpoint) => endpoint.addresses),
      selected.map((pod) => pod.status?.podIP),
    );
  }
});

test('only catalog and DNS have a clusterIP, and none has where the bridge knows no services', () => {
  const addresses = (list: readonly Item[]) =>
    ofKind(list, 'Service').flatMap(({ spec }) => (spec.clusterIP === 'None' ? [] : spec.clusterIP));
  assert.deepEqual(addresses(items()), ['10.96.0.20', '10.96.0.10']);
  assert.deepEqual(addresses(items(false)), []);
});

test('pods with two families list both addresses, the primary first', () => {
  const fraud = ofKind(items(), 'Pod').find((pod) => pod.metadata.name.startsWith('fraud-'));
  assert.deepEqual(fraud?.status?.podIPs, [{ ip: '10.244.3.12' }, { ip: 'fd00:10:244:3::c' }]);
});

test('the internet is no object, and uids are unique', () => {
  const list = items();
  assert.equal(JSON.stringify(list).includes('internet'), false);
  assert.equal(new Set(list.map((item) => item.metadata.uid)).size, list.length);
});

test('policies are listed as they are written, with the metadata an API server adds', () => {
  const policy = ofKind(items(), 'NetworkPolicy').find((item) => item.metadata.name === 'ledger-allow-payments-only');
  assert.equal(policy?.metadata.namespace, 'payments');
  assert.deepEqual(policy?.spec.podSelector, { matchLabels: { app: 'ledger' } });
});
