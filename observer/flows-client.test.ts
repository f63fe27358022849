import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { type DeepPartial, GetFlowsRequest } from '#proto/gen/observer/observer.ts';
import { generateFlows } from '../bench/flows/generate.ts';
import { FlowRing } from './flow-ring.ts';
import { type FlowStreamHandle, type FlowStreamRequest, openFlowStream } from './flows-client.ts';
import { frame } from './frame.ts';
import { GrpcError } from './grpc-error.ts';
import { GrpcServer } from './grpc-server.ts';
import { type ObserverService, registerObserver } from './observer-service.ts';
import type { PeerTarget } from './peer-target.ts';
import { ServerTls } from './server-tls.ts';
import { TestCa } from './testing/certificates.ts';

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

const directory = mkdtempSync(join(tmpdir(), 'observer-test-'));
closers.push(() => rmSync(directory, { recursive: true }));

const flows = generateFlows({ count: 800, endpoints: 100, nodes: 2 });

async function serve(
  address: string,
  credentials?: ServerTls,
): Promise<{ port: number; ring: FlowRing; service: ObserverService; server: GrpcServer }> {
  const ring = new FlowRing({ capacityBytes: 4 << 20, wakeDelayMs: 1 });
  for (const flow of flows) ring.append(flow);
  const server = new GrpcServer(credentials === undefined ? {} : { credentials });
  const service = registerObserver(server, { ring, nodeName: 'n', version: 'v' });
  const port = await server.listen(address);
  closers.push(() => server.stop());
  return { port, ring, service, server };
}

function open(
  target: PeerTarget,
  request: DeepPartial<GetFlowsRequest>,
  options: Partial<FlowStreamRequest> = {},
): { stream: FlowStreamHandle; messages: Buffer[] } {
  const messages: Buffer[] = [];
  const stream = openFlowStream(target, GetFlowsRequest.encode(GetFlowsRequest.fromPartial(request)).finish(), {
    onMessages: (bytes, starts, ends, count) => {
      for (let i = 0; i < count; i++) messages.push(Buffer.from(bytes.subarray(starts[i], ends[i])));
    },
    ...options,
  });
  return { stream, messages };
}

async function failure(stream: FlowStreamHandle): Promise<GrpcError> {
  try {
    await stream.done;
  } catch (error) {
    assert.ok(error instanceof GrpcError, `a GrpcError, not ${error}`);
    return error;
  }
  throw new assert.AssertionError({ message: 'the stream ended without error' });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** A bare HTTP/2 server that answers each call as told. */
async function answerWith(answer: (stream: ServerHttp2Stream, server: Http2Server) => void): Promise<PeerTarget> {
  const server = createServer();
  server.on('session', (session) => closers.push(() => session.destroy()));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    answer(stream, server);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

test('every flow of a peer arrives as it is, over TCP and over a unix socket', async () => {
  const { port } = await serve('127.0.0.1:0');
  const path = join(directory, 'observer.sock');
  await serve(`unix:${path}`);
  for (const address of [`127.0.0.1:${port}`, `unix:${path}`, `unix://${path}`]) {
    const { stream, messages } = open({ address }, {});
    await stream.done;
    assert.deepEqual(
      messages,
      flows.map((flow) => Buffer.from(flow)),
      address,
    );
    assert.ok(stream.receivedBytes > 800 * 500);
  }
});

test('a status of the peer comes as that status, trailers-only and with its words', async () => {
  const { port } = await serve('127.0.0.1:0');
  const error = await failure(open({ address: `127.0.0.1:${port}` }, { whitelist: [{ sourcePort: ['é'] }] }).stream);
  assert.equal(error.code, status.INVALID_ARGUMENT);
  assert.match(error.message, new RegExp(`GetFlows of 127.0.0.1:${port}: .*source_port.*é`));
});

test('an aborted stream ends with CANCELLED, and the peer frees it', async () => {
  const { port, service } = await serve('127.0.0.1:0');
  const abort = new AbortController();
  const { stream, messages } = open(
    { address: `127.0.0.1:${port}` },
    { follow: true, first: true },
    { signal: abort.signal },
  );
  await until(() => messages.length === flows.length);
  abort.abort();
  assert.equal((await failure(stream)).code, status.CANCELLED);
  await until(() => service.streams.active === 0);
  const late = open({ address: `127.0.0.1:${port}` }, {}, { signal: abort.signal });
  assert.equal((await failure(late.stream)).code, status.CANCELLED);
});

test('a paused stream takes no more than its window, and all the rest when it goes on', async () => {
  const { port, ring } = await serve('127.0.0.1:0');
  const { stream, messages } = open(
    { address: `127.0.0.1:${port}` },
    { follow: true, first: true },
    {
      windowBytes: 64 * 1024,
      onOpen: () => stream.pause(),
    },
  );
  stream.done.catch(() => {});
  for (let i = 0; i < 500; i++) await turn();
  assert.ok(stream.receivedBytes <= 2 * 64 * 1024, `${stream.receivedBytes} bytes came while paused`);
  stream.resume();
  await until(() => messages.length === flows.length);
  ring.append(flows[0] ?? new Uint8Array());
  await until(() => messages.length === flows.length + 1);
});

test('a peer that is not there is UNAVAILABLE in words', async () => {
  const free = createSocketServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const refused = await failure(open({ address: `127.0.0.1:${port}` }, {}).stream);
  assert.deepEqual(
    [refused.code, refused.message],
    [status.UNAVAILABLE, `GetFlows of 127.0.0.1:${port}: connection refused; nothing listens there`],
  );
  const noSocket = await failure(open({ address: 'unix:/nonexistent.sock' }, {}).stream);
  assert.match(noSocket.message, /there is no such socket/);
  const noName = await failure(open({ address: 'no-such-host.invalid:4244' }, {}).stream);
  assert.equal(noName.code, status.UNAVAILABLE);
});

test('a peer that accepts and says nothing is UNAVAILABLE after the time given', async () => {
  const silent = createSocketServer((socket) => closers.push(() => socket.destroy()));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  closers.push(() => silent.close());
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const error = await failure(open({ address }, {}, { connectTimeoutMs: 30 }).stream);
  assert.match(error.message, /did not answer in time/);
});

test('a server that is not gRPC is told from one that is', async () => {
  const http1 = createHttpServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => http1.listen(0, '127.0.0.1', resolve));
  closers.push(() => http1.close());
  const overHttp1 = await failure(open({ address: `127.0.0.1:${(http1.address() as AddressInfo).port}` }, {}).stream);
  assert.equal(overHttp1.code, status.UNAVAILABLE);
  const page = await answerWith((stream) => {
    stream.respond({ ':status': 404, 'content-type': 'text/html' });
    stream.end('not here');
  });
  const overHttp2 = await failure(open(page, {}).stream);
  assert.equal(overHttp2.code, status.UNIMPLEMENTED);
  assert.match(overHttp2.message, /HTTP status 404.*is it a gRPC server/);
});

test('a reset, a stream without status, a cut message and a lost connection each have their error', async () => {
  const reset = await answerWith((stream) => {
    stream.respond(GRPC);
    stream.close(11);
  });
  assert.equal((await failure(open(reset, {}).stream)).code, status.RESOURCE_EXHAUSTED);
  const noStatus = await answerWith((stream) => {
    stream.respond(GRPC);
    stream.end(frame(Uint8Array.of()));
  });
  assert.match((await failure(open(noStatus, {}).stream)).message, /ended without a status/);
  const cut = await answerWith((stream) => {
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(frame(Uint8Array.of(1, 2, 3)).subarray(0, 6));
  });
  assert.match((await failure(open(cut, {}).stream)).message, /ended within a message/);
  const lost = await answerWith((stream) => {
    stream.respond(GRPC);
    stream.write(frame(Uint8Array.of()), () => stream.session?.socket.destroy());
  });
  assert.equal((await failure(open(lost, {}).stream)).code, status.UNAVAILABLE);
});

test('a GOAWAY lets the stream end in its own time', async () => {
  const leaving = await answerWith((stream) => {
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.session?.goaway(0);
    setImmediate(() => stream.end(frame(Uint8Array.of())));
  });
  const { stream, messages } = open(leaving, {});
  await stream.done;
  assert.equal(messages.length, 1);
});

test('a message beyond the limit ends the stream with RESOURCE_EXHAUSTED', async () => {
  const { port } = await serve('127.0.0.1:0');
  const { stream } = open({ address: `127.0.0.1:${port}` }, {}, { maxMessageBytes: 100 });
  assert.equal((await failure(stream)).code, status.RESOURCE_EXHAUSTED);
});

test('TLS: the server name is checked, and with mutual TLS so is the client', async () => {
  const testCa = new TestCa();
  closers.push(() => testCa.remove());
  const server = testCa.issue('server', 'node-1.default.hubble-grpc.cilium.io');
  const { certificate, key } = testCa.issue('client', 'relay');
  const [ca, client] = [testCa.ca, { certificate, key }];
  const credentials = await ServerTls.read({ ...server, clientCaFiles: [testCa.caFile] });
  closers.push(() => credentials.stop());
  const { port } = await serve('127.0.0.1:0', credentials);
  const address = `127.0.0.1:${port}`;
  const serverName = 'node-1.default.hubble-grpc.cilium.io';
  const good = open({ address, tls: { ca, ...client, serverName } }, { number: 3n });
  await good.stream.done;
  assert.equal(good.messages.length, 3);
  const wrongName = await failure(open({ address, tls: { ca, ...client, serverName: 'node-2' } }, {}).stream);
  assert.match(wrongName.message, /its certificate is for another name/);
  const unknownCa = await failure(open({ address, tls: { ...client, serverName } }, {}).stream);
  assert.match(unknownCa.message, /signed by none of the CAs given/);
  const noCertificate = await failure(open({ address, tls: { ca, serverName } }, {}).stream);
  assert.match(noCertificate.message, /asks for a client certificate/);
  const plaintext = await failure(open({ address }, {}).stream);
  assert.match(plaintext.message, /expects TLS: this side spoke plaintext/);
});
