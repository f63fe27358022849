import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import { GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import { ChangeNotification } from '#proto/gen/peer/peer.ts';
import { startExporter } from './exporter.ts';
import { kernelTestsImpossible, Pods, runIn, serveIn } from './kernel/testing/pods.ts';
import { eventually } from './kernel/testing/recorder.ts';

const impossible = kernelTestsImpossible();
const skip = impossible === undefined ? false : `needs root and a kernel with BTF: ${impossible}`;

test('an HTTP request between two pods is served as flows over gRPC, once', { skip }, async () => {
  const pods = new Pods(94);
  const web = pods.add();
  const cart = pods.add();
  const exporter = await startExporter({
    listen: '127.0.0.1:0',
    nodeName: 'node-1',
    interfaces: pods.veths,
    processArguments: true,
  });
  const service = await serveIn(
    cart.namespace,
    "require('node:http').createServer((q, r) => r.end('ok')).listen(21080, '0.0.0.0', () => console.log('ready'))",
  );
  const client = new Client(exporter.address, credentials.createInsecure());
  try {
    assert.match(exporter.sourceText, /^capturing from the kernel$/);
    const flows: GetFlowsResponse[] = [];
    const stream = client.makeServerStreamRequest(
      '/observer.Observer/GetFlows',
      (request: GetFlowsRequest) => Buffer.from(GetFlowsRequest.encode(request).finish()),
      (bytes) => GetFlowsResponse.decode(bytes),
      GetFlowsRequest.create({ follow: true, number: 1000n }),
    );
    stream.on('data', (response: GetFlowsResponse) => flows.push(response));
    stream.on('error', () => {}); // Ended by the exporter's stop.
    await runIn(web.namespace, `require('node:http').get('http://${cart.address}:21080/once', (r) => r.resume())`);
    const http = () =>
      flows.flatMap((one) =>
        one.responseTypes?.$case === 'flow' && one.responseTypes.value.l7?.record?.$case === 'http'
          ? [one.responseTypes.value]
          : [],
      );
    await eventually('the response', () => http().find((flow) => flow.isReply === true));
    await eventually('the close', () =>
      flows.find((one) => one.responseTypes?.$case === 'flow' && /FIN/.test(one.responseTypes.value.Summary)),
    );
    assert.deepEqual(
      http().map((flow) => [flow.isReply, flow.IP?.source, flow.trafficDirection, flow.nodeName]),
      [
        [false, web.address, 1, 'node-1'],
        [true, cart.address, 1, 'node-1'],
      ],
    );
    // Its program stands in its arguments, which may hold anything.
    const servers = http().map(({ isReply, extensions }) => {
      const { sourceProcess, destinationProcess } = FlowDetails.decode(extensions?.value ?? Buffer.alloc(0));
      return isReply === true ? sourceProcess : destinationProcess;
    });
    assert.deepEqual(
      servers.map((process) => [process?.pid, process?.arguments]),
      [
        [service.pid, ['-e', 'REDACTED']],
        [service.pid, ['-e', 'REDACTED']],
      ],
    );
    const peers = client.makeServerStreamRequest(
      '/peer.Peer/Notify',
      () => Buffer.alloc(0),
      (bytes) => ChangeNotification.decode(bytes),
      {},
    );
    peers.on('error', () => {});
    const [peer]: ChangeNotification[] = await once(peers, 'data');
    assert.equal(peer?.name, 'node-1');
    assert.equal(peer?.address, exporter.address);
  } finally {
    await exporter.stop();
    client.close();
    await service.stop();
    pods.remove();
  }
});

test('an exporter whose recording cannot be read does not start and names the file', async () => {
  await assert.rejects(
    startExporter({ listen: '127.0.0.1:0', nodeName: 'node-1', replay: '/nonexistent.plx' }),
    /nonexistent\.plx/,
  );
});
