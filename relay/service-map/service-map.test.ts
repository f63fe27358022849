import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FlowRing } from '#observer/flow-ring.ts';
import { type DeepPartial, Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import type { Edge, ServiceMap } from '#proto/gen/parallax/v1/dashboard.ts';
import { FlowDetails, ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import { EndTable } from './end-table.ts';
import { ServiceMapAggregate } from './service-map.ts';

type FlowInit = DeepPartial<Flow>;

const nowMs = 1_800_000_000_000;
const INGRESS = 1;
const EGRESS = 2;

class Bench {
  readonly ring = new FlowRing({ capacityBytes: 4 << 20, endpointIds: 1024, endpointKeyBytes: 1 << 20 });
  readonly aggregate: ServiceMapAggregate;

  constructor(options: { maxRecords?: number } = {}) {
    this.aggregate = new ServiceMapAggregate({ ring: this.ring, ends: new EndTable(this.ring), ...options });
  }

  add(flow: FlowInit, ageMs = 0): void {
    const ms = nowMs - ageMs;
    const time = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
    const response = GetFlowsResponse.create({
      responseTypes: { $case: 'flow', value: Flow.fromPartial({ verdict: 1, ...flow }) },
      time,
    });
    this.aggregate.add(this.ring.append(GetFlowsResponse.encode(response).finish()), nowMs);
  }

  map(windowSeconds = 60): ServiceMap {
    return this.aggregate.map(windowSeconds, nowMs);
  }
}

interface Place {
  readonly ip: string;
  readonly node: string;
  readonly endpoint: FlowInit['source'];
}

function pod(name: string, ip: string, node: string): Place {
  const workloads = [{ name: name.split('-')[0] ?? name, kind: 'Deployment' }];
  return { ip, node, endpoint: { namespace: 'shop', podName: name, workloads } };
}

const web = pod('web-1', '10.0.1.1', 'a');
const api = pod('api-1', '10.0.2.1', 'b');

/** What an observer that does not know the place says of it. */
const stranger = { identity: 2, labels: ['reserved:world'] };

interface SeenFrom {
  readonly direction: number;
  readonly knowsBoth?: boolean;
  readonly port?: number;
}

/** A flow between two places as the server's node (ingress) or the opener's (egress) tells it. */
function seen(
  opener: Place,
  server: Place,
  { direction, knowsBoth = false, port = 80 }: SeenFrom,
  more: FlowInit = {},
): FlowInit {
  const isServer = direction === INGRESS;
  return {
    IP: { source: opener.ip, destination: server.ip },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: 40_000, destinationPort: port } } },
    source: knowsBoth || !isServer ? opener.endpoint : stranger,
    destination: knowsBoth || isServer ? server.endpoint : stranger,
    nodeName: isServer ? server.node : opener.node,
    trafficDirection: direction as 1 | 2,
    isReply: false,
    Type: 1,
    eventType: { type: 4, subType: 0 },
    ...more,
  };
}

function reply(flow: FlowInit): FlowInit {
  const l4 = { protocol: { $case: 'TCP', value: { sourcePort: 80, destinationPort: 40_000 } } } as const;
  const { source, destination, IP } = flow;
  return {
    ...flow,
    l4,
    source: destination,
    destination: source,
    IP: { source: IP?.destination ?? '', destination: IP?.source ?? '' },
    isReply: true,
  } as FlowInit;
}

const http = (type: 1 | 2, code = 0, latencyMs = 0): FlowInit => ({
  Type: 2,
  l7: { type, latencyNs: BigInt(latencyMs * 1e6), record: { $case: 'http', value: { code, method: 'GET' } } },
  eventType: { type: 129, subType: 0 },
});

const details = (value: DeepPartial<FlowDetails>): FlowInit => ({
  extensions: {
    typeUrl: 'type.googleapis.com/parallax.v1.FlowDetails',
    value: FlowDetails.encode(FlowDetails.fromPartial(value)).finish(),
  },
});

function onlyEdge(map: ServiceMap): Edge {
  assert.deepEqual(
    map.edges.map((edge) => edge.id).length,
    1,
    `one edge, not ${map.edges.map((edge) => edge.id).join(' and ')}`,
  );
  const [edge] = map.edges;
  assert.ok(edge);
  return edge;
}

describe('ServiceMapAggregate', () => {
  it('makes one edge of the two nodes’ views, though each names only its own end', () => {
    const bench = new Bench();
    bench.add(seen(web, api, { direction: EGRESS }));
    bench.add(seen(web, api, { direction: INGRESS }));
    const edge = onlyEdge(bench.map());
    assert.equal(edge.sourceId, 'workload//shop/Deployment/web');
    assert.equal(edge.destinationId, 'workload//shop/Deployment/api');
    assert.equal(edge.flows, 1n);
    assert.equal(edge.view, INGRESS);
  });

  it('folds replies into the edge of the opener', () => {
    const bench = new Bench();
    const there = seen(web, api, { direction: INGRESS, knowsBoth: true });
    bench.add(there);
    bench.add(reply(there));
    assert.equal(onlyEdge(bench.map()).flows, 2n);
  });

  it('adds up pods of one workload of which only some have a reporting node', () => {
    const bench = new Bench();
    const far = pod('api-2', '10.0.3.1', 'no-exporter');
    bench.add(seen(web, api, { direction: EGRESS, knowsBoth: true }));
    bench.add(seen(web, api, { direction: INGRESS, knowsBoth: true }));
    bench.add(seen(web, far, { direction: EGRESS, knowsBoth: true }));
    assert.equal(onlyEdge(bench.map()).flows, 2n);
    assert.equal(bench.map().vertices.find((vertex) => vertex.name === 'api')?.pods, 2);
  });

  it('keeps the processes of a host apart where only the opener’s node can tell them', () => {
    const bench = new Bench();
    const process = (name: string): Place => ({
      ip: '192.0.2.1',
      node: 'a',
      endpoint: { identity: 1, workloads: [{ name, kind: 'Process' }] },
    });
    for (const name of ['curl', 'wget']) {
      bench.add(seen(process(name), api, { direction: EGRESS }));
      bench.add(seen(process(name), api, { direction: INGRESS }));
    }
    const map = bench.map();
    assert.deepEqual(
      map.edges.map((edge) => [edge.sourceId, edge.destinationId, edge.flows]),
      [
        ['process///Process/curl', 'workload//shop/Deployment/api', 1n],
        ['process///Process/wget', 'workload//shop/Deployment/api', 1n],
      ],
    );
  });

  it('shows what was dropped on the way out beside what the server saw come in', () => {
    const bench = new Bench();
    bench.add(seen(web, api, { direction: INGRESS, knowsBoth: true }));
    const drop = { verdict: 2 as const, dropReasonDesc: 133 as const };
    const sent = { direction: EGRESS, knowsBoth: true };
    bench.add(seen(web, api, sent, { ...drop, eventType: { type: 1, subType: 133 } }));
    bench.add(seen(web, api, sent, { ...drop, eventType: { type: 5, subType: 0 } }));
    const edge = onlyEdge(bench.map());
    assert.equal(edge.forwarded, 1n);
    assert.equal(edge.dropped, 1n, 'a policy verdict and its drop are one drop');
    assert.deepEqual(
      edge.drops.map(({ reason, count }) => [reason, count]),
      [['POLICY_DENIED', 1n]],
    );
    assert.equal(edge.flows, 2n);
  });

  it('prefers what packets told of requests to what an access log told', () => {
    const bench = new Bench();
    const log = details({ viewSource: ViewSource.VIEW_SOURCE_ACCESS_LOG });
    bench.add(seen(web, api, { direction: INGRESS }, { ...http(1), ...log }));
    bench.add(seen(web, api, { direction: EGRESS }, http(1)));
    bench.add(seen(web, api, { direction: INGRESS }, { ...http(1), ...log }));
    assert.equal(onlyEdge(bench.map()).requests, 1n);
  });

  it('counts responses by class and their latency by half powers of two', () => {
    const bench = new Bench();
    const at = seen(web, api, { direction: INGRESS, knowsBoth: true });
    for (const [code, ms] of [
      [200, 1],
      [404, 1],
      [503, 100],
    ] as const) {
      bench.add({ ...at, ...http(1) });
      bench.add(reply({ ...at, ...http(2, code, ms) }));
    }
    const edge = onlyEdge(bench.map());
    assert.deepEqual([edge.requests, edge.responses, edge.errorsClient, edge.errorsServer], [3n, 3n, 1n, 1n]);
    assert.equal(edge.l7Protocol, 'HTTP');
    assert.equal(edge.latencyHistogram[Math.floor(2 * Math.log2(1000))], 2);
    assert.equal(
      edge.latencyHistogram.reduce((sum, count) => sum + count),
      3,
    );
  });

  it('takes bytes and new connections from the flow’s details', () => {
    const bench = new Bench();
    const at = { direction: INGRESS, knowsBoth: true };
    const traffic = { initiator: { newBytes: 100n }, responder: { newBytes: 900n } };
    bench.add(seen(web, api, at, details({ reason: 1, ...traffic })));
    bench.add(seen(web, api, at, details({ reason: 3, ...traffic })));
    const edge = onlyEdge(bench.map());
    assert.equal(edge.bytes, 2000n);
    assert.equal(edge.connections, 1n);
  });

  it('shows the outside by DNS name where there is one, else as one world', () => {
    const bench = new Bench();
    const outside = (ip: string): Place => ({ ip, node: '', endpoint: stranger });
    bench.add(seen(web, outside('203.0.113.1'), { direction: EGRESS }, { destinationNames: ['api.example.com.'] }));
    bench.add(seen(web, outside('203.0.113.2'), { direction: EGRESS }));
    bench.add(seen(web, outside('203.0.113.3'), { direction: EGRESS }));
    assert.deepEqual(
      bench.map().edges.map((edge) => [edge.destinationId, edge.flows]),
      [
        ['external/api.example.com', 1n],
        ['reserved/world', 2n],
      ],
    );
  });

  it('forgets what is older than the window', () => {
    const bench = new Bench();
    bench.add(seen(web, api, { direction: INGRESS, knowsBoth: true }), 100_000);
    bench.add(seen(web, api, { direction: INGRESS, knowsBoth: true }), 1000);
    assert.equal(onlyEdge(bench.map(60)).flows, 1n);
    assert.equal(onlyEdge(bench.map(300)).flows, 2n);
    bench.add(seen(web, api, { direction: INGRESS }), 400_000);
    assert.equal(bench.aggregate.tooOld, 1);
  });

  it('folds into "other" of both namespaces at its bound, and says so', () => {
    const bench = new Bench({ maxRecords: 16 });
    for (let port = 1; port <= 40; port += 1) bench.add(seen(web, api, { direction: INGRESS, knowsBoth: true, port }));
    const map = bench.map();
    assert.equal(map.folded, true);
    assert.equal(
      map.edges.reduce((sum, edge) => sum + edge.flows, 0n),
      40n,
    );
    const other = map.edges.find((edge) => edge.sourceId === 'other//shop');
    assert.equal(other?.destinationId, 'other//shop');
    assert.equal(bench.aggregate.folded, Number(other?.flows));
  });

  it('shows a port scan as one edge of port 0 beside the first ports', () => {
    const bench = new Bench();
    for (let port = 1; port <= 500; port += 1) bench.add(seen(web, api, { direction: INGRESS, knowsBoth: true, port }));
    const map = bench.map();
    assert.equal(map.edges.length, 33);
    assert.equal(map.folded, true);
    assert.equal(map.edges.find((edge) => edge.destinationPort === 0)?.flows, 468n);
  });

  it('counts N requests once, whoever of up to three observers reports them and whatever each knows', () => {
    const view = fc.record({
      direction: fc.constantFrom(INGRESS, EGRESS),
      knowsBoth: fc.boolean(),
      isLog: fc.boolean(),
      point: fc.integer({ min: 0, max: 2 }),
      isResponseSeen: fc.boolean(),
    });
    // One node tells a request once in each direction and by each means; the first, which names both ends, is below.
    const views = fc
      .uniqueArray(view, { maxLength: 3, selector: ({ direction, isLog }) => `${direction}/${isLog}` })
      .map((all) => all.filter(({ direction, isLog }) => direction === INGRESS || isLog));
    const pairs = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        pairs,
        views,
        fc.integer({ min: 0, max: 50_000 }),
        (requests, servers, views, ageMs) => {
          const bench = new Bench();
          // One observer that names both ends of every pair, so that the edge has its names in every mixture.
          const told = [{ direction: EGRESS, knowsBoth: true, isLog: false, point: 0, isResponseSeen: true }, ...views];
          for (const number of servers) {
            const server = pod(`api-${number}`, `10.0.2.${number}`, `b${number}`);
            for (let request = 0; request < requests; request += 1) {
              for (const [index, { isLog, point, isResponseSeen, ...from }] of told.entries()) {
                const extra = isLog ? details({ viewSource: ViewSource.VIEW_SOURCE_ACCESS_LOG }) : {};
                // Sightings of one request differ a little in time, so they fall into different buckets at times.
                const seenAgeMs = ageMs + index * 3;
                bench.add(seen(web, server, from, { eventType: { type: 4, subType: point } }), seenAgeMs);
                bench.add({ ...seen(web, server, from), ...http(1), ...extra }, seenAgeMs);
                if (isResponseSeen)
                  bench.add(reply({ ...seen(web, server, from), ...http(2, 200), ...extra }), seenAgeMs);
              }
            }
          }
          const edge = onlyEdge(bench.map());
          assert.equal(edge.requests, BigInt(requests * servers.length));
          // A log flow stands beside packets of the same node here; at the same point these would be one observer's.
          const points = new Set(told.map((one) => `${one.direction}/${one.point}`));
          if (points.size === told.length) assert.equal(edge.forwarded, BigInt(requests * servers.length));
        },
      ),
      { numRuns: 60 },
    );
  });
});
