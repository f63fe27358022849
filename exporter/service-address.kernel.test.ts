import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import { readFlowDetails } from '#flow/details.ts';
import { type Flow, Verdict } from '#proto/gen/flow/flow.ts';
import { GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { startExporter } from './exporter.ts';
import { ip, kernelTestsImpossible, runIn, serveIn } from './kernel/testing/pods.ts';
import { eventually } from './kernel/testing/recorder.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

const VIP = '10.97.88.10';
const CLIENT = '10.87.1.2';
const BACKEND = '10.87.2.2';
const PORT = 24_050;

/** Two pods that this host routes between, and a service's address turned into a pod's, as kube-proxy's nftables mode does it. */
function routedPods() {
  const prefix = `pxk${process.pid % 10_000}`;
  const table = `${prefix}nat`;
  const forwarding = '/proc/sys/net/ipv4/ip_forward';
  const before = readFileSync(forwarding, 'utf8');
  writeFileSync(forwarding, '1');
  const pods = [CLIENT, BACKEND].map((address, index) => {
    const [namespace, veth] = [`${prefix}-${index}`, `${prefix}r${index}`];
    const gateway = address.replace(/2$/, '1');
    ip('netns', 'add', namespace);
    ip('link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('addr', 'add', `${gateway}/24`, 'dev', veth);
    ip('link', 'set', veth, 'up');
    ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    ip('-n', namespace, 'route', 'add', 'default', 'via', gateway);
    return { namespace, veth };
  });
  execFileSync('nft', ['-f', '-'], {
    input: `table ip ${table} {
      chain prerouting { type nat hook prerouting priority dstnat;
        ip daddr ${VIP} tcp dport 80 dnat to ${BACKEND}:${PORT}
      }
    }`,
  });
  return {
    client: pods[0]?.namespace,
    backend: pods[1]?.namespace,
    veths: `${prefix}r*`,
    remove() {
      execFileSync('nft', ['delete', 'table', 'ip', table]);
      for (const { namespace } of pods) ip('netns', 'del', namespace);
      writeFileSync(forwarding, before);
    },
  };
}

const metadata = (name: string, labels = {}) => ({ name, namespace: 'shop', uid: name, labels });
const objects = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    ...[
      ['web', CLIENT],
      ['cart', BACKEND],
    ].map(([name = '', podIP]) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: metadata(name, { app: name }),
      spec: { nodeName: 'node-1' },
      status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] },
    })),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('cart'),
      spec: {
        clusterIP: VIP,
        clusterIPs: [VIP],
        selector: { app: 'cart' },
        ports: [{ port: 80, targetPort: PORT, protocol: 'TCP' }],
      },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: metadata('cart-1', { 'kubernetes.io/service-name': 'cart' }),
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: [BACKEND],
          conditions: { ready: true },
          targetRef: { kind: 'Pod', name: 'cart', namespace: 'shop' },
        },
      ],
      ports: [{ port: PORT, protocol: 'TCP' }],
    },
  ],
};

test('a connection to an address that nftables translates names the service and the pod behind it, on both views', {
  skip,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parallax-objects-'));
  writeFileSync(join(directory, 'objects.json'), JSON.stringify(objects));
  const pods = routedPods();
  const exporter = await startExporter({
    listen: '127.0.0.1:0',
    nodeName: 'node-1',
    interfaces: pods.veths,
    objects: directory,
    log: () => {},
  });
  const service = await serveIn(
    pods.backend,
    `require('node:http').createServer((q, r) => r.end('ok')).listen(${PORT}, '0.0.0.0', () => console.log('ready'))`,
  );
  const client = new Client(exporter.address, credentials.createInsecure());
  const flows: Flow[] = [];
  try {
    const stream = client.makeServerStreamRequest(
      '/observer.Observer/GetFlows',
      (request: GetFlowsRequest) => Buffer.from(GetFlowsRequest.encode(request).finish()),
      (bytes) => GetFlowsResponse.decode(bytes),
      GetFlowsRequest.create({ follow: true, number: 1000n }),
    );
    stream.on('data', ({ responseTypes }: GetFlowsResponse) => {
      if (responseTypes?.$case === 'flow' && responseTypes.value.verdict === Verdict.FORWARDED)
        flows.push(responseTypes.value);
    });
    stream.on('error', () => {}); // Ended by the exporter's stop.
    await runIn(pods.client, `require('node:http').get('http://${VIP}/', (r) => r.resume())`);
    await eventually('the close on both views', () => {
      const ends = flows.filter((flow) => /FIN/.test(flow.Summary));
      return new Set(ends.map((flow) => flow.trafficDirection)).size === 2;
    });
    const requests = flows.filter((flow) => flow.isReply === false);
    assert.deepEqual(
      [
        ...new Set(
          requests.map(
            (flow) =>
              `${flow.source?.podName} ${flow.IP?.source} > ${flow.destination?.podName} ${flow.IP?.destination}`,
          ),
        ),
      ],
      [`web ${CLIENT} > cart ${BACKEND}`],
    );
    const views = new Set(flows.map((flow) => flow.trafficDirection));
    assert.equal(views.size, 2, 'egress at the client, ingress at the pod');
    const dialled = flows
      .map((flow) => readFlowDetails(flow)?.translation?.originalDestination)
      .filter((address) => address);
    assert.deepEqual([...new Set(dialled)], [VIP]);
    const http = flows.filter((flow) => flow.l7 !== undefined);
    assert.deepEqual(
      http.map((flow) => flow.isReply),
      [false, true],
      'the request and its answer, once',
    );
    assert.ok(http.every((flow) => (flow.destinationService ?? flow.sourceService)?.name === 'cart'));
  } finally {
    await exporter.stop();
    client.close();
    await service.stop();
    pods.remove();
    rmSync(directory, { recursive: true });
  }
});
