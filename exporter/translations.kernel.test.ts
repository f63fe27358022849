import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readFlowDetails } from '#flow/details.ts';
import { type Flow, TrafficDirection, Verdict } from '#proto/gen/flow/flow.ts';
import { type Exporter, startExporter } from './exporter.ts';
import { ip, kernelTestsImpossible, runIn, type Service, serveIn } from './kernel/testing/pods.ts';
import { eventually } from './kernel/testing/recorder.ts';
import { type Following, follow } from './testing/follow.ts';
import { type RoutedPods, routedPods } from './testing/routed-pods.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const VIRTUAL = { address: '10.97.88.10', address6: 'fd97:88::10' };
const PORT = 21_250;
const NODE_PORT = 31_250;
const OUTSIDE_PORT = 21_251;
const { EGRESS, INGRESS } = TrafficDirection;

function objectsOf(pods: RoutedPods): object {
  const metadata = (name: string, labels = {}) => ({ name, namespace: 'shop', uid: name, labels });
  const slice = (name: string, addressType: string, address: string) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: metadata(name, { 'kubernetes.io/service-name': 'cart' }),
    addressType,
    endpoints: [{ addresses: [address], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'cart' } }],
    ports: [{ port: PORT, protocol: 'TCP' }],
  });
  const pod = (name: string, { address, address6 }: RoutedPods['client']) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(name, { app: name }),
    spec: { nodeName: 'node-1' },
    status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }, { ip: address6 }] },
  });
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      pod('web', pods.client),
      pod('cart', pods.backend),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: metadata('cart'),
        spec: {
          type: 'NodePort',
          clusterIP: VIRTUAL.address,
          clusterIPs: [VIRTUAL.address, VIRTUAL.address6],
          selector: { app: 'cart' },
          ports: [{ port: 80, targetPort: PORT, nodePort: NODE_PORT, protocol: 'TCP' }],
        },
      },
      slice('cart-4', 'IPv4', pods.backend.address),
      slice('cart-6', 'IPv6', pods.backend.address6),
    ],
  };
}

const serveHttp = (namespace: string, port: number) =>
  serveIn(
    namespace,
    `require('node:http').createServer((q, r) => r.end(q.socket.remoteAddress)).listen(${port}, '::', () => console.log('ready'))`,
  );

/** One request, on a connection of its own; by which address the server knows the client. */
const request = (namespace: string | undefined, address: string, port: number) =>
  runIn(
    namespace,
    `require('node:http').get({ host: '${address}', port: ${port}, path: '/${port}', agent: false }, (r) => r.pipe(process.stdout))`,
  ).then((known) => known.replace('::ffff:', ''));

const millisecondsOf = (time: Flow['time']) => Number(time?.seconds ?? 0n) * 1000 + (time?.nanos ?? 0) / 1e6;
/** The address of this host that it dials an address from. */
const routeTo = (address: string) => /src (\S+)/.exec(ip('route', 'get', address))?.[1] ?? '';
const nameOf = (end: Flow['source']) => end?.podName || end?.labels.join() || '?';

describe('addresses that nftables translates', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'parallax-objects-'));
  const services: Service[] = [];
  let pods: RoutedPods;
  let exporter: Exporter;
  let following: Following;

  before(async () => {
    pods = routedPods({ virtual: VIRTUAL, port: PORT, nodePort: NODE_PORT });
    writeFileSync(join(directory, 'objects.json'), JSON.stringify(objectsOf(pods)));
    exporter = await startExporter({
      listen: '127.0.0.1:0',
      nodeName: 'node-1',
      interfaces: pods.interfaces,
      objects: directory,
      log: () => {},
    });
    following = follow(exporter.address);
    services.push(await serveHttp(pods.backend.namespace, PORT));
    services.push(await serveHttp(pods.outside.namespace, OUTSIDE_PORT));
  });

  after(async () => {
    following?.close();
    await exporter?.stop();
    await Promise.all(services.map((service) => service.stop()));
    pods?.remove();
    rmSync(directory, { recursive: true });
  });

  /** Runs what makes one connection; its flows, once each view has told the end. */
  async function flowsOf(
    views: readonly TrafficDirection[],
    clientAsSeen: string,
    run: () => Promise<string>,
  ): Promise<Flow[]> {
    const begin = following.flows.length;
    const beginMs = Date.now();
    // The last acknowledgement of an earlier connection is told two seconds after it.
    const isFresh = (flow: Flow) => millisecondsOf(readFlowDetails(flow)?.opened ?? flow.time) >= beginMs;
    const fresh = () =>
      following.flows.slice(begin).filter((flow) => flow.verdict === Verdict.FORWARDED && isFresh(flow));
    assert.equal(await run(), clientAsSeen, 'the client, as the server sees it');
    return eventually('the close on every view, and the answer', () => {
      const ended = new Set(fresh().flatMap((flow) => (/FIN/.test(flow.Summary) ? [flow.trafficDirection] : [])));
      const isAnswered = fresh().some(({ l7, isReply }) => l7 !== undefined && isReply === true);
      return isAnswered && views.every((view) => ended.has(view)) && fresh();
    });
  }

  function edgesOf(flows: readonly Flow[]): string[] {
    const edges = flows.map((flow) => {
      const [from, to] =
        flow.isReply === true ? ([flow.destination, flow.source] as const) : ([flow.source, flow.destination] as const);
      const [source, destination] =
        flow.isReply === true ? [flow.IP?.destination, flow.IP?.source] : [flow.IP?.source, flow.IP?.destination];
      return `${nameOf(from)} ${source} > ${nameOf(to)} ${destination}`;
    });
    return [...new Set(edges)];
  }

  const viewsOf = (flows: readonly Flow[]) => [...new Set(flows.map((flow) => flow.trafficDirection))].toSorted();
  const messagesOf = (flows: readonly Flow[]) =>
    flows.filter(({ l7 }) => l7 !== undefined).map(({ isReply }) => isReply);
  const servicesOf = (flows: readonly Flow[]) => [
    ...new Set(flows.map((flow) => (flow.isReply === true ? flow.sourceService : flow.destinationService)?.name)),
  ];
  const dialledIn = (flows: readonly Flow[]) => [
    ...new Set(
      flows.map((flow) => {
        const translation = readFlowDetails(flow)?.translation;
        return `${translation?.originalDestination} ${translation?.originalDestinationPort} ${translation?.service?.name}`;
      }),
    ),
  ];

  for (const version of [4, 6] as const) {
    const of = (place: { readonly address: string; readonly address6: string }) =>
      version === 4 ? place.address : place.address6;

    const gatewayOf = (place: RoutedPods['client']) => of(place).replace(/2$/, '1');

    test(`a service over IPv${version}: both views name the client, the pod behind, and the service`, async () => {
      const flows = await flowsOf([EGRESS, INGRESS], of(pods.client), () =>
        request(pods.client.namespace, of(VIRTUAL), 80),
      );
      assert.deepEqual(edgesOf(flows), [`web ${of(pods.client)} > cart ${of(pods.backend)}`]);
      assert.deepEqual(viewsOf(flows), [INGRESS, EGRESS]);
      assert.deepEqual(servicesOf(flows), ['cart']);
      assert.deepEqual(dialledIn(flows), [`${of(VIRTUAL)} 80 cart`]);
      assert.deepEqual(messagesOf(flows), [false, true], 'the request and its answer, once');
    });

    test(`a pod that dials itself through its service over IPv${version}, masqueraded: one edge from it to itself`, async () => {
      const flows = await flowsOf([EGRESS, INGRESS], gatewayOf(pods.backend), () =>
        request(pods.backend.namespace, of(VIRTUAL), 80),
      );
      assert.deepEqual(edgesOf(flows), [`cart ${of(pods.backend)} > cart ${of(pods.backend)}`]);
      assert.deepEqual(viewsOf(flows), [INGRESS, EGRESS]);
      assert.deepEqual(dialledIn(flows), [`${of(VIRTUAL)} 80 cart`]);
      assert.deepEqual(messagesOf(flows), [false, true]);
    });

    test(`a node's port dialled from outside over IPv${version}, masqueraded: an edge from outside to the pod, told once`, async () => {
      const flows = await flowsOf([INGRESS], gatewayOf(pods.backend), () =>
        request(pods.outside.namespace, of(pods.node), NODE_PORT),
      );
      assert.deepEqual(edgesOf(flows), [`reserved:world ${of(pods.outside)} > cart ${of(pods.backend)}`]);
      assert.deepEqual(viewsOf(flows), [INGRESS], 'the interface of the node leaves it to the interface of the pod');
      assert.deepEqual(servicesOf(flows), ['cart']);
      assert.deepEqual(dialledIn(flows), [`${of(pods.node)} ${NODE_PORT} cart`]);
      assert.deepEqual(messagesOf(flows), [false, true]);
    });

    test(`a program of the node that dials a service over IPv${version}: the pod behind it, and what was dialled`, async () => {
      const source = routeTo(of(VIRTUAL));
      const flows = await flowsOf([INGRESS], source, () => request(undefined, of(VIRTUAL), 80));
      assert.deepEqual(edgesOf(flows), [`reserved:host ${source} > cart ${of(pods.backend)}`]);
      assert.deepEqual(dialledIn(flows), [`${of(VIRTUAL)} 80 cart`]);
      assert.deepEqual(messagesOf(flows), [false, true]);
    });

    test(`a pod that dials the world over IPv${version}, masqueraded: an edge from the pod, told once`, async () => {
      const flows = await flowsOf([EGRESS], of(pods.node), () =>
        request(pods.client.namespace, of(pods.outside), OUTSIDE_PORT),
      );
      assert.deepEqual(edgesOf(flows), [`web ${of(pods.client)} > reserved:world ${of(pods.outside)}`]);
      assert.deepEqual(viewsOf(flows), [EGRESS]);
      assert.deepEqual(messagesOf(flows), [false, true]);
    });
  }
});
