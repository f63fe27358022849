import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PeerClient } from '#observer/peer-client.ts';
import type { DeepPartial } from '#proto/gen/observer/observer.ts';
import {
  DashboardDefinition,
  GetServiceMapRequest,
  GetStatusRequest,
  WatchRequest,
  type WatchResponse,
} from '#proto/gen/parallax/v1/dashboard.ts';

import { cleanups, clientOf, connected, freePort, node, relayOf, until } from './testing/cluster.ts';

describe('the dashboard of a relay', () => {
  const { fullName, methods } = DashboardDefinition;

  function watch(client: PeerClient, request: DeepPartial<WatchRequest>): { messages: WatchResponse[]; stop(): void } {
    const stop = new AbortController();
    const messages: WatchResponse[] = [];
    const stream = client.serverStream(fullName, methods.watch, WatchRequest.fromPartial(request), stop.signal);
    const read = async () => {
      for await (const message of stream) messages.push(message);
    };
    read().catch(() => {});
    cleanups.push(() => stop.abort());
    return { messages, stop: () => stop.abort() };
  }

  const rowsOf = (messages: readonly WatchResponse[]) =>
    messages.flatMap(({ message }) => (message?.$case === 'flows' ? [message.value] : []));

  it('sends the rows of the ring first, marked, then live ones, the map and the status on one stream', async () => {
    const a = await node('a');
    a.flow('old', 1000);
    const client = clientOf(await relayOf({ peers: [a.address] }));
    await until(
      'the ring',
      async () => (await client.unary(fullName, methods.getStatus, GetStatusRequest.create())).coverage[0]?.seen === 1n,
    );
    const { messages } = watch(client, { flows: true, serviceMap: true, status: true, historyRows: 10 });
    await until('the first row', () => rowsOf(messages).length > 0);
    a.flow('new');
    await until('the new row', () =>
      rowsOf(messages).some(({ history, responses }) => !history && responses.length > 0),
    );
    const [first] = rowsOf(messages);
    assert.equal(first?.history, true);
    assert.equal(first?.responses[0]?.responseTypes?.$case, 'flow');
    await until(
      'a change of the map',
      () => messages.filter(({ message }) => message?.$case === 'serviceMap').length >= 2,
    );
    const maps = messages.flatMap(({ message }) => (message?.$case === 'serviceMap' ? [message.value] : []));
    assert.deepEqual(
      maps.slice(0, 2).map(({ whole }) => whole),
      [true, false],
    );
    assert.equal(maps[0]?.edges[0]?.flows, 1n);
    assert.ok(messages.some(({ message }) => message?.$case === 'status'));
  });

  it('samples beyond the rate and says how many rows it left out', async () => {
    const a = await node('a');
    const client = clientOf(await relayOf({ peers: [a.address] }));
    await connected(client, 1);
    const { messages } = watch(client, { flows: true, maxRowsPerSecond: 10, status: true });
    await until('the watch', () => messages.length > 0);
    for (let index = 0; index < 500; index += 1) a.flow(`flow ${index}`);
    const total = (of: 'matched' | 'skipped') => rowsOf(messages).reduce((sum, batch) => sum + Number(batch[of]), 0);
    await until('all are accounted for', () => total('matched') === 500);
    const shown = rowsOf(messages).reduce(
      (sum, { responses }) => sum + responses.filter(({ responseTypes }) => responseTypes?.$case === 'flow').length,
      0,
    );
    assert.equal(shown + total('skipped'), 500);
    assert.ok(shown < 500);
  });

  it('makes the map of the flows that pass a filter, from what the ring still has', async () => {
    const a = await node('a');
    a.flow('one', 2000);
    a.flow('two', 1000, { l4: { protocol: { $case: 'TCP', value: { sourcePort: 1, destinationPort: 443 } } } });
    const client = clientOf(await relayOf({ peers: [a.address] }));
    const mapOf = (ports: string[]) =>
      client.unary(
        fullName,
        methods.getServiceMap,
        GetServiceMapRequest.fromPartial({ whitelist: ports.length === 0 ? [] : [{ destinationPort: ports }] }),
      );
    await until('both edges', async () => (await mapOf([])).edges.length === 2);
    assert.deepEqual(
      (await mapOf(['443'])).edges.map(({ destinationPort }) => destinationPort),
      [443],
    );
  });

  it('ends all work of a page at once when its call is closed', async () => {
    const a = await node('a');
    const port = await freePort();
    const client = clientOf(await relayOf({ peers: [a.address], metrics: { host: '127.0.0.1', port } }));
    const watches = async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/^parallax_relay_watches (\d+)$/m.exec(text)?.[1]);
    };
    const page = watch(client, { flows: true, serviceMap: true, status: true });
    await until('the page is open', async () => (await watches()) === 1);
    page.stop();
    await until('the page is closed', async () => (await watches()) === 0);
  });

  it('refuses a filter that cannot be read, with the rule that it breaks', async () => {
    const client = clientOf(await relayOf({ peers: [(await node('a')).address] }));
    const request = GetServiceMapRequest.fromPartial({ whitelist: [{ destinationPort: ['eighty'] }] });
    await assert.rejects(client.unary(fullName, methods.getServiceMap, request), /eighty/);
  });
});
