import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { readFlowDetails } from '#flow/details.ts';
import { parseKubernetesObject } from '#kubernetes/kubernetes-object.ts';
import { PodIndex } from '#kubernetes/pod-index.ts';
import { ServiceDirectory } from '#kubernetes/service-directory.ts';
import { type Flow, TrafficDirection } from '#proto/gen/flow/flow.ts';
import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { EndNames } from './end-names.ts';
import { composeLookups } from './endpoints/endpoint-lookup.ts';
import { reservedAddresses } from './endpoints/reserved-addresses.ts';
import { connectionId } from './kernel/connection-ids.ts';
import type { TrackedConnection } from './kernel/conntrack.ts';
import type { ConnectionRecord, L7Record, SocketAddress } from './kernel/kernel-record.ts';
import { type NodeNetwork, RealEnds } from './real-ends.ts';
import { ServiceTranslations } from './service-translations.ts';
import { SocketTable } from './socket-table.ts';
import { ReadAssembler } from './testing/read-assembler.ts';

const CLIENT = { address: '10.244.5.10', port: 41_000 };
const VIRTUAL = { address: '10.96.0.20', port: 80 };
const BACKEND = { address: '10.244.2.12', port: 8080 };

function pod(name: string, app: string, ip: string): object {
  return {
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      labels: { app },
      ownerReferences: [{ controller: true, kind: 'StatefulSet', name: app }],
    },
    status: { phase: 'Running', podIP: ip },
  };
}

const service = {
  kind: 'Service',
  metadata: { name: 'catalog', namespace: 'shop' },
  spec: { clusterIP: VIRTUAL.address, selector: { app: 'catalog' }, ports: [{ port: 80, targetPort: 8080 }] },
};
const slice = {
  kind: 'EndpointSlice',
  metadata: { name: 'catalog-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'catalog' } },
  ports: [{ name: '', port: 8080 }],
  endpoints: [{ addresses: ['10.244.2.11', '10.244.2.12'] }],
};
const pods = [
  pod('caller', 'scheduler', CLIENT.address),
  pod('catalog-0', 'catalog', '10.244.2.11'),
  pod('catalog-1', 'catalog', BACKEND.address),
];

let translations: ServiceTranslations;
let assembler: ReadAssembler;

function start(objects: readonly object[], maxConnections?: number, network?: NodeNetwork): void {
  const index = new PodIndex();
  for (const object of objects) {
    const parsed = parseKubernetesObject(object);
    assert.ok(parsed);
    index.upsert(parsed, 0);
  }
  const sockets = new SocketTable();
  const services = new ServiceDirectory(index);
  const realEnds = network === undefined ? undefined : new RealEnds(network, services);
  translations = new ServiceTranslations(services, realEnds, maxConnections);
  assembler = new ReadAssembler({
    names: new EndNames(composeLookups(index, reservedAddresses()), sockets),
    sockets,
    translations,
  });
}

beforeEach(() => start([...pods, service, slice]));

function connection(server: SocketAddress, view: 'source' | 'destination', client = CLIENT): ConnectionRecord {
  const side = (end: SocketAddress) => {
    const counts = { bytes: 74, packets: 1, newBytes: 74, newPackets: 1 };
    return { ...end, ...counts, tcpFlags: 2, socketCookie: 0, cgroupId: 0 };
  };
  return {
    type: 'connection',
    reason: 'opened',
    timeBootNs: 1000,
    openedBootNs: 1000,
    connectionId: connectionId('TCP', client, server),
    protocol: 'TCP',
    ipVersion: 4,
    initiator: side(client),
    responder: side(server),
    view,
    interfaceIndex: view === 'source' ? 7 : 8,
    fromInitiator: true,
    packetTcpFlags: 2,
    joinedMidway: false,
  };
}

function message(source: SocketAddress, destination: SocketAddress, text: string): L7Record {
  return {
    type: 'l7',
    timeBootNs: 2000,
    connectionId: connectionId('TCP', source, destination),
    fromInitiator: source === CLIENT,
    observation: 'source',
    interfaceIndex: 7,
    protocol: 'TCP',
    ipVersion: 4,
    source,
    destination,
    sequence: 1000,
    payloadLength: text.length,
    data: Buffer.from(text),
    hint: 'http1',
    nothingMissed: false,
    wholeStream: false,
    socketCookie: 0,
    cgroupId: 0,
  };
}

function flowsOf(responses: readonly GetFlowsResponse[]): Flow[] {
  return responses.flatMap(({ responseTypes: type }) => (type?.$case === 'flow' ? [type.value] : []));
}

const portOf = (flow: Flow) => (flow.l4?.protocol?.$case === 'TCP' ? flow.l4.protocol.value.destinationPort : 0);

test('the first flow to a service names the same ends as the pod that answers, whose record came after it', () => {
  const [egress, ingress] = flowsOf(
    assembler.assembleBatch([connection(VIRTUAL, 'source'), connection(BACKEND, 'destination')]),
  );
  assert.deepEqual(egress?.destination, ingress?.destination);
  assert.deepEqual(egress?.source, ingress?.source);
  assert.deepEqual(egress?.IP, ingress?.IP);
  assert.equal(egress?.destination?.podName, 'catalog-1');
  assert.equal(egress?.destination?.clusterName, 'default');
  for (const flow of [egress, ingress]) {
    assert.ok(flow);
    assert.equal(portOf(flow), 8080);
    assert.deepEqual([flow.destinationService?.namespace, flow.destinationService?.name], ['shop', 'catalog']);
    const translation = readFlowDetails(flow)?.translation;
    assert.equal(translation?.originalDestination, VIRTUAL.address);
    assert.equal(translation?.originalDestinationPort, 80);
    assert.equal(translation?.service?.name, 'catalog');
  }
});

test("a request to the service and the pod's answer are one exchange, each told once", () => {
  assembler.assembleBatch([connection(VIRTUAL, 'source'), connection(BACKEND, 'destination')]);
  const flows = flowsOf(
    assembler.assembleBatch([
      message(CLIENT, VIRTUAL, 'GET /items HTTP/1.1\r\nHost: catalog\r\n\r\n'),
      { ...message(BACKEND, CLIENT, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), timeBootNs: 7000 },
    ]),
  );
  assert.deepEqual(
    flows.map((flow) => [flow.isReply, flow.source?.podName, flow.destination?.podName]),
    [
      [false, 'caller', 'catalog-1'],
      [true, 'catalog-1', 'caller'],
    ],
  );
  assert.equal(flows[1]?.l7?.latencyNs, 5000n);
  assert.equal(flows[0]?.destinationService?.name, 'catalog');
  assert.equal(flows[1]?.sourceService?.name, 'catalog');
});

test("an answer that is captured on the client's side too is told by the pod's side alone", () => {
  assembler.assembleBatch([connection(VIRTUAL, 'source'), connection(BACKEND, 'destination')]);
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
  const flows = flowsOf(
    assembler.assembleBatch([
      message(CLIENT, VIRTUAL, 'GET /items HTTP/1.1\r\nHost: catalog\r\n\r\n'),
      message(BACKEND, CLIENT, answer),
      // As a datagram would be: without a sequence number that gives the copy away.
      { ...message(VIRTUAL, CLIENT, answer), observation: 'destination', sequence: 1000 + answer.length },
    ]),
  );
  assert.deepEqual(
    flows.map((flow) => flow.isReply),
    [false, true],
  );
});

test('a request that is captured before its connection is seen to arrive has the view of its answer', () => {
  const [, request] = flowsOf(
    assembler.assembleBatch([
      connection(VIRTUAL, 'source'),
      message(CLIENT, VIRTUAL, 'GET /items HTTP/1.1\r\nHost: catalog\r\n\r\n'),
      connection(BACKEND, 'destination'),
    ]),
  );
  assert.equal(request?.trafficDirection, TrafficDirection.INGRESS);
});

test('a pod behind the service that is not seen here leaves its workload and port, and no pod', () => {
  const [flow] = flowsOf(assembler.assembleBatch([connection(VIRTUAL, 'source')]));
  assert.ok(flow);
  assert.equal(flow.destination?.podName, '');
  assert.deepEqual(
    flow.destination?.workloads.map(({ kind, name }) => `${kind}/${name}`),
    ['StatefulSet/catalog'],
  );
  assert.equal(flow.destination?.clusterName, 'default');
  assert.equal(portOf(flow), 8080);
  assert.equal(flow.IP?.destination, VIRTUAL.address);
  assert.equal(translations.counters().unresolved, 1);
});

test('pods behind a service without slices are found by its selector', () => {
  start([...pods, service]);
  const [egress] = flowsOf(
    assembler.assembleBatch([connection(VIRTUAL, 'source'), connection(BACKEND, 'destination')]),
  );
  assert.equal(egress?.destination?.podName, 'catalog-1');
});

test('workloads that differ leave the service, still with its cluster and namespace', () => {
  start([...pods, pod('canary-0', 'canary', '10.244.2.11'), service, slice]);
  const [flow] = flowsOf(assembler.assembleBatch([connection(VIRTUAL, 'source')]));
  assert.deepEqual(
    [
      flow?.destination?.clusterName,
      flow?.destination?.namespace,
      flow?.destination?.workloads,
      flow?.destinationService?.name,
    ],
    ['default', 'shop', [], 'catalog'],
  );
});

test('a pod dialled by its own address is no translation, also by a port that dialled the service before', () => {
  assembler.assembleBatch([connection(VIRTUAL, 'source'), connection(BACKEND, 'destination')]);
  const [flow] = flowsOf(assembler.assembleBatch([connection(BACKEND, 'source')]));
  assert.ok(flow);
  assert.equal(flow.destinationService, undefined);
  assert.equal(readFlowDetails(flow)?.translation, undefined);
});

test('beyond its bound the oldest connection is forgotten and counted', () => {
  start([...pods, service, slice], 1);
  const other = { ...CLIENT, port: 41_001 };
  assembler.assembleBatch([connection(BACKEND, 'destination'), connection(BACKEND, 'destination', other)]);
  const [flow] = flowsOf(assembler.assembleBatch([connection(VIRTUAL, 'source')]));
  assert.equal(flow?.destination?.podName, '');
  assert.deepEqual([translations.counters().known, translations.counters().evicted], [1, 1]);
});

describe('with connection tracking', () => {
  const NODE = '192.168.1.5';
  const FIRST_POD = { address: '10.244.2.11', port: 8080 };

  /** One connection that is tracked, on a node with these pods. Interface 9 is the node's own, others are pods'. */
  function network(tracked: TrackedConnection, podsHere: readonly string[]) {
    const asked: string[] = [];
    const isSame = (one: SocketAddress, other: SocketAddress) =>
      one.address === other.address && one.port === other.port;
    return {
      asked,
      isNoEntryYet: false,
      placeOf: (index: number) => (index === 9 ? ('host' as const) : ('veth' as const)),
      isHostAddress: (address: string) => address === NODE,
      isEndpoint: (address: string) => podsHere.includes(address),
      tracked(_protocol: string, source: SocketAddress, destination: SocketAddress) {
        asked.push(`${source.address} > ${destination.address}`);
        const isOriginal = isSame(source, tracked.client) && isSame(destination, tracked.dialled);
        const isReply = isSame(source, tracked.server) && isSame(destination, tracked.masquerade);
        return !this.isNoEntryYet && (isOriginal || isReply) ? tracked : undefined;
      },
    };
  }

  const ends = (flow: Flow) =>
    `${flow.source?.podName || flow.IP?.source} > ${flow.destination?.podName || flow.IP?.destination}`;

  test('a pod that dials itself, masqueraded, is one edge from it to itself on both views', () => {
    const masquerade = { address: NODE, port: 50_000 };
    const client = { address: BACKEND.address, port: 41_000 };
    const node = network({ client, dialled: VIRTUAL, server: BACKEND, masquerade }, [BACKEND.address]);
    start([...pods, service, slice], undefined, node);
    const flows = flowsOf(
      assembler.assembleBatch([connection(VIRTUAL, 'source', client), connection(BACKEND, 'destination', masquerade)]),
    );
    assert.deepEqual(flows.map(ends), ['catalog-1 > catalog-1', 'catalog-1 > catalog-1']);
    assert.deepEqual(
      flows.map((flow) => readFlowDetails(flow)?.translation?.originalDestination),
      [VIRTUAL.address, VIRTUAL.address],
    );
    assert.equal(node.asked.length, 2, 'one question a view');
  });

  test('the pod behind a service is named though it runs on another node', () => {
    const tracked = { client: CLIENT, dialled: VIRTUAL, server: FIRST_POD, masquerade: CLIENT };
    start([...pods, service, slice], undefined, network(tracked, [CLIENT.address]));
    const [flow] = flowsOf(assembler.assembleBatch([connection(VIRTUAL, 'source')]));
    assert.ok(flow);
    assert.equal(ends(flow), 'caller > catalog-0');
  });

  test('a first record that is read before the translation is made is asked for again, and not for ever', () => {
    const node = network({ client: CLIENT, dialled: VIRTUAL, server: BACKEND, masquerade: CLIENT }, [CLIENT.address]);
    start([...pods, service, slice], undefined, node);
    node.isNoEntryYet = true;
    assembler.assembleBatch([connection(VIRTUAL, 'source')]);
    node.isNoEntryYet = false;
    const [flow] = flowsOf(assembler.assembleBatch([{ ...connection(VIRTUAL, 'source'), reason: 'flags' }]));
    assert.equal(flow?.destination?.podName, 'catalog-1');

    const other = { ...CLIENT, port: 41_001 };
    node.asked.length = 0;
    assembler.assembleBatch([connection(VIRTUAL, 'source', other)]);
    for (let record = 0; record < 5; record++)
      assembler.assembleBatch([{ ...connection(VIRTUAL, 'source', other), reason: 'tick' }]);
    assert.equal(node.asked.length, 4, 'both directions, twice');
  });

  test('ports that are used again belong to the connection that uses them', () => {
    const node = network({ client: CLIENT, dialled: VIRTUAL, server: BACKEND, masquerade: CLIENT }, [CLIENT.address]);
    start([...pods, service, slice], undefined, node);
    assembler.assembleBatch([connection(VIRTUAL, 'source')]);
    const next = network({ client: CLIENT, dialled: VIRTUAL, server: FIRST_POD, masquerade: CLIENT }, [CLIENT.address]);
    node.tracked = next.tracked.bind(next);
    const [flow] = flowsOf(assembler.assembleBatch([connection(VIRTUAL, 'source')]));
    assert.equal(flow?.destination?.podName, 'catalog-0');
  });

  test('a connection between two nodes is told as each sees it: its halves are told by both', () => {
    const masquerade = { address: NODE, port: 50_000 };
    const outside = { address: '203.0.113.9', port: 40_000 };
    const dialled = { address: NODE, port: 30_080 };
    const node = network({ client: outside, dialled, server: BACKEND, masquerade }, []);
    start([...pods, service, slice], undefined, node);
    const record = { ...connection(BACKEND, 'source', masquerade), interfaceIndex: 9 };
    const [flow] = flowsOf(assembler.assembleBatch([record]));
    assert.ok(flow);
    assert.equal(ends(flow), `${NODE} > catalog-1`);
    assert.equal(readFlowDetails(flow)?.translation?.originalDestinationPort, 30_080);
  });

  test("a copy of what its sender's interface tells is left out and counted", () => {
    const masquerade = { address: NODE, port: 50_000 };
    const node = network({ client: CLIENT, dialled: VIRTUAL, server: BACKEND, masquerade }, [
      CLIENT.address,
      BACKEND.address,
    ]);
    start([...pods, service, slice], undefined, node);
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    assembler.assembleBatch([
      connection(VIRTUAL, 'source'),
      connection(BACKEND, 'destination', masquerade),
      message(CLIENT, VIRTUAL, 'GET /items HTTP/1.1\r\nHost: catalog\r\n\r\n'),
      { ...message(masquerade, BACKEND, 'GET /items HTTP/1.1\r\nHost: catalog\r\n\r\n'), observation: 'destination' },
      message(BACKEND, masquerade, answer),
      { ...message(VIRTUAL, CLIENT, answer), observation: 'destination' },
    ]);
    assert.equal(translations.counters().told_elsewhere, 2);
  });
});
