import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import { toMethodDefinition } from '#observer/service-definition.ts';
import {
  type AccessLogRecord,
  type AccessLogStory,
  AccessLogsDefinition,
  type WatchAccessLogsResponse,
} from '#proto/gen/parallax/v1/access_log.ts';
import { DashboardDefinition, type ServiceMap } from '#proto/gen/parallax/v1/dashboard.ts';
import { MeshKind, ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import { clientOf, Follower, node, relayOf, until } from '../testing/cluster.ts';
import { messageType, openStream } from './testing/envoy.ts';

const type = messageType();
const sidecar = {
  node: { id: 'sidecar~10.1.0.7~web-1.shop~shop.svc.cluster.local', cluster: 'web.shop' },
  logName: 'http_envoy_accesslog',
};

function socket(address: string, portValue: number) {
  return { socketAddress: { address, portValue } };
}

function entry(number: number, more: object = {}) {
  return {
    commonProperties: {
      startTime: { seconds: Math.floor(Date.now() / 1000), nanos: 5 },
      duration: { nanos: 12_000_000 },
      downstreamDirectRemoteAddress: socket('10.1.0.7', 40_000),
      downstreamRemoteAddress: socket('10.1.0.7', 40_000),
      downstreamLocalAddress: socket('10.96.0.20', 80),
      upstreamLocalAddress: socket('10.1.0.7', 40_001),
      upstreamRemoteAddress: socket('10.1.0.9', 8080),
      upstreamCluster: 'outbound|80||reviews.shop.svc.cluster.local',
      routeName: 'default',
      ...more,
    },
    protocolVersion: 2,
    request: {
      requestMethod: 1,
      scheme: 'http',
      authority: 'reviews',
      path: `/reviews/${number}?token=secret`,
      requestId: `r-${number}`,
    },
    response: { responseCode: { value: number % 10 === 0 ? 503 : 200 } },
  };
}

function encode(message: object): Uint8Array {
  return type.encode(type.fromObject(message)).finish();
}

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

async function setUp() {
  const peer = await node('node-1');
  const relay = await relayOf({ peers: [peer.address] });
  const proxy = openStream(relay.address);
  const reader = new Client(relay.address, credentials.createInsecure());
  closers.push(proxy.close, () => reader.close());
  return { relay, proxy, reader };
}

function watch(reader: Client, filter: object = {}) {
  const { path, requestSerialize, responseDeserialize } = toMethodDefinition(
    AccessLogsDefinition.fullName,
    AccessLogsDefinition.methods.watch,
  );
  const request = AccessLogsDefinition.methods.watch.requestType.fromPartial({
    historyRows: 10_000,
    maxRowsPerSecond: 100_000,
    filter,
  });
  const stream = reader.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  const seen = { records: [] as AccessLogRecord[], matched: 0, skipped: 0, lost: 0, summary: undefined as unknown };
  stream.on('error', () => {});
  stream.on('data', ({ message }: WatchAccessLogsResponse) => {
    if (message?.$case === 'batch') {
      seen.records.push(...message.value.records);
      seen.matched += Number(message.value.matched);
      seen.skipped += Number(message.value.skipped);
      seen.lost += Number(message.value.lost);
    } else if (message?.$case === 'summary') seen.summary = message.value;
  });
  closers.push(() => stream.cancel());
  return seen;
}

test('every entry of a stream becomes a record, a request and a response, and is counted once on the map', async () => {
  const { relay, proxy, reader } = await setUp();
  const seen = watch(reader);
  const count = 500;
  proxy.stream.write(encode({ identifier: sidecar, httpLogs: { logEntry: [] } }));
  for (let from = 0; from < count; from += 50) {
    const logEntry = Array.from({ length: 50 }, (_, index) => entry(from + index));
    proxy.stream.write(encode({ httpLogs: { logEntry } }));
  }
  await until('all records at the page', () => seen.matched === count);
  assert.equal(seen.records.length + seen.skipped, count);
  assert.equal(seen.lost, 0);
  const [first] = seen.records;
  assert.equal(first?.service, 'shop/reviews');
  assert.equal(first?.mesh, MeshKind.MESH_KIND_SIDECAR);
  assert.equal(first?.origin?.podName, 'web-1');
  assert.equal(first?.durationUs, 12_000n);
  const follower = new Follower(clientOf(relay), { number: 5000n, follow: true });
  const l7 = () =>
    follower.responses.flatMap(({ responseTypes }) =>
      responseTypes?.$case === 'flow' && responseTypes.value.l7 ? [responseTypes.value] : [],
    );
  await until('a request and a response each', () => l7().length === 2 * count);
  assert.ok(l7().every(({ l7 }) => l7?.record?.$case === 'http' && !l7.record.value.url.includes('secret')));
  const { path, requestSerialize, responseDeserialize } = toMethodDefinition(
    DashboardDefinition.fullName,
    DashboardDefinition.methods.getServiceMap,
  );
  const map = await new Promise<ServiceMap>((resolve, reject) => {
    const request = DashboardDefinition.methods.getServiceMap.requestType.fromPartial({ windowSeconds: 60 });
    reader.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
      answer === undefined ? reject(error) : resolve(answer),
    );
  });
  assert.ok(map.edges.every(({ requestSource }) => requestSource === ViewSource.VIEW_SOURCE_ACCESS_LOG));
  assert.equal(
    map.edges.reduce((sum, { requests }) => sum + Number(requests), 0),
    count,
  );
  assert.equal(
    map.edges.reduce((sum, { errorsServer }) => sum + Number(errorsServer), 0),
    count / 10,
  );
  assert.deepEqual(
    map.edges.map(({ mesh }) => mesh),
    [MeshKind.MESH_KIND_SIDECAR],
  );
});

test('a stream that does not say whose log it is is ended with the reason', async () => {
  const { proxy } = await setUp();
  proxy.stream.write(encode({ httpLogs: { logEntry: [entry(1)] } }));
  const { code, details } = await proxy.ended;
  assert.equal(code, 3);
  assert.match(details, /first message.*identifier/);
});

test('entries about what goes on are shown when asked for, and never counted as requests', async () => {
  const { relay, proxy, reader } = await setUp();
  const final = watch(reader);
  const all = watch(reader, { intermediate: true });
  proxy.stream.write(
    encode({
      identifier: sidecar,
      httpLogs: {
        logEntry: [entry(1, { accessLogType: 4 }), entry(1, { accessLogType: 14 }), entry(1, { accessLogType: 6 })],
      },
    }),
  );
  await until('all three', () => all.records.length === 3);
  assert.equal(final.records.length, 1);
  const follower = new Follower(clientOf(relay), { number: 100n, follow: true });
  await until('request and response', () => follower.flows.length === 2);
});

test('a record tells of the kernel’s flows of its request only what is certain', async () => {
  const { proxy, reader } = await setUp();
  const seen = watch(reader);
  proxy.stream.write(
    encode({
      identifier: sidecar,
      httpLogs: {
        logEntry: [
          entry(1, {
            timeToFirstUpstreamTxByte: { nanos: 2_000_000 },
            timeToFirstUpstreamRxByte: { nanos: 9_000_000 },
          }),
        ],
      },
    }),
  );
  await until('the record', () => seen.records.length === 1);
  const { path, requestSerialize, responseDeserialize } = toMethodDefinition(
    AccessLogsDefinition.fullName,
    AccessLogsDefinition.methods.explain,
  );
  const story = await new Promise<AccessLogStory>((resolve, reject) => {
    reader.makeUnaryRequest(path, requestSerialize, responseDeserialize, { number: 1n }, (error, answer) =>
      answer === undefined ? reject(error) : resolve(answer),
    );
  });
  assert.deepEqual(
    story.spans.map(({ name, startUs, endUs }) => [name, startUs, endUs]),
    [
      ['time in proxy', 0n, 2000n],
      ['upstream wait', 2000n, 9000n],
      ['response sent', 9000n, 12_000n],
    ],
  );
  assert.equal(story.upstream?.certainty, 0);
  assert.match(story.upstream?.reason ?? '', /no flow between these addresses/);
});

test('absurd times are left out and named, and the relay goes on', async () => {
  const { proxy, reader } = await setUp();
  const seen = watch(reader);
  const times = [{ seconds: '9223372036854775807', nanos: 999_999_999 }, { seconds: '-5' }, { seconds: 1, nanos: -7 }];
  const logEntry = [...times.map((startTime) => entry(1, { startTime })), entry(2, { duration: { seconds: '-1' } })];
  proxy.stream.write(encode({ identifier: sidecar, httpLogs: { logEntry } }));
  proxy.stream.write(encode({ httpLogs: { logEntry: [entry(3)] } }));
  await until('all five', () => seen.records.length === 5);
  assert.deepEqual(
    seen.records.map(({ truncated }) => truncated),
    [['startTime'], ['startTime'], ['startTime'], [], []],
  );
  assert.equal(seen.records[3]?.durationUs, undefined);
});
