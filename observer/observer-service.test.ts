import assert from 'node:assert/strict';
import { connect, constants } from 'node:http2';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Client, credentials, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { type DeepPartial, GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { generateFlows } from '../bench/flows/generate.ts';
import { FlowRing } from './flow-ring.ts';
import { frame } from './frame.ts';
import { GrpcError } from './grpc-error.ts';
import { GrpcServer, type GrpcServerOptions } from './grpc-server.ts';
import { type ObserverService, type ObserverSource, registerObserver } from './observer-service.ts';
import { PeerClient } from './peer-client.ts';
import { packStreamOptions } from './stream-options.ts';

const GET_FLOWS = '/observer.Observer/GetFlows';
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

interface Running {
  readonly ring: FlowRing;
  readonly server: GrpcServer;
  readonly service: ObserverService;
  readonly address: string;
  readonly client: Client;
}

async function start(source: Partial<ObserverSource> = {}, options: GrpcServerOptions = {}): Promise<Running> {
  const ring = source.ring ?? new FlowRing({ capacityBytes: 8 << 20, wakeDelayMs: 1 });
  const server = new GrpcServer(options);
  const service = registerObserver(server, { nodeName: 'this-node', version: '1.2.3', ...source, ring });
  const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
  const client = new Client(address, credentials.createInsecure());
  closers.push(
    () => server.stop(),
    () => client.close(),
  );
  return { ring, server, service, address, client };
}

interface Answer {
  readonly messages: Buffer[];
  readonly status: StatusObject;
}

/** A GetFlows call over grpc-js with messages as bytes. `onMessage` may cancel. */
function getFlows(
  client: Client,
  request: DeepPartial<GetFlowsRequest> | Buffer,
  options: { deadlineMs?: number; onMessage?: (count: number, cancel: () => void) => void } = {},
): Promise<Answer> {
  const bytes = Buffer.isBuffer(request)
    ? request
    : Buffer.from(GetFlowsRequest.encode(GetFlowsRequest.fromPartial(request)).finish());
  const call = client.makeServerStreamRequest(
    GET_FLOWS,
    (b: Buffer) => b,
    (b: Buffer) => b,
    bytes,
    new Metadata(),
    {
      ...(options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs }),
    },
  );
  const messages: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<Answer>();
  call.on('data', (message: Buffer) => {
    messages.push(message);
    options.onMessage?.(messages.length, () => call.cancel());
  });
  call.on('error', () => {});
  call.on('status', (ended) => resolve({ messages, status: ended }));
  return promise;
}

/** Turns of the event loop until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

const flows = generateFlows({ count: 2500, endpoints: 300, nodes: 2 });

test('the fast lane and plain grpc-js give the same bytes and the same status', async () => {
  const ring = new FlowRing({ capacityBytes: 8 << 20 });
  for (const flow of flows) ring.append(flow);
  const fast = await start({ ring });
  const plain = await start({ ring, fastLane: false });
  const requests: (DeepPartial<GetFlowsRequest> | Buffer)[] = [
    {},
    { number: 20n },
    { number: 7n, first: true },
    { number: 2n ** 64n - 1n },
    { whitelist: [{ verdict: [2] }] },
    {
      whitelist: [{ sourcePod: ['shop/'] }],
      blacklist: [{ protocol: ['http'] }],
      fieldMask: ['source.pod_name', 'l7'],
    },
    { until: { seconds: 0n, nanos: 0 } },
    { fieldMask: ['no_such_field'] },
    { whitelist: [{ sourcePort: ['all'] }] },
    Buffer.from([0xff, 0xff, 0xff]),
  ];
  for (const request of requests) {
    const [left, right] = await Promise.all([getFlows(fast.client, request), getFlows(plain.client, request)]);
    assert.deepEqual(left.messages, right.messages);
    assert.deepEqual([left.status.code, left.status.details], [right.status.code, right.status.details]);
  }
  assert.ok(fast.service.streams.fast > 0, 'the fast lane found the stream inside grpc-js');
  assert.equal(plain.service.streams.fast, 0);
  assert.equal(plain.service.selections + fast.service.selections, 0, 'every stream gave its selection back');
});

test('bad filters and masks are INVALID_ARGUMENT with the field named, bad bytes fail the call alone', async () => {
  const { client } = await start();
  const filter = await getFlows(client, { whitelist: [{ sourceIp: ['10.0.0.300'] }] });
  assert.equal(filter.status.code, status.INVALID_ARGUMENT);
  assert.match(filter.status.details, /source_ip/);
  const mask = await getFlows(client, { fieldMask: ['source.nope'] });
  assert.equal(mask.status.code, status.INVALID_ARGUMENT);
  assert.equal((await getFlows(client, Buffer.from([0xff]))).status.code, status.INTERNAL);
  assert.equal((await getFlows(client, {})).status.code, status.OK);
});

test('a request longer than accepted is RESOURCE_EXHAUSTED', async () => {
  const { client } = await start({}, { maxRequestBytes: 100 });
  const { status: ended } = await getFlows(client, { whitelist: [{ sourcePod: ['x'.repeat(200)] }] });
  assert.equal(ended.code, status.RESOURCE_EXHAUSTED);
});

test('a follower gets what is appended, and a deadline or a cancel ends it and frees it', async () => {
  const { ring, client, service } = await start();
  const deadline = getFlows(client, { follow: true }, { deadlineMs: 300 });
  const cancelled = getFlows(client, { follow: true }, { onMessage: (count, cancel) => count === 5 && cancel() });
  await until(() => service.streams.active === 2);
  for (const flow of flows.slice(0, 5)) ring.append(flow);
  const [late, cut] = await Promise.all([deadline, cancelled]);
  assert.deepEqual([late.status.code, cut.status.code], [status.DEADLINE_EXCEEDED, status.CANCELLED]);
  assert.deepEqual(
    late.messages,
    flows.slice(0, 5).map((flow) => Buffer.from(flow)),
  );
  await until(() => service.streams.active === 0);
});

test('a client that does not read holds a bounded number of bytes and disturbs no other; when it reads it learns its loss', async () => {
  const ring = new FlowRing({ capacityBytes: 1 << 20, wakeDelayMs: 1 });
  const { address, client, service } = await start({ ring, pendingBytes: 64 * 1024 });
  // Raw HTTP/2, so that nothing is read: the flow-control window (64 KiB) fills, then the server's own bound.
  const session = connect(`http://${address}`);
  const stalled = session.request({
    ':method': 'POST',
    ':path': GET_FLOWS,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stalled.end(frame(GetFlowsRequest.encode(GetFlowsRequest.fromPartial({ follow: true })).finish()));
  closers.push(() => session.destroy());
  await until(() => service.streams.active === 1);
  let received = 0;
  const other = getFlows(
    client,
    { follow: true },
    {
      onMessage: (count, cancel) => {
        received = count;
        if (count === 8 * flows.length) cancel();
      },
    },
  );
  await until(() => service.streams.active === 2);
  for (let round = 0; round < 8; round++) {
    for (let i = 0; i < flows.length; i += 500) {
      for (const flow of flows.slice(i, i + 500)) ring.append(flow);
      const appended = ring.next;
      await until(() => received >= appended - 1 || service.streams.active < 2);
    }
  }
  assert.equal((await other).messages.length, 8 * flows.length, 'the other lost nothing');
  assert.equal(service.streams.lost, 0, 'a reader that waits has not been told yet');
  // Now it reads, to the newest; what it gets and what it is told it lost are together all that was appended.
  let delivered = 0;
  let lost = 0;
  let rest = Buffer.alloc(0);
  stalled.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      const response = GetFlowsResponse.decode(rest.subarray(5, end));
      if (response.responseTypes?.$case === 'lostEvents') lost += Number(response.responseTypes.value.numEventsLost);
      else delivered++;
      rest = rest.subarray(end);
    }
  });
  await until(() => delivered + lost === ring.next);
  assert.ok(lost > 0 && lost === service.streams.lost, `${lost} lost, ${service.streams.lost} counted`);
  // Besides what the ring still held: a window of 64 KiB, the bound of 64 KiB, and a piece or two beyond it.
  assert.ok(delivered < ring.next - ring.oldest + 400, `${delivered} delivered`);
  stalled.close(constants.NGHTTP2_CANCEL);
});

test('a client that never reads is reset a second after its deadline', async () => {
  const ring = new FlowRing({ capacityBytes: 8 << 20 });
  for (const flow of flows) ring.append(flow);
  const { address, service } = await start({ ring });
  const session = connect(`http://${address}`);
  closers.push(() => session.destroy());
  const stalled = session.request({
    ':method': 'POST',
    ':path': GET_FLOWS,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': '50m',
  });
  stalled.on('error', () => {});
  const closed = new Promise((resolve) => stalled.once('close', resolve));
  stalled.end(frame(GetFlowsRequest.encode(GetFlowsRequest.fromPartial({})).finish()));
  await closed;
  assert.equal(stalled.rstCode, constants.NGHTTP2_CANCEL);
  await until(() => service.streams.active === 0);
});

test('a hundred followers of one filter share one selection and one array of bytes a piece', async () => {
  const { ring, client, service } = await start();
  const request = { follow: true, whitelist: [{ verdict: [1, 2] }] } as const;
  const answers = Array.from({ length: 100 }, () =>
    getFlows(
      client,
      { ...request, whitelist: [{ verdict: [1, 2] }] },
      { onMessage: (count, cancel) => count === 50 && cancel() },
    ),
  );
  await until(() => service.streams.active === 100);
  assert.equal(service.selections, 1);
  for (const flow of flows.slice(0, 50)) ring.append(flow);
  for (const { messages } of await Promise.all(answers)) assert.equal(messages.length, 50);
});

test('heartbeats promise the time up to which the ring is complete, only to those who ask, and only in silence', async () => {
  let complete = 100;
  const { client, service } = await start({ completeUpTo: () => ({ seconds: complete++, nanos: 5 }) });
  const { messages } = await getFlows(
    client,
    { follow: true, extensions: packStreamOptions({ heartbeatIntervalMs: 5 }) },
    { onMessage: (count, cancel) => count === 3 && cancel() },
  );
  const times = messages.map((bytes) => GetFlowsResponse.decode(bytes));
  assert.ok(times.every(({ responseTypes, nodeName }) => responseTypes === undefined && nodeName === ''));
  assert.deepEqual(
    times.map(({ time }) => [time?.seconds, time?.nanos]),
    [
      [100n, 5],
      [101n, 5],
      [102n, 5],
    ],
  );
  const silent = await getFlows(client, { follow: true }, { deadlineMs: 60 });
  assert.equal(silent.messages.length, 0);
  assert.ok(service.streams.heartbeats >= 3);
});

test('what a relay has to say first comes before any flow', async () => {
  const greeting = GetFlowsResponse.encode(
    GetFlowsResponse.fromPartial({
      responseTypes: { $case: 'nodeStatus', value: { stateChange: 1, nodeNames: ['a', 'b'] } },
    }),
  ).finish();
  const { client, ring } = await start({ preamble: () => [greeting] });
  ring.append(flows[0] ?? greeting);
  const { messages } = await getFlows(client, { number: 1n });
  assert.deepEqual(messages, [Buffer.from(greeting), Buffer.from(flows[0] ?? [])]);
});

test('streams beyond the limit are refused in words, and the next one after an end is served', async () => {
  const { client, service } = await start({ maxStreams: 1 });
  const first = getFlows(client, { follow: true }, { deadlineMs: 200 });
  await until(() => service.streams.active === 1);
  const { status: refused } = await getFlows(client, {});
  assert.equal(refused.code, status.RESOURCE_EXHAUSTED);
  assert.equal(service.streams.refused, 1);
  await first;
  await until(() => service.streams.active === 0);
  assert.equal((await getFlows(client, {})).status.code, status.OK);
});

test('the unary calls answer from the ring; GetNodes is unimplemented on a node', async () => {
  const startMs = Date.UTC(2026, 0, 1);
  const { ring, address } = await start({ nowMs: () => startMs + 1000 });
  for (const flow of flows) ring.append(flow);
  const peer = new PeerClient({ address });
  closers.push(() => peer.close());
  const { numFlows, seenFlows, version, flowsRate } = await peer.serverStatus();
  assert.deepEqual([numFlows, seenFlows, version, flowsRate], [2500n, 2500n, '1.2.3', 2500]);
  const { namespaces } = await peer.getNamespaces();
  assert.deepEqual(
    namespaces.map(({ namespace }) => namespace),
    ['accounts', 'batch', 'ingress', 'media', 'monitoring', 'payments', 'search', 'shop'],
  );
  await assert.rejects(peer.getNodes(), (error) => error instanceof GrpcError && error.code === status.UNIMPLEMENTED);
});

test('the door is asked for every call, and who is refused gets the status it gave', async () => {
  const { client, server, address } = await start(
    {},
    {
      authorise: ({ metadata, method }) => {
        if (metadata.get('token')[0] !== 'good')
          throw new GrpcError(status.PERMISSION_DENIED, `not you, not ${method}`);
      },
    },
  );
  const { status: refused } = await getFlows(client, {});
  assert.deepEqual([refused.code, refused.details], [status.PERMISSION_DENIED, `not you, not ${GET_FLOWS}`]);
  const peer = new PeerClient({ address });
  closers.push(() => peer.close());
  await assert.rejects(peer.serverStatus(), /not you/);
  assert.equal(server.door.refused, 2);
});

/** health.Check by hand: field 1 of the answer is the status, 1 SERVING, 2 NOT_SERVING. */
function health(client: Client, service: string): Promise<number | undefined> {
  const request = Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)]);
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  client.makeUnaryRequest(
    '/grpc.health.v1.Health/Check',
    (b: Buffer) => b,
    (b: Buffer) => b,
    request,
    (error, answer) => {
      if (error) reject(error);
      else resolve(answer?.[1]);
    },
  );
  return promise;
}

test('health says NOT_SERVING until told, for the server and for observer.Observer', async () => {
  const { client, server } = await start();
  assert.deepEqual([await health(client, ''), await health(client, 'observer.Observer')], [2, 2]);
  server.setServing(true);
  assert.deepEqual([await health(client, ''), await health(client, 'observer.Observer')], [1, 1]);
});

test('reflection lists the services, in both of its versions', async () => {
  const { client } = await start();
  for (const version of ['v1', 'v1alpha']) {
    const call = client.makeBidiStreamRequest(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      (b: Buffer) => b,
      (b: Buffer) => b,
    );
    // list_services = 7, any text.
    call.write(Buffer.from([0x3a, 0x01, 0x2a]));
    const [answer] = await call.take(1).toArray();
    call.cancel();
    assert.match(String(answer), /observer\.Observer/);
    assert.match(String(answer), /peer\.Peer/);
  }
});

test('a server that stops ends its followers with UNAVAILABLE', async () => {
  const { client, server, service } = await start();
  const follower = getFlows(client, { follow: true });
  await until(() => service.streams.active === 1);
  await server.stop();
  assert.equal((await follower).status.code, status.UNAVAILABLE);
});
