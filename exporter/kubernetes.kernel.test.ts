// The exporter on a node of a cluster: its own pods are named, the rest is left to a relay.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiServer, plainAccess, podJson, pods as podsPath, until } from '#kubernetes/testing/watching.ts';
import { PeerClient } from '#observer/peer-client.ts';
import { GetFlowsRequest, type GetFlowsResponse, ObserverDefinition } from '#proto/gen/observer/observer.ts';
import { startExporter } from './exporter.ts';
import { kernelTestsImpossible, Pods, runIn, serveIn } from './kernel/testing/pods.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

test("a connection to another node's pod has the name of this node's end, and nothing made up for the other", {
  skip,
}, async (context) => {
  const server = await apiServer(context);
  const pods = new Pods(87);
  const stop = new AbortController();
  const web = pods.add();
  const cart = pods.add();
  server.put(podsPath, podJson('web-1', { ip: web.address, node: 'n1' }));
  server.put(podsPath, podJson('cart-1', { ip: cart.address, node: 'n2' }));
  const exporter = await startExporter({
    ...{ listen: '127.0.0.1:0', nodeName: 'n1', clusterName: 'east', interfaces: pods.veths },
    kubernetes: plainAccess(server),
  });
  const service = await serveIn(
    cart.namespace,
    "require('node:http').createServer((q, r) => r.end('ok')).listen(21080, '0.0.0.0', () => console.log('ready'))",
  );
  const client = new PeerClient({ address: exporter.address });
  const responses: GetFlowsResponse[] = [];
  try {
    const { fullName, methods } = ObserverDefinition;
    const request = GetFlowsRequest.fromPartial({ follow: true });
    const stream = client.serverStream(fullName, methods.getFlows, request, stop.signal);
    const reading = (async () => {
      for await (const response of stream) responses.push(response);
    })().catch(() => {});
    await runIn(web.namespace, `require('node:http').get('http://${cart.address}:21080/once', (r) => r.resume())`);
    const opened = () =>
      responses.flatMap(({ responseTypes: type }) =>
        type?.$case === 'flow' && type.value.IP?.source === web.address ? [type.value] : [],
      )[0];
    await until('a flow came', () => opened() !== undefined);
    const flow = opened();
    assert.equal(flow?.nodeName, 'east/n1');
    assert.deepEqual([flow?.source?.podName, flow?.source?.clusterName], ['web-1', 'east']);
    assert.ok(flow?.source?.labels.includes('k8s:app=web'));
    assert.equal(flow?.destination, undefined);
    stop.abort();
    await reading;
  } finally {
    stop.abort();
    client.close();
    await service.stop();
    await exporter.stop();
    pods.remove();
  }
});
