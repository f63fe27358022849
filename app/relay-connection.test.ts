import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TestCa } from '#observer/testing/certificates.ts';
import { startRelay } from '#relay/relay.ts';
import { fetchStatus } from './relay-client.ts';
import { RelayError, relayFault } from './relay-connection.ts';
import type { RelayTlsFiles } from './relay-tls.ts';

// The connection is one for the whole process, so these are steps of one test.
test('the page asks over TLS, says why it cannot, and goes on with renewed certificates', async (context) => {
  const [first, second] = [authority(context), authority(context)];
  const port = await freePort();
  const caFile = join(first.folder, 'in-use.pem');
  process.env.PARALLAX_RELAY = `127.0.0.1:${port}`;
  context.after(() => {
    delete process.env.PARALLAX_RELAY;
    delete process.env.PARALLAX_RELAY_TLS;
  });
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() });

  let relay = await tlsRelay(port, first);
  useTls({ caFiles: [caFile], serverName: 'relay.parallax.svc' });
  await assert.rejects(fetchStatus(), saying(/TLS: ENOENT.*in-use\.pem/));

  copyFileSync(second.caFile, caFile);
  await assert.rejects(fetchStatus(), saying(/certificate/), 'signed by another CA');

  copyFileSync(first.caFile, caFile);
  context.mock.timers.tick(5_000);
  assert.ok((await fetchStatus()).nodes.length > 0);

  await relay.stop();
  relay = await tlsRelay(port, second);
  context.after(() => relay.stop());
  copyFileSync(second.caFile, caFile);
  context.mock.timers.tick(5_000);
  assert.ok((await fetchStatus()).nodes.length > 0, 'renewed by another CA');
});

function useTls(files: RelayTlsFiles): void {
  process.env.PARALLAX_RELAY_TLS = JSON.stringify(files);
}

function saying(text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RelayError);
    assert.match(error.fault.text, text);
    assert.deepEqual([error.fault.httpStatus, error.fault.retry], [503, true]);
    return true;
  };
}

function authority(context: TestContext): TestCa {
  const ca = new TestCa();
  context.after(() => ca.remove());
  return ca;
}

function tlsRelay(port: number, ca: TestCa) {
  const { certFile, keyFile } = ca.issue('relay', 'relay.parallax.svc');
  return startRelay({
    listen: `127.0.0.1:${port}`,
    nodeName: 'relay',
    clusterName: 'default',
    peers: ['127.0.0.1:1'],
    ringBytes: 1 << 20,
    serverTls: { certFile, keyFile },
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('the words of a relay are read in linear time, whatever they are', () => {
  const details = `${' '.repeat(300_000)}x`;
  assert.match(relayFault({ code: 3, details }).text, /x$/);
});
