import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlowRing } from '#observer/flow-ring.ts';
import { type DeepPartial, Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { MapScope } from '#proto/gen/parallax/v1/dashboard.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { EndTable } from './end-table.ts';
import { ProcessEnds } from './process-ends.ts';
import { ServiceMapAggregate } from './service-map.ts';

const nowMs = 1_800_000_000_000;
const { MAP_SCOPE_POD: POD, MAP_SCOPE_PROCESS: PROCESS, MAP_SCOPE_WORKLOAD: WORKLOAD } = MapScope;

function bench(scope: MapScope = WORKLOAD) {
  const ring = new FlowRing({ capacityBytes: 1 << 20, endpointIds: 256, endpointKeyBytes: 1 << 18 });
  const base = new EndTable(ring);
  const aggregate = new ServiceMapAggregate({ ring, ends: scope === PROCESS ? new ProcessEnds(ring, base) : base });
  const add = (flow: DeepPartial<Flow>, ageMs = 0) => {
    const ms = nowMs - ageMs;
    const response = GetFlowsResponse.create({
      responseTypes: { $case: 'flow', value: Flow.fromPartial({ verdict: 1, ...flow }) },
      time: { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 },
    });
    aggregate.add(ring.append(GetFlowsResponse.encode(response).finish()), nowMs);
  };
  return { aggregate, add };
}

const pod = (name: string) => ({
  namespace: 'shop',
  podName: name,
  workloads: [{ name: name.split('-')[0] ?? name, kind: 'Deployment' }],
});

/** From one pod to another, seen at the server's node (1) or the opener's (2). */
function flow(from: number, to: number, direction: 1 | 2, more: DeepPartial<Flow> = {}): DeepPartial<Flow> {
  return {
    IP: { source: `10.0.1.${from}`, destination: `10.0.2.${to}` },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: 40_000 + from, destinationPort: 80 } } },
    source: pod(`web-${from}`),
    destination: pod(`api-${to}`),
    nodeName: direction === 1 ? 'b' : 'a',
    trafficDirection: direction,
    isReply: false,
    Type: 1,
    eventType: { type: 4, subType: 0 },
    ...more,
  };
}

const told = (details: DeepPartial<FlowDetails>): DeepPartial<Flow> => ({
  extensions: {
    typeUrl: 'type.googleapis.com/parallax.v1.FlowDetails',
    value: FlowDetails.encode(FlowDetails.fromPartial(details)).finish(),
  },
});

describe('a map of pods', () => {
  it('shows each pod with the workload it belongs to, and adds up to the map of workloads', () => {
    const { aggregate, add } = bench();
    for (const [from, to] of [
      [1, 1],
      [2, 1],
      [2, 2],
      [2, 2],
    ] as const)
      add(flow(from, to, 1));
    const pods = aggregate.map(60, nowMs, POD);
    assert.deepEqual(
      pods.vertices.map(({ name, workload, pods: count }) => [name, workload, count]),
      [
        ['api-1', 'api', 1],
        ['api-2', 'api', 1],
        ['web-1', 'web', 1],
        ['web-2', 'web', 1],
      ],
    );
    assert.deepEqual(
      pods.edges.map(({ sourceId, destinationId, flows }) => [sourceId, destinationId, flows]),
      [
        ['pod//shop/web-1', 'pod//shop/api-1', 1n],
        ['pod//shop/web-2', 'pod//shop/api-1', 1n],
        ['pod//shop/web-2', 'pod//shop/api-2', 2n],
      ],
    );
    const workloads = aggregate.map(60, nowMs);
    assert.deepEqual(
      workloads.edges.map(({ flows }) => flows),
      [4n],
    );
    assert.deepEqual(
      new Set(pods.vertices.map(({ workloadId }) => workloadId)),
      new Set(workloads.vertices.map(({ id }) => id)),
    );
  });
});

describe('a map of processes', () => {
  it('names both ends, though each node knows only its own processes', () => {
    const { aggregate, add } = bench(PROCESS);
    add(flow(1, 1, 2, told({ sourceProcess: { command: 'MainThread', executable: '/usr/bin/curl', pid: 7 } })));
    add(flow(1, 1, 1, told({ destinationProcess: { command: 'nginx', pid: 8 } })));
    add(flow(1, 1, 1, told({ reason: 3 })));
    const map = aggregate.map(60, nowMs, PROCESS);
    const edges = map.edges.filter(({ flows }) => flows > 0n);
    assert.deepEqual(
      edges.map(({ sourceId, destinationId, flows }) => [sourceId, destinationId, flows]),
      [['process//shop/web-1/curl', 'process//shop/api-1/nginx', 2n]],
    );
    const curl = map.vertices.find(({ name }) => name === 'curl');
    assert.deepEqual([curl?.workload, curl?.pod], ['web', 'web-1']);
  });

  it('tells two programs of a pod apart by their ports, where the view that counts names neither', () => {
    const { aggregate, add } = bench(PROCESS);
    for (const [command, sourcePort] of [
      ['curl', 41_001],
      ['wget', 41_002],
    ] as const) {
      const l4 = { protocol: { $case: 'TCP' as const, value: { sourcePort, destinationPort: 80 } } };
      add(flow(1, 1, 2, { ...told({ sourceProcess: { command, pid: 7 } }), l4 }));
      add(flow(1, 1, 1, { ...told({ reason: 3 }), l4 }));
    }
    assert.deepEqual(
      aggregate.map(60, nowMs, PROCESS).edges.map(({ sourceId, flows }) => [sourceId, flows]),
      [
        ['process//shop/web-1/curl', 1n],
        ['process//shop/web-1/wget', 1n],
      ],
    );
  });

  it('shows the pod where nobody tells the process', () => {
    const { aggregate, add } = bench(PROCESS);
    add(flow(1, 1, 1, told({ destinationProcess: { command: 'nginx', pid: 8 } })));
    const [edge] = aggregate.map(60, nowMs, PROCESS).edges;
    assert.equal(edge?.sourceId, 'workload//shop/Deployment/web');
  });
});

describe('a series', () => {
  it('has the sum of the map, bucket by bucket, from when there was data', () => {
    const { aggregate, add } = bench();
    for (const ageMs of [0, 5_000, 5_000, 20_000]) {
      add(flow(1, 1, 1), ageMs);
      add(flow(1, 1, 2), ageMs);
    }
    const [edge] = aggregate.map(60, nowMs).edges;
    const { buckets, bucketMs } = aggregate.series(60, nowMs, WORKLOAD, {
      sourceId: edge?.sourceId ?? '',
      destinationId: edge?.destinationId ?? '',
    });
    assert.equal(bucketMs, 5000);
    assert.deepEqual(
      buckets.map(({ flows }) => flows),
      [1n, 0n, 0n, 2n, 1n],
    );
    assert.equal(edge?.flows, 4n);
  });

  it('of a service is what it is asked, and of one that only asks what it asks', () => {
    const { aggregate, add } = bench();
    add(flow(1, 1, 1));
    const of = (vertexId: string) => aggregate.series(60, nowMs, WORKLOAD, { vertexId });
    const sums = (vertexId: string) => of(vertexId).buckets.reduce((sum, { flows }) => sum + flows, 0n);
    assert.deepEqual(
      [sums('workload//shop/Deployment/api'), of('workload//shop/Deployment/api').outgoing],
      [1n, false],
    );
    assert.deepEqual([sums('workload//shop/Deployment/web'), of('workload//shop/Deployment/web').outgoing], [1n, true]);
    assert.equal(sums('nobody'), 0n);
  });

  it('of a namespace or a cluster is what comes in from elsewhere; of one that nobody calls, all that it does', () => {
    const { aggregate, add } = bench();
    const bank = { namespace: 'bank', workloads: [{ name: 'pay', kind: 'Deployment' }], podName: 'pay-1' };
    add(flow(1, 1, 1));
    add(flow(2, 7, 1, { destination: bank }));
    const sumOf = (vertexId: string, scope: MapScope = WORKLOAD) => {
      const { buckets, outgoing } = aggregate.series(60, nowMs, scope, { vertexId });
      return [buckets.reduce((sum, { flows }) => sum + flows, 0n), outgoing];
    };
    assert.deepEqual(sumOf('ns:/bank'), [1n, false]);
    assert.deepEqual(sumOf('ns:/shop'), [2n, true]);
    assert.deepEqual(sumOf('cl:'), [2n, true]);
    assert.deepEqual(sumOf('wl:workload//shop/Deployment/api', POD), [1n, false]);
    assert.deepEqual(sumOf('wl:workload//shop/Deployment/api'), [0n, false], 'in a map of workloads it is a vertex');
    const between = { sourceId: 'ns:/shop', destinationId: 'ns:/bank' };
    const { buckets } = aggregate.series(60, nowMs, WORKLOAD, between);
    assert.equal(
      buckets.reduce((sum, { flows }) => sum + flows, 0n),
      1n,
    );
  });
});

describe('since when', () => {
  const seconds = (ageMs: number) => BigInt(Math.floor((nowMs - ageMs) / 1000));
  const drop = { verdict: 2 as const, dropReasonDesc: 133 as const };

  it('an edge is known from its first flow, also when that has left the window', () => {
    const { aggregate, add } = bench();
    add(flow(1, 1, 1), 200_000);
    add(flow(1, 1, 1), 1_000);
    assert.equal(aggregate.map(60, nowMs).edges[0]?.firstSeen?.seconds, seconds(200_000));
  });

  it('a reason is known from its first drop, not from the first flow', () => {
    const { aggregate, add } = bench();
    add(flow(1, 1, 1), 200_000);
    add(flow(1, 1, 1, drop), 130_000);
    add(flow(1, 1, 1, drop), 1_000);
    assert.equal(aggregate.map(60, nowMs).edges[0]?.drops[0]?.firstSeen?.seconds, seconds(130_000));
  });
});
