// Peers and clients that misbehave: each gets words and a counter, and the others notice nothing.

import assert from 'node:assert/strict';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { Client, type ClientReadableStream, credentials, status } from '@grpc/grpc-js';
import { frame } from '#observer/frame.ts';
import type { PeerClient } from '#observer/peer-client.ts';
import { GetFlowsRequest } from '#proto/gen/observer/observer.ts';
import { DashboardDefinition, GetStatusRequest, type Status } from '#proto/gen/parallax/v1/dashboard.ts';
import { flowBytes } from './observer-fixture.ts';
import { cleanups, clientOf, connected, Follower, freePort, node, relayOf, until } from './testing/cluster.ts';

const yearMs = 365 * 24 * 3600 * 1000;

function statusOf(client: PeerClient): Promise<Status> {
  const { fullName, methods } = DashboardDefinition;
  return client.unary(fullName, methods.getStatus, GetStatusRequest.create());
}

/** An HTTP/2 server that answers every GetFlows as told, and knows no other call. */
async function rawPeer(answer: (stream: ServerHttp2Stream) => void): Promise<string> {
  const server = createServer();
  server.on('session', (session) => cleanups.push(() => session.destroy()));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const content = { ':status': 200, 'content-type': 'application/grpc' };
    if (headers[':path'] !== '/observer.Observer/GetFlows') {
      stream.respond({ ...content, 'grpc-status': '12' }, { endStream: true });
      return;
    }
    stream.respond(content);
    answer(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a relay with bad company', () => {
  it('passes flows from years ahead and years behind on, says so, and keeps the others’ in order', async () => {
    const [good, future, past] = [await node('good'), await node('future'), await node('past')];
    const relay = await relayOf({ peers: [good.address, future.address, past.address] });
    const client = clientOf(relay);
    await connected(client, 3);
    const follower = new Follower(client, { follow: true });
    await until('the greeting', () => follower.states.length > 0);
    for (let i = 0; i < 50; i += 1) {
      future.flow(`f${i}`, -3 * yearMs);
      past.flow(`p${i}`, 3 * yearMs);
      good.flow(`g${i}`);
    }
    await until('all flows', () => follower.flows.length === 150);
    assert.deepEqual(
      follower.flows.filter((uuid) => uuid.startsWith('g')),
      Array.from({ length: 50 }, (_, i) => `g${i}`),
    );
    const { notices } = await statusOf(client);
    assert.match(String(notices.find(({ key }) => key === 'clock-ahead')?.text), /50 flows were stamped in the future/);
  });

  it('counts every flow of a peer that floods, and serves the others meanwhile', async () => {
    const [quiet, flood] = [await node('quiet'), await node('flood', { ringBytes: 64 << 20 })];
    const relay = await relayOf({ peers: [quiet.address, flood.address], ringBytes: 8 << 20 });
    const client = clientOf(relay);
    await connected(client, 2);
    const follower = new Follower(client, { follow: true, whitelist: [{ nodeName: ['quiet'] }] });
    await until('the greeting', () => follower.states.length > 0);
    const bytes = flowBytes('f', 'flood', Date.now());
    for (let i = 0; i < 40_000; i += 1) flood.ring.append(bytes);
    quiet.flow('q');
    await until('the quiet one', () => follower.flows.includes('q'));
    await until('the sum', async () => {
      const hop = (await statusOf(client)).coverage.find((one) => one.hop === 'relay' && one.nodeName === 'flood');
      return hop?.seen === 40_000n;
    });
  });

  it('counts bytes that are no flow, and follows on behind them', async () => {
    const good = frame(flowBytes('after', 'garbled', Date.now()));
    const garbled = await rawPeer((stream) => {
      stream.write(frame(Uint8Array.of(0x0a, 0xff, 0xff, 0xff)));
      stream.write(good);
    });
    const relay = await relayOf({ peers: [garbled] });
    const client = clientOf(relay);
    const follower = new Follower(client, { follow: true, number: 10n });
    await until('the flow', () => follower.flows.includes('after'));
    const { coverage } = await statusOf(client);
    assert.deepEqual(
      coverage.flatMap(({ losses }) => losses.map(({ kind, count }) => [kind, count])),
      [['malformed', 1n]],
    );
  });

  it('says of a peer that sends too long, compressed or cut messages what was wrong', async () => {
    const tooLong = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]);
    const compressed = Buffer.from([1, 0, 0, 0, 0]);
    const relay = await relayOf({
      peers: [
        await rawPeer((stream) => stream.write(tooLong)),
        await rawPeer((stream) => stream.write(compressed)),
        await rawPeer((stream) => stream.close(11)),
      ],
    });
    const client = clientOf(relay);
    await until('three reasons', async () => {
      const texts = (await statusOf(client)).notices.map(({ text }) => text).join('\n');
      return [/message of 2147483647 bytes/, /compressed message/, /reset with HTTP\/2 code 11/].every((words) =>
        words.test(texts),
      );
    });
  });

  it('refuses what is too much of a thousand streams in words, counts it, and goes on', async () => {
    const a = await node('a');
    const metrics = { host: '127.0.0.1', port: await freePort() };
    const relay = await relayOf({ peers: [a.address], metrics });
    await connected(clientOf(relay), 1);
    const greedy = new Client(relay.address, credentials.createInsecure());
    const request = GetFlowsRequest.fromPartial({ follow: true });
    const refusals: { code: number; details: string }[] = [];
    const calls: ClientReadableStream<Buffer>[] = [];
    let served = 0;
    for (let i = 0; i < 1000; i += 1) {
      const call = greedy.makeServerStreamRequest(
        '/observer.Observer/GetFlows',
        (message: GetFlowsRequest) => Buffer.from(GetFlowsRequest.encode(message).finish()),
        (bytes: Buffer) => bytes,
        request,
      );
      calls.push(call);
      call.once('data', () => {
        served += 1;
      });
      call.on('error', () => {});
      call.on('status', ({ code, details }) => refusals.push({ code, details }));
    }
    await until('all are answered', () => served + refusals.length === 1000);
    assert.equal(served, 512);
    assert.ok(
      refusals.every(({ code, details }) => code === status.RESOURCE_EXHAUSTED && /512 .* try again/.test(details)),
    );
    const figures = async () => (await fetch(`http://127.0.0.1:${metrics.port}/metrics`)).text();
    assert.match(await figures(), /^parallax_relay_streams_refused_total 488$/m);
    for (const call of calls) call.cancel();
    greedy.close();
    await until('there is room again', async () => /^parallax_relay_streams 0$/m.test(await figures()));
    const follower = new Follower(clientOf(relay), { follow: true });
    await until('the greeting', () => follower.responses.length > 0);
  });
});
