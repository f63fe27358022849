import assert from 'node:assert/strict';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { forwarder } from './forward.ts';
import type { PodConfiguration } from './messages.ts';

const configuration = (addresses: readonly string[]): PodConfiguration => ({
  workload: 'ingress/gateway',
  servers: [],
  clients: [],
  certificate: { certFile: '', keyFile: '' },
  nameserver: null,
  addresses: { 'web.shop.svc.cluster.local': addresses },
  countedSources: {},
  seed: 1,
});

function listen(server: Server, port: number, host: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  return promise;
}

function statusAt(port: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  get({ host: '127.0.0.1', port, path: '/missing' }, (answer) => {
    answer.resume();
    answer.on('end', () => resolve(answer.statusCode));
  }).on('error', reject);
  return promise;
}

test('the gateway passes a request on by name and its answer back; 502 when nobody is there', async (t) => {
  const asked: string[] = [];
  const web = createServer((request, response) => {
    asked.push(`${request.headers.host}${request.url}`);
    response.writeHead(404).end();
  });
  // Addresses of loopback nobody else uses: the port is the demo's own.
  await listen(web, 8080, '127.88.0.7');
  const gateways = ['127.88.0.7', '127.88.0.8'].map((ip) => createServer(forwarder('shop/web', configuration([ip]))));
  const [good = 0, bad = 0] = await Promise.all(gateways.map((gateway) => listen(gateway, 0, '127.0.0.1')));
  t.after(() => {
    for (const server of [web, ...gateways]) {
      server.closeAllConnections();
      server.close();
    }
  });
  assert.equal(await statusAt(good), 404);
  assert.deepEqual(asked, ['web.shop.svc.cluster.local/missing']);
  assert.equal(await statusAt(bad), 502);
});
