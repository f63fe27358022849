import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packFlowDetails, readFlowDetails } from '#flow/details.ts';
import { parseKubernetesObject } from '#kubernetes/kubernetes-object.ts';
import { PodIndex } from '#kubernetes/pod-index.ts';
import { ServiceDirectory } from '#kubernetes/service-directory.ts';
import { type DeepPartial, Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { EndNamer } from './end-namer.ts';

const startMs = Date.parse('2026-11-23T00:00:00Z');

function pod(name: string, ip: string, workload = name, node = 'n1', created = startMs): object {
  return {
    kind: 'Pod',
    metadata: {
      ...{ name, namespace: 'shop', uid: `uid-${name}`, labels: { app: workload, 'pod-template-hash': '5d9' } },
      creationTimestamp: new Date(created).toISOString(),
      ownerReferences: [{ kind: 'ReplicaSet', name: `${workload}-5d9`, controller: true }],
    },
    spec: { nodeName: node, serviceAccountName: workload },
    status: { phase: 'Running', podIP: ip },
  };
}

const node = (name: string, address: string) => ({
  kind: 'Node',
  metadata: { name, labels: { 'topology.kubernetes.io/zone': `zone-${name}` } },
  status: { addresses: [{ type: 'InternalIP', address }] },
});
const service = {
  kind: 'Service',
  metadata: { name: 'api', namespace: 'shop' },
  spec: { clusterIP: '10.96.0.7', ports: [{ port: 80, targetPort: 8080 }] },
};
const slice = (...addresses: string[]) => ({
  kind: 'EndpointSlice',
  metadata: { name: 'api-x', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'api' } },
  endpoints: addresses.map((address) => ({ addresses: [address] })),
  ports: [{ port: 8080 }],
});

function setUp(objects: readonly object[], { isComplete = true, clusterName = 'default' } = {}) {
  const index = new PodIndex({ clusterName });
  const put = (object: object, seenMs = startMs) => {
    const parsed = parseKubernetesObject(object);
    assert.ok(parsed);
    index.upsert(parsed, seenMs);
    return parsed;
  };
  for (const object of objects) put(object);
  const namer = new EndNamer({
    index,
    services: new ServiceDirectory(index),
    clusterName,
    isComplete: () => isComplete,
  });
  return { index, namer, put };
}

function message(flow: DeepPartial<Flow>, atMs = startMs + 60_000): Uint8Array {
  const time = { seconds: BigInt(Math.floor(atMs / 1000)), nanos: (atMs % 1000) * 1e6 };
  const value = Flow.fromPartial({ verdict: 1, nodeName: 'n1', ...flow, time } as DeepPartial<Flow>);
  return GetFlowsResponse.encode({ responseTypes: { $case: 'flow', value }, nodeName: 'n1', time }).finish();
}

function flowOf(bytes: Uint8Array): Flow {
  const response = GetFlowsResponse.decode(bytes).responseTypes;
  assert.equal(response?.$case, 'flow');
  return plain(response.value);
}

/** Without the decoder's own marks, so that values can be compared. */
function plain<Value>(value: Value): Value {
  if (value instanceof Uint8Array) return new Uint8Array(value) as Value;
  if (Array.isArray(value)) return value.map(plain) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== '_unknownFields');
  return Object.fromEntries(entries.map(([name, each]) => [name, plain(each)])) as Value;
}

/** The flow as named, at an offset of a larger chunk as it comes from a socket. */
function named(namer: EndNamer, bytes: Uint8Array): Flow {
  const chunk = new Uint8Array(bytes.length + 20);
  chunk.set(bytes, 9);
  return flowOf(namer.name(chunk, 9, 9 + bytes.length) ?? bytes);
}

const toApi = { IP: { source: '10.0.0.1', destination: '10.0.0.2' } };

test('an end of which only the address is known gets pod, labels, identity, workload, cluster, node and zone', () => {
  const { namer } = setUp([
    pod('web-1', '10.0.0.1', 'web'),
    pod('api-1', '10.0.0.2', 'api', 'n2'),
    node('n2', '192.168.0.2'),
  ]);
  const flow = named(namer, message(toApi));
  assert.deepEqual(
    [
      flow.destination?.namespace,
      flow.destination?.podName,
      flow.destination?.clusterName,
      flow.destination?.workloads,
    ],
    ['shop', 'api-1', 'default', [{ name: 'api', kind: 'Deployment' }]],
  );
  assert.ok(flow.destination?.labels.includes('k8s:app=api'));
  assert.ok((flow.destination?.identity ?? 0) >= 256);
  assert.equal(flow.source?.podName, 'web-1');
  const details = plain(readFlowDetails(flow));
  assert.deepEqual(details?.destinationLocation, { node: 'n2', zone: 'zone-n2' });
  assert.equal(namer.counters.filled, 1);
});

test('an end that its source named but for the workload is found by its pod, and nothing the source said changes', () => {
  const { namer } = setUp([pod('api-1', '10.0.0.2', 'api')]);
  const source = {
    identity: 4711,
    namespace: 'shop',
    podName: 'api-1',
    clusterName: 'default',
    labels: ['k8s:mine=1'],
  };
  const flow = named(namer, message({ IP: { source: '10.9.9.9', destination: '1.1.1.1' }, source }));
  assert.deepEqual(flow.source, { ID: 0, ...source, workloads: [{ name: 'api', kind: 'Deployment' }] });
});

test('flows with full names and reserved ends pass untouched', () => {
  const { namer } = setUp([pod('api-1', '10.0.0.2', 'api')]);
  const full = {
    ...{ identity: 300, namespace: 'shop', podName: 'x', clusterName: 'default', labels: ['k8s:a=b'] },
    workloads: [{ name: 'x', kind: 'Deployment' }],
  };
  const bytes = message({ ...toApi, source: full, destination: { identity: 2, labels: ['reserved:world'] } });
  assert.equal(namer.name(bytes, 0, bytes.length), undefined);
  assert.equal(namer.counters.complete, 1);
});

test('an address is named by the pod that had it at the time of the flow', () => {
  const { namer, index, put } = setUp([]);
  const first = put(pod('first', '10.0.0.2', 'first'));
  index.remove(first, startMs + 100_000);
  put(pod('second', '10.0.0.2', 'second', 'n1', startMs + 110_000), startMs + 110_000);
  const podAt = (ms: number) => named(namer, message(toApi, startMs + ms)).destination?.podName;
  assert.equal(podAt(50_000), 'first');
  assert.equal(podAt(120_000), 'second');
});

test("a service's address gets the service, and the workload behind it if there is one", () => {
  const { namer, put } = setUp([
    service,
    slice('10.0.0.2', '10.0.0.3'),
    pod('api-1', '10.0.0.2', 'api'),
    pod('api-2', '10.0.0.3', 'api'),
  ]);
  const l4 = { protocol: { $case: 'TCP' as const, value: { sourcePort: 40_000, destinationPort: 80 } } };
  const flow = named(namer, message({ IP: { source: '10.0.0.9', destination: '10.96.0.7' }, l4 }));
  assert.deepEqual(flow.destinationService, { name: 'api', namespace: 'shop' });
  assert.deepEqual(flow.destination?.workloads, [{ name: 'api', kind: 'Deployment' }]);
  assert.equal(flow.destination?.podName, '');
  put(pod('other-1', '10.0.0.3', 'other'));
  put({ ...pod('api-2', '10.0.0.8', 'api') });
  const mixed = setUp([
    service,
    slice('10.0.0.2', '10.0.0.3'),
    pod('api-1', '10.0.0.2', 'api'),
    pod('b', '10.0.0.3', 'b'),
  ]);
  const unclear = named(mixed.namer, message({ IP: { source: '10.0.0.9', destination: '10.96.0.7' }, l4 }));
  assert.deepEqual(unclear.destinationService, { name: 'api', namespace: 'shop' });
  assert.deepEqual(unclear.destination?.workloads ?? [], []);
});

test('nodes are host or remote-node by who saw the flow, and an address nobody has is world once all is known', () => {
  const objects = [node('n1', '192.168.0.1'), node('n2', '192.168.0.2')];
  const { namer } = setUp(objects);
  const flow = named(namer, message({ IP: { source: '192.168.0.1', destination: '192.168.0.2' } }));
  assert.deepEqual([flow.source?.labels, flow.destination?.labels], [['reserved:host'], ['reserved:remote-node']]);
  const outside = { IP: { source: '192.168.0.1', destination: '1.1.1.1' } };
  assert.deepEqual(named(namer, message(outside)).destination?.identity, 2);
  assert.equal(named(setUp(objects, { isComplete: false }).namer, message(outside)).destination, undefined);
});

test('ends of other clusters are left to whoever knows them, though their addresses are in use here', () => {
  const { namer } = setUp([pod('api-1', '10.0.0.2', 'api')], { clusterName: 'east' });
  const elsewhere = message({ ...toApi, nodeName: 'west/n1' });
  assert.equal(namer.name(elsewhere, 0, elsewhere.length), undefined);
  const meshed = { namespace: 'shop', podName: 'api-1', clusterName: 'west' };
  const flow = named(namer, message({ ...toApi, nodeName: 'east/n1', destination: meshed }));
  assert.deepEqual(flow.destination?.workloads ?? [], []);
  assert.equal(named(namer, message({ ...toApi, nodeName: 'east/n1' })).destination?.podName, 'api-1');
});

test("with Cilium's identities their numbers are used, and none is made up for labels it has none for", () => {
  const { namer, put, index } = setUp([pod('api-1', '10.0.0.2', 'api'), pod('web-1', '10.0.0.1', 'web')]);
  const labels = (app: string) => ({
    'k8s:app': app,
    'k8s:io.cilium.k8s.policy.cluster': 'default',
    'k8s:io.cilium.k8s.policy.serviceaccount': app,
    'k8s:io.kubernetes.pod.namespace': 'shop',
  });
  const before = named(namer, message(toApi));
  const identity = put({ kind: 'CiliumIdentity', metadata: { name: '12345' }, 'security-labels': labels('api') });
  const flow = named(namer, message(toApi));
  assert.deepEqual([flow.destination?.identity, flow.source?.identity], [12345, 0]);
  index.remove(identity, startMs);
  assert.equal(named(namer, message(toApi)).destination?.identity, before.destination?.identity);
});

test('whatever a flow has or lacks, naming keeps every field of it and adds to empty ones alone', () => {
  const { namer } = setUp([
    pod('web-1', '10.0.0.1', 'web'),
    pod('api-1', '10.0.0.2', 'api', 'n2'),
    service,
    node('n2', '192.168.0.2'),
  ]);
  const endpoint = fc.record(
    {
      identity: fc.constantFrom(0, 2, 300, 20_000_000),
      namespace: fc.constantFrom('', 'shop', 'other'),
      podName: fc.constantFrom('', 'web-1', 'api-1', 'gone'),
      clusterName: fc.constantFrom('', 'default', 'west'),
      labels: fc.array(fc.constantFrom('k8s:a=b', 'reserved:world'), { maxLength: 2 }),
      workloads: fc.array(fc.constant({ name: 'given', kind: 'Deployment' }), { maxLength: 1 }),
    },
    { requiredKeys: [] },
  );
  const address = fc.constantFrom(
    '',
    '10.0.0.1',
    '10.0.0.2',
    '10.96.0.7',
    '192.168.0.2',
    '8.8.8.8',
    '::ffff:10.0.0.1',
    'x',
  );
  const details = fc.constantFrom(
    undefined,
    packFlowDetails({ ...FlowDetails.create(), requestNumber: 7n }),
    packFlowDetails({ ...FlowDetails.create(), sourceLocation: { node: 'told', zone: '' } }),
    { typeUrl: 'type.googleapis.com/other.Message', value: new Uint8Array(200) },
  );
  const given = fc.record({
    source: fc.option(endpoint, { nil: undefined }),
    destination: fc.option(endpoint, { nil: undefined }),
    IP: fc.record({ source: address, destination: address }),
    extensions: details,
    Summary: fc.string({ maxLength: 200 }),
    destinationService: fc.constantFrom(undefined, { name: 'given', namespace: 'x' }),
  });
  fc.assert(
    fc.property(given, fc.boolean(), (partial, isReversed) => {
      const bytes = message(partial as DeepPartial<Flow>);
      const before = flowOf(bytes);
      const after = named(namer, isReversed ? reversed(bytes) : bytes);
      for (const end of ['source', 'destination'] as const) {
        const [was, is] = [before[end], after[end]];
        if (was === undefined) continue;
        for (const field of ['identity', 'namespace', 'podName', 'clusterName'] as const)
          if (was[field] !== 0 && was[field] !== '') assert.equal(is?.[field], was[field]);
        for (const field of ['labels', 'workloads'] as const)
          if (was[field].length > 0) assert.deepEqual(is?.[field], was[field]);
      }
      if (before.destinationService) assert.deepEqual(after.destinationService, before.destinationService);
      const rest = ({
        source: _s,
        destination: _d,
        sourceService: _a,
        destinationService: _b,
        extensions,
        ...flow
      }: Flow) => {
        const known = extensions?.typeUrl.endsWith('FlowDetails') ? plain(readFlowDetails({ extensions })) : extensions;
        const {
          sourceLocation,
          destinationLocation: _c,
          ...others
        } = (known ?? plain(FlowDetails.create())) as FlowDetails;
        return { ...flow, others, hasToldLocation: sourceLocation?.node === 'told' };
      };
      assert.deepEqual(rest(after), rest(before));
      assert.equal(namer.counters.failed, 0);
    }),
    { numRuns: 500 },
  );
});

/** The same message with the fields of its flow in the opposite order. */
function reversed(bytes: Uint8Array): Uint8Array {
  const at = (from: Uint8Array, position: number): [value: number, next: number] => {
    let value = 0;
    let next = position;
    for (let shift = 0; ; shift += 7) {
      const byte = from[next++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return [value, next];
    }
  };
  const [, lengthAt] = at(bytes, 0);
  const [length, start] = at(bytes, lengthAt);
  const fields: Uint8Array[] = [];
  for (let position = start; position < start + length; ) {
    const [tag, afterTag] = at(bytes, position);
    let [value, end] = at(bytes, afterTag);
    if ((tag & 7) === 2) end += value;
    else value = 0;
    fields.unshift(bytes.subarray(position, end));
    position = end;
  }
  return Buffer.concat([bytes.subarray(0, start), ...fields, bytes.subarray(start + length)]);
}

test('damaged bytes are counted and passed on for the ring to refuse', () => {
  const { namer } = setUp([]);
  const bytes = message(toApi);
  for (let cut = 1; cut < bytes.length; cut += 1) namer.name(bytes.subarray(0, cut), 0, cut);
  assert.ok(namer.counters.failed > 0);
});
