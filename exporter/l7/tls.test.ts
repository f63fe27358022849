import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import fc from 'fast-check';
import { listen, portOf } from './testing/recording-proxy.ts';
import { parseTlsHello } from './tls.ts';
import { L7Tracker } from './tracker.ts';

/** The bytes that a real client sends first. */
async function clientHello(options: tls.ConnectionOptions): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  const server = createServer();
  const received = new Promise<void>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        const all = Buffer.concat(chunks);
        if (all.length < 5 + all.readUInt16BE(3)) return;
        socket.destroy();
        resolve();
      });
    });
  });
  await listen(server);
  const client = tls.connect({ port: portOf(server), host: '127.0.0.1', rejectUnauthorized: false, ...options });
  client.on('error', () => {});
  await received;
  client.destroy();
  server.close();
  return new Uint8Array(Buffer.concat(chunks));
}

test("a real client's hello tells server name, ALPN and the highest version offered", async () => {
  const hello = parseTlsHello(await clientHello({ servername: 'shop.example.org', ALPNProtocols: ['h2', 'http/1.1'] }));
  assert.equal(hello?.hello, 'client');
  assert.equal(hello?.serverName, 'shop.example.org');
  assert.deepEqual(hello?.alpn, ['h2', 'http/1.1']);
  assert.equal(hello?.version, 'TLS 1.3');
  assert.equal(hello?.complete, true);
});

test('a client limited to TLS 1.2 is said to offer TLS 1.2', async () => {
  assert.equal(parseTlsHello(await clientHello({ servername: 'a.b', maxVersion: 'TLSv1.2' }))?.version, 'TLS 1.2');
});

test('a hello cut anywhere never names another server, and says that it is incomplete', async () => {
  const bytes = await clientHello({ servername: 'shop.example.org' });
  for (let length = 0; length < bytes.length; length++) {
    const hello = parseTlsHello(bytes.subarray(0, length));
    if (!hello) continue;
    assert.ok(['', 'shop.example.org'].includes(hello.serverName), hello.serverName);
    assert.equal(hello.complete, false, String(length));
  }
});

test('a hello split over two records is joined', async () => {
  const bytes = await clientHello({ servername: 'shop.example.org' });
  const [first, second] = [bytes.subarray(5, 100), bytes.subarray(100)];
  const record = (body: Uint8Array) => Buffer.concat([Buffer.of(22, 3, 1, body.length >> 8, body.length & 255), body]);
  assert.equal(parseTlsHello(Buffer.concat([record(first), record(second)]))?.serverName, 'shop.example.org');
});

test('a hello split over two segments is one handshake event, and the server hello follows with its latency', async () => {
  const bytes = await clientHello({ servername: 'shop.example.org' });
  const tracker = new L7Tracker();
  const feed = (data: Uint8Array, fromInitiator: boolean, sequence: number, timeNs: bigint) =>
    tracker.feed({
      connection: 1,
      fromInitiator,
      timeNs,
      sequence,
      payloadLength: data.length,
      data,
      hint: 'unknown',
      transport: 'tcp',
    });
  assert.deepEqual(feed(bytes.subarray(0, 200), true, 1000, 1n), []);
  const [client] = feed(bytes.subarray(200), true, 1200, 2n);
  assert.ok(client?.kind === 'handshake' && client.message.serverName === 'shop.example.org');
  const [server] = feed(serverHello, false, 5000, 9n);
  assert.ok(server?.kind === 'handshake');
  assert.equal(server.message.version, 'TLS 1.3');
  assert.equal(server.message.cipherSuite, 'TLS_AES_256_GCM_SHA384');
  assert.equal(server.latencyNs, 8n);
  assert.deepEqual(feed(bytes, true, 90_000, 10n), [], 'what follows is encrypted');
});

test('arbitrary bytes behind a record head never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (tail, isClient) => {
      const hello = parseTlsHello(Buffer.concat([Buffer.of(22, 3, 1, 1, 0, isClient ? 1 : 2, 0), tail]));
      assert.ok((hello?.serverName.length ?? 0) <= 255 && (hello?.alpn.length ?? 0) <= 8);
    }),
    { numRuns: 500 },
  );
});

// ServerHello: TLS 1.2 on the record, supported_versions says 1.3, suite 0x1302.
const serverHello = Buffer.concat([
  Buffer.from('160303003a02000036', 'hex'),
  Buffer.from('0303', 'hex'),
  Buffer.alloc(32, 7),
  Buffer.from('00', 'hex'),
  Buffer.from('130200', 'hex'),
  Buffer.from('000e', 'hex'),
  Buffer.from('002b00020304', 'hex'),
  Buffer.from('003300040018abcd', 'hex'),
]);
