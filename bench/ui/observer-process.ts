// A process with one observer for the page's benchmark: the real observer server, fed at an even rate with exchanges
// between the services of a random map: a request and its answer a flow each. Prebuilt, stamped when they are appended.
//   node bench/ui/observer-process.ts SERVICES FLOWS_PER_SECOND

import { randomModel, seededRandom } from '#components/map/fixtures/random-model.ts';
import type { MapEdge, MapVertex } from '#components/store/service-map-model.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { fromMilliseconds } from '#observer/time.ts';
import { type DeepPartial, Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';

const [services = 20, flowsPerSecond = 100] = process.argv.slice(2).map(Number);
const wallMs = () => performance.timeOrigin + performance.now();
const random = seededRandom(5);
const model = randomModel(services);
const addresses = new Map([...model.vertices.keys()].map((id, index) => [id, `10.${index >> 8}.${index & 255}.1`]));
const exchanges = [...model.edges.values()].map(exchangeOf);

const ring = new FlowRing({ capacityBytes: 64 << 20, endpointIds: 16_384, endpointKeyBytes: 8 << 20 });
const server = new GrpcServer();
registerObserver(server, {
  ring,
  nodeName: 'node-1',
  version: 'bench',
  completeUpTo: () => fromMilliseconds(wallMs()),
});
const port = await server.listen('127.0.0.1:0');

const startMs = wallMs();
let sent = 0;
setInterval(() => {
  const owed = Math.floor(((wallMs() - startMs) / 1000) * flowsPerSecond) - sent;
  for (let count = 0; count < owed; count += 2) {
    for (const body of exchanges[Math.floor(random() * exchanges.length)] ?? []) append(body);
  }
  sent += Math.max(0, owed + (owed % 2));
}, 2);
process.on('disconnect', () => process.exit(0));
process.send?.({ address: `127.0.0.1:${port}` });

/** Its time is written behind it: protobuf lets fields come in any order. */
function append(body: Uint8Array): void {
  const { seconds, nanos } = fromMilliseconds(wallMs());
  const time = GetFlowsResponse.encode(GetFlowsResponse.create({ time: { seconds, nanos } })).finish();
  const message = new Uint8Array(body.length + time.length);
  message.set(body);
  message.set(time, body.length);
  ring.append(message);
}

/** What goes over an edge: a request and its answer, or a drop. */
function exchangeOf(edge: MapEdge, index: number): readonly Uint8Array[] {
  const source = model.vertices.get(edge.sourceId);
  const destination = model.vertices.get(edge.destinationId);
  if (source === undefined || destination === undefined) return [];
  const sourcePort = 32_768 + (index % 28_000);
  const there = flowBetween(source, destination, sourcePort, edge.destinationPort);
  if (edge.dropped > 0)
    return [
      encoded({
        ...there,
        verdict: 2,
        dropReason: 133,
        dropReasonDesc: 133,
        Type: 1,
        eventType: { type: 1, subType: 133 },
      }),
    ];
  const http = { method: 'GET', url: `http://${destination.name}/api/v1/items/${index % 97}`, protocol: 'HTTP/1.1' };
  const back = { ...flowBetween(destination, source, edge.destinationPort, sourcePort), isReply: true };
  const l7 = { Type: 2 as const, eventType: { type: 129, subType: 0 } };
  return [
    encoded({ ...there, ...l7, l7: { type: 1, record: { $case: 'http', value: http } } }),
    encoded({
      ...{ ...back, ...l7 },
      l7: {
        type: 2,
        latencyNs: BigInt(400_000 * (1 + (index % 60))),
        record: { $case: 'http', value: { ...http, code: index % 40 === 0 ? 503 : 200 } },
      },
    }),
  ];
}

function flowBetween(source: MapVertex, destination: MapVertex, from: number, to: number): DeepPartial<Flow> {
  return {
    verdict: 1,
    IP: { source: addresses.get(source.id) ?? '', destination: addresses.get(destination.id) ?? '', ipVersion: 1 },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: from, destinationPort: to } } },
    source: endpointOf(source),
    destination: endpointOf(destination),
    sourceNames: source.kind === 'external' ? [source.name] : [],
    destinationNames: destination.kind === 'external' ? [destination.name] : [],
    nodeName: 'node-1',
    trafficDirection: 1,
    isReply: false,
  };
}

function endpointOf({ kind, namespace, name }: MapVertex): DeepPartial<NonNullable<Flow['source']>> {
  if (kind === 'external') return { identity: 2, labels: ['reserved:world'] };
  return {
    identity: 20_000,
    clusterName: 'bench',
    namespace,
    podName: `${name}-0`,
    labels: [`k8s:app.kubernetes.io/name=${name}`, `k8s:io.kubernetes.pod.namespace=${namespace}`],
    workloads: [{ name, kind: 'Deployment' }],
  };
}

function encoded(flow: DeepPartial<Flow>): Uint8Array {
  const value = Flow.fromPartial(flow);
  return GetFlowsResponse.encode(
    GetFlowsResponse.create({ responseTypes: { $case: 'flow', value }, nodeName: 'node-1' }),
  ).finish();
}
