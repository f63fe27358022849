// A peer whose every field may be anything, over the wire: nothing that it says ends the relay, holds up the others, or
// makes an answer impossible. What a handler throws where nobody catches it fails the file.

import assert from 'node:assert/strict';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { frame } from '#observer/frame.ts';
import { responseArbitrary } from '#observer/response-arbitrary.ts';
import { Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsRequest, GetFlowsResponse, ObserverDefinition } from '#proto/gen/observer/observer.ts';
import {
  DashboardDefinition,
  GetServiceMapRequest,
  GetStatusRequest,
  WatchRequest,
} from '#proto/gen/parallax/v1/dashboard.ts';
import { cleanups, clientOf, connected, Follower, node, relayOf, until } from './testing/cluster.ts';

const longest = 2n ** 63n - 1n;
const extremes = [
  0n,
  1n,
  -1n,
  -62_135_596_800n,
  253_402_300_800n,
  8_640_000_000_001n,
  2n ** 53n,
  longest,
  -longest - 1n,
];

function flowAt(seconds: bigint, nanos: number): GetFlowsResponse {
  const time = { seconds, nanos };
  const value = Flow.fromPartial({
    time,
    uuid: `at ${seconds}`,
    verdict: 1,
    IP: { source: '10.0.0.1', destination: '::' },
  });
  return { ...GetFlowsResponse.create(), time, nodeName: 'hostile', responseTypes: { $case: 'flow', value } };
}

/** Sound messages with senseless content, and the same with a byte changed or the end cut off. */
function hostileMessages(count: number, seed: number): Uint8Array[] {
  const damage = fc.record({ at: fc.nat(1000), byte: fc.nat(255), cut: fc.boolean(), is: fc.boolean() });
  return fc
    .sample(fc.tuple(responseArbitrary, damage), { numRuns: count, seed })
    .map(([response, { at, byte, cut, is }]) => {
      const bytes = GetFlowsResponse.encode(response).finish();
      if (!is || bytes.length === 0) return bytes;
      const damaged = bytes.slice(0, cut ? at % bytes.length : bytes.length);
      if (damaged.length > 0) damaged[at % damaged.length] = byte;
      return damaged;
    });
}

/** Serves one batch of messages a stream and ends it, so that the relay comes again and again. */
async function hostilePeer(
  batches: readonly (readonly Uint8Array[])[],
): Promise<{ address: string; served: () => number }> {
  const server = createServer();
  let served = 0;
  server.on('session', (session) => cleanups.push(() => session.destroy()));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const content = { ':status': 200, 'content-type': 'application/grpc' };
    if (headers[':path'] !== '/observer.Observer/GetFlows') {
      stream.respond({ ...content, 'grpc-status': '12' }, { endStream: true });
      return;
    }
    stream.respond(content, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    const batch = batches[served];
    served += 1;
    for (const message of batch ?? []) stream.write(frame(message));
    if (batch !== undefined) stream.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => void server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, served: () => served };
}

describe('a relay among peers that say anything', () => {
  it('stays, answers every question, and passes on what the others say', async () => {
    const times = extremes.flatMap((seconds) =>
      [0, 999_999_999, -1, 2 ** 31 - 1].map((nanos) => flowAt(seconds, nanos)),
    );
    const bytes = times.map((response) => GetFlowsResponse.encode(response).finish());
    const backwards = [...bytes].reverse();
    // Three streams and not more: the relay waits longer each time before it comes again.
    const batches = [bytes, [...hostileMessages(1500, 1), ...backwards], [...bytes, ...hostileMessages(1500, 2)]];
    const { address, served } = await hostilePeer(batches);
    const good = await node('good');
    const relay = await relayOf({ peers: [good.address, address] });
    const client = clientOf(relay);
    await connected(client, 1);
    const watched: unknown[] = [];
    const { fullName, methods } = DashboardDefinition;
    const page = client.serverStream(
      fullName,
      methods.watch,
      WatchRequest.fromPartial({ flows: true, serviceMap: true, status: true }),
      AbortSignal.timeout(60_000),
    );
    void (async () => {
      for await (const message of page) watched.push(message);
    })().catch(() => {});
    await until('all batches are served', () => served() > batches.length);
    // Behind what the hostile one said: a client that decodes all of that would give up, as it should.
    const follower = new Follower(client, { follow: true, whitelist: [{ nodeName: ['good'] }] });
    await until('the follower is heard', () => follower.states.length > 0);
    good.flow('after all that');
    await until('the good flow', () => follower.flows.includes('after all that'));
    const status = await client.unary(fullName, methods.getStatus, GetStatusRequest.create());
    assert.ok(status.ringFlows > 0n);
    await client.unary(fullName, methods.getServiceMap, GetServiceMapRequest.fromPartial({ windowSeconds: 3600 }));
    await client.getNodes();
    await until('the page has it too', () => watched.length > 0);
  });

  it('answers a question with any times and counts in it, or refuses it in words', async () => {
    const good = await node('good');
    const relay = await relayOf({ peers: [good.address] });
    const client = clientOf(relay);
    await connected(client, 1);
    for (let i = 0; i < 5; i += 1) good.flow(`f${i}`);
    const nanos = [0, -1, 2 ** 31 - 1];
    for (const [index, seconds] of extremes.entries()) {
      const time = { seconds, nanos: nanos[index % nanos.length] ?? 0 };
      const count = seconds < 0n ? 2n ** 64n - 1n : seconds;
      for (const request of [
        { since: time, number: 3n },
        { until: time, first: true, number: 2n },
        { since: time, until: { seconds: -seconds, nanos: 5 }, number: count },
        { number: count, first: index % 2 === 0 },
      ]) {
        const stream = client.serverStream(
          ObserverDefinition.fullName,
          ObserverDefinition.methods.getFlows,
          GetFlowsRequest.fromPartial(request),
          AbortSignal.timeout(30_000),
        );
        await (async () => {
          for await (const _ of stream);
        })().catch((error: Error) => assert.notEqual(error.message, ''));
      }
    }
    assert.equal((await client.getNodes()).nodes.length, 1);
  });
});
