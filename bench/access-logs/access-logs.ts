// What an access log entry costs a relay: Envoys send entries over real connections, encoded by protobufjs from Envoy's own
// .proto files; the relay runs alone in its process, once without readers and once with a page that watches. Each entry
// becomes a record and two flows.
//
//   node bench/access-logs/access-logs.ts [entries a second, default 10000] [seconds, default 10]

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { toMethodDefinition } from '#observer/service-definition.ts';
import { AccessLogsDefinition, type WatchAccessLogsResponse } from '#proto/gen/parallax/v1/access_log.ts';
import { entriesPerMessage, logMessage, openingMessage } from '#relay/access-logs/testing/entries.ts';
import { openStream } from '#relay/access-logs/testing/envoy.ts';
import { ObserverFixture } from '#relay/observer-fixture.ts';
import type { FromRelay } from '../relay/relay-process.ts';

const perSecond = Number(process.argv[2] ?? 10_000);
const seconds = Number(process.argv[3] ?? 10);
const proxies = 8;
/** Distinct messages, sent in turn. */
const variety = 2000;

const rows = [['readers', 'entries/s', 'us CPU an entry', 'taken in', 'told to the page', 'left out, told', 'RSS MB']];
for (const readers of [0, 1]) rows.push(await measure(readers));
process.stdout.write(
  `${rows
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
    .replace('\n', `\n|${' --- |'.repeat(7)}\n`)}\n`,
);

async function measure(readers: number): Promise<string[]> {
  const peer = await ObserverFixture.start('node-1');
  const relay = fork(new URL('../relay/relay-process.ts', import.meta.url), [peer.address]);
  const [{ address }] = (await once(relay, 'message')) as [Extract<FromRelay, { kind: 'ready' }>];
  const client = new Client(address, credentials.createInsecure(), { 'grpc.max_receive_message_length': 8 << 20 });
  const page = readers === 0 ? undefined : watch(client);
  const streams = Array.from({ length: proxies }, () => openStream(address));
  for (const [index, { stream }] of streams.entries()) stream.write(openingMessage(index));
  const messages = Array.from({ length: variety }, (_, index) => logMessage(index));
  const warmUp = perSecond * 2;
  await send(streams, messages, warmUp);
  await settled(client, warmUp);
  const before = await usage(relay);
  const startedMs = performance.now();
  const sent = await send(streams, messages, perSecond * seconds);
  const elapsed = (performance.now() - startedMs) / 1000;
  const taken = (await settled(client, warmUp + sent)) - warmUp;
  const after = await usage(relay);
  for (const { close } of streams) close();
  client.close();
  relay.disconnect();
  await once(relay, 'exit');
  await peer.stop();
  return [
    String(readers),
    Math.round(sent / elapsed).toLocaleString('en-US'),
    (((after.cpuMs - before.cpuMs) * 1000) / sent).toFixed(1),
    `${taken} of ${sent}`,
    page === undefined ? '-' : String(page.shown),
    page === undefined ? '-' : String(page.skipped + page.lost),
    after.rssMb.toFixed(0),
  ];
}

/** Paced by the clock: what is due is sent every 10 ms. */
async function send(
  streams: ReturnType<typeof openStream>[],
  messages: Uint8Array[],
  entries: number,
): Promise<number> {
  const startedMs = performance.now();
  let sent = 0;
  while (sent < entries) {
    const due = Math.min(entries, ((performance.now() - startedMs) / 1000) * perSecond);
    for (; sent < due; sent += entriesPerMessage) {
      const number = sent / entriesPerMessage;
      streams[number % proxies]?.stream.write(messages[number % messages.length] as Uint8Array);
    }
    await pause(10);
  }
  return sent;
}

/** Waits until the relay has no more coming in. @returns entries taken in, as its coverage says */
async function settled(client: Client, expected: number): Promise<number> {
  const { DashboardDefinition } = await import('#proto/gen/parallax/v1/dashboard.ts');
  const { path, requestSerialize, responseDeserialize } = toMethodDefinition(
    DashboardDefinition.fullName,
    DashboardDefinition.methods.getStatus,
  );
  const seen = () =>
    new Promise<number>((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, (error, answer) => {
        if (answer === undefined) reject(error);
        else resolve(Number(answer.coverage.find(({ hop }) => hop === 'access logs')?.seen ?? 0n));
      });
    });
  let last = -1;
  for (let now = await seen(); now < expected && now !== last; now = await seen()) {
    last = now;
    await pause(300);
  }
  return seen();
}

function usage(relay: ReturnType<typeof fork>): Promise<Extract<FromRelay, { kind: 'usage' }>> {
  const answer = once(relay, 'message').then(([message]) => message as Extract<FromRelay, { kind: 'usage' }>);
  relay.send('usage');
  return answer;
}

function watch(client: Client) {
  const { path, requestSerialize, responseDeserialize } = toMethodDefinition(
    AccessLogsDefinition.fullName,
    AccessLogsDefinition.methods.watch,
  );
  const request = AccessLogsDefinition.methods.watch.requestType.fromPartial({ maxRowsPerSecond: 100 });
  const seen = { shown: 0, skipped: 0, lost: 0 };
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  stream.on('error', () => {});
  stream.on('data', ({ message }: WatchAccessLogsResponse) => {
    if (message?.$case !== 'batch') return;
    seen.shown += message.value.records.length;
    seen.skipped += Number(message.value.skipped);
    seen.lost += Number(message.value.lost);
  });
  return seen;
}
