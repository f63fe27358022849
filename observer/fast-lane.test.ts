// The fast lane against plain grpc-js: two servers over one ring, asked the same, by the same clients, in good and in bad
// circumstances. What the client sees must be the same.

import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type ChannelCredentials, Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { type DeepPartial, GetFlowsRequest } from '#proto/gen/observer/observer.ts';
import { generateFlows } from '../bench/flows/generate.ts';
import { FlowRing } from './flow-ring.ts';
import { openFlowStream } from './flows-client.ts';
import { frame } from './frame.ts';
import { GrpcError } from './grpc-error.ts';
import { GrpcServer } from './grpc-server.ts';
import { type ObserverService, registerObserver } from './observer-service.ts';
import { ServerTls } from './server-tls.ts';
import { TestCa } from './testing/certificates.ts';

const PATH = '/observer.Observer/GetFlows';
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

const ca = new TestCa();
closers.push(() => ca.remove());
const certificate = ca.issue('server', 'localhost');
const flows = generateFlows({ count: 1500, endpoints: 200, nodes: 2 });
const ring = new FlowRing({ capacityBytes: 8 << 20, wakeDelayMs: 1 });
for (const flow of flows) ring.append(flow);

interface Lane {
  readonly address: string;
  readonly service: ObserverService;
  readonly server: GrpcServer;
}

async function lane(fastLane: boolean, isSecure: boolean): Promise<Lane> {
  const tls = isSecure ? await ServerTls.read(certificate) : undefined;
  const server = new GrpcServer(tls === undefined ? {} : { credentials: tls });
  const service = registerObserver(server, { ring, nodeName: 'n', version: 'v', fastLane });
  const address = `localhost:${await server.listen('127.0.0.1:0')}`;
  closers.push(
    () => server.stop(),
    () => tls?.stop(),
  );
  return { address, service, server };
}

interface Outcome {
  readonly messages: readonly string[];
  readonly code: number;
}

function encode(request: DeepPartial<GetFlowsRequest>): Buffer {
  return Buffer.from(GetFlowsRequest.encode(GetFlowsRequest.fromPartial(request)).finish());
}

/** Through grpc-js. */
function byLibrary(
  { address }: Lane,
  channel: ChannelCredentials,
  request: DeepPartial<GetFlowsRequest>,
  { deadlineMs, cancelAfter }: { deadlineMs?: number; cancelAfter?: number } = {},
): Promise<Outcome> {
  const client = new Client(address, channel);
  closers.push(() => client.close());
  const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  const pass = (bytes: Buffer) => bytes;
  const call = client.makeServerStreamRequest(PATH, pass, pass, encode(request), new Metadata(), options);
  const messages: string[] = [];
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  call.on('data', (message: Buffer) => {
    messages.push(message.toString('latin1'));
    if (messages.length === cancelAfter) call.cancel();
  });
  call.on('error', () => {});
  call.on('status', ({ code }) => resolve({ messages: messages.slice(0, cancelAfter), code }));
  return promise;
}

/** Through our own client. */
async function byOurs({ address }: Lane, isSecure: boolean, request: DeepPartial<GetFlowsRequest>): Promise<Outcome> {
  const messages: string[] = [];
  const target = { address, ...(isSecure ? { tls: { ca: ca.ca } } : {}) };
  const stream = openFlowStream(target, encode(request), {
    onMessages: (bytes, starts, ends, count) => {
      for (let i = 0; i < count; i++) messages.push(Buffer.from(bytes.subarray(starts[i], ends[i])).toString('latin1'));
    },
  });
  const code = await stream.done.then(
    () => status.OK,
    (error: unknown) => (error instanceof GrpcError ? error.code : status.UNKNOWN),
  );
  return { messages, code };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** Raw HTTP/2: sends these bytes as the call's DATA. @returns the trailers' status, or the code of a reset */
function raw(session: ClientHttp2Session, data: Buffer, headers: Record<string, string> = {}): Promise<string> {
  const call = session.request({
    ':method': 'POST',
    ':path': PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  let ended: string | undefined;
  const note = (fields: Record<string, unknown>) => {
    if (fields['grpc-status'] !== undefined) ended = `status ${fields['grpc-status']}`;
  };
  call.on('response', note);
  call.on('trailers', note);
  call.on('error', () => {});
  call.on('close', () => resolve(ended ?? `reset ${call.rstCode}`));
  call.resume();
  call.end(data);
  return promise;
}

for (const isSecure of [false, true]) {
  const over = isSecure ? 'over TLS' : 'over plaintext';
  const channel = () => (isSecure ? credentials.createSsl(ca.ca) : credentials.createInsecure());

  test(`${over}: each client sees the same messages and the same status from both lanes`, async () => {
    const lanes = [await lane(true, isSecure), await lane(false, isSecure)];
    const requests: DeepPartial<GetFlowsRequest>[] = [
      {},
      { number: 10n },
      { number: 2n ** 64n - 1n, whitelist: [{ verdict: [2] }], fieldMask: ['source', 'l7.http'] },
      { whitelist: [{ experimental: { celExpression: ['_flow.verdict == Verdict.DROPPED'] } }] },
      { whitelist: [{ experimental: { celExpression: ['_flow'] } }] },
      { whitelist: [{ sourceIp: ['x'] }] },
    ];
    for (const request of requests) {
      const outcomes = await Promise.all(
        lanes.flatMap((one) => [byLibrary(one, channel(), request), byOurs(one, isSecure, request)]),
      );
      for (const outcome of outcomes.slice(1)) assert.deepEqual(outcome, outcomes[0]);
    }
    assert.ok((lanes[0]?.service.streams.fast ?? 0) > 0);
    assert.equal(lanes[1]?.service.streams.fast, 0);
  });

  test(`${over}: a deadline and a cancel end both lanes alike, and free them`, async () => {
    const lanes = [await lane(true, isSecure), await lane(false, isSecure)];
    const late = await Promise.all(
      lanes.map((one) => byLibrary(one, channel(), { follow: true }, { deadlineMs: 300 })),
    );
    assert.deepEqual(
      late.map(({ code }) => code),
      [status.DEADLINE_EXCEEDED, status.DEADLINE_EXCEEDED],
    );
    const cut = await Promise.all(
      lanes.map((one) => byLibrary(one, channel(), { follow: true, first: true }, { cancelAfter: 7 })),
    );
    assert.deepEqual(cut[0], cut[1]);
    assert.equal(cut[0]?.code, status.CANCELLED);
    await until(() => lanes.every(({ service }) => service.streams.active === 0));
  });
}

test('malformed, oversized, compressed and cut requests get the same answer from both lanes, and the next call is served', async () => {
  const lanes = [await lane(true, false), await lane(false, false)];
  const sessions = lanes.map(({ address }) => connect(`http://${address}`));
  for (const session of sessions) closers.push(() => session.destroy());
  const announced = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1]);
  const whole = Buffer.from(frame(encode({ number: 1n })));
  const inputs: readonly [string, Buffer, Record<string, string>?][] = [
    ['no protobuf', Buffer.from(frame(Uint8Array.of(0xff, 0xff, 0xff)))],
    ['a length beyond the limit', announced],
    ['half a message', whole.subarray(0, 6)],
    ['no message', Buffer.alloc(0)],
    ['two messages', Buffer.concat([whole, whole])],
    ['a timeout that is none', whole, { 'grpc-timeout': 'soon' }],
    ['a method that is not there', whole, { ':path': '/observer.Observer/Nope' }],
    ['another content type', whole, { 'content-type': 'text/plain' }],
  ];
  for (const [what, data, headers] of inputs) {
    const [fast, plain] = await Promise.all(sessions.map((session) => raw(session, data, headers)));
    assert.equal(fast, plain, what);
  }
  for (const session of sessions) assert.equal(await raw(session, whole), 'status 0');
});

test('a reset, a lost connection and a GOAWAY of the client free both lanes', async () => {
  for (const one of [await lane(true, false), await lane(false, false)]) {
    const follow = Buffer.from(frame(encode({ follow: true })));
    const ends: ((session: ClientHttp2Session, close: () => void) => void)[] = [
      (_session, close) => close(),
      (session) => session.socket.destroy(),
      (session) => {
        session.goaway(constants.NGHTTP2_NO_ERROR);
        session.destroy();
      },
    ];
    for (const end of ends) {
      const session = connect(`http://${one.address}`);
      session.on('error', () => {});
      const call = session.request({
        ':method': 'POST',
        ':path': PATH,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      call.on('error', () => {});
      call.end(follow);
      await until(() => one.service.streams.active === 1);
      end(session, () => call.close(constants.NGHTTP2_CANCEL));
      await until(() => one.service.streams.active === 0);
      session.destroy();
    }
  }
});

test('a client whose window is a few bytes gets every byte, in its own time, from both lanes', async () => {
  const request = Buffer.from(frame(encode({ number: 200n })));
  const bodies: Buffer[] = [];
  for (const one of [await lane(true, false), await lane(false, false)]) {
    const session = connect(`http://${one.address}`, { settings: { initialWindowSize: 1000 } });
    closers.push(() => session.destroy());
    const call = session.request({
      ':method': 'POST',
      ':path': PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    call.on('data', (chunk: Buffer) => chunks.push(chunk));
    const closed = new Promise((resolve) => call.once('close', resolve));
    call.end(request);
    await closed;
    bodies.push(Buffer.concat(chunks));
  }
  const [fast, plain] = bodies;
  assert.ok(fast !== undefined && plain !== undefined && fast.length > 100_000 && fast.equals(plain));
});
