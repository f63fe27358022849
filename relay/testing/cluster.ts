// Relays and observers for tests: started on free ports, stopped after the file's tests, waited for by polling.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { PeerClient } from '#observer/peer-client.ts';
import {
  type DeepPartial,
  GetFlowsRequest,
  type GetFlowsResponse,
  ObserverDefinition,
} from '#proto/gen/observer/observer.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import { ObserverFixture } from '../observer-fixture.ts';
import { type RelayOptions, type RunningRelay, startRelay } from '../relay.ts';

export const cleanups: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

export async function node(
  name: string,
  options: Parameters<typeof ObserverFixture.start>[1] = {},
): Promise<ObserverFixture> {
  const fixture = await ObserverFixture.start(name, options);
  cleanups.push(() => fixture.stop());
  return fixture;
}

export async function relayOf(options: Partial<RelayOptions>): Promise<RunningRelay> {
  const relay = await startRelay({ listen: '127.0.0.1:0', nodeName: 'relay-1', ringBytes: 4 << 20, ...options });
  cleanups.push(() => relay.stop());
  return relay;
}

export function clientOf(relay: RunningRelay): PeerClient {
  const client = new PeerClient({ address: relay.address });
  cleanups.push(() => client.close());
  return client;
}

/** Polls until `check` is true; the deadline only turns a hang into a failure. */
export async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await check())) {
    if (Date.now() > deadline) assert.fail(`not within 15 s: ${what}`);
    await pause(5);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What a follower has received so far. */
export class Follower {
  readonly responses: GetFlowsResponse[] = [];
  readonly #stop = new AbortController();

  constructor(client: PeerClient, request: DeepPartial<GetFlowsRequest>) {
    const { fullName, methods } = ObserverDefinition;
    const stream = client.serverStream(
      fullName,
      methods.getFlows,
      GetFlowsRequest.fromPartial(request),
      this.#stop.signal,
    );
    const read = async () => {
      for await (const response of stream) this.responses.push(response);
    };
    read().catch(() => {});
    cleanups.push(() => this.stop());
  }

  get flows(): string[] {
    return this.responses.flatMap(({ responseTypes: type }) => (type?.$case === 'flow' ? [type.value.uuid] : []));
  }

  get states(): { state: number; names: readonly string[]; message: string }[] {
    return this.responses.flatMap(({ responseTypes: type }) =>
      type?.$case === 'nodeStatus'
        ? [{ state: type.value.stateChange, names: type.value.nodeNames, message: type.value.message }]
        : [],
    );
  }

  stop(): void {
    this.#stop.abort();
  }
}

export async function connected(client: PeerClient, nodes: number): Promise<void> {
  await until(`${nodes} nodes connected`, async () => {
    const { nodes: known } = await client.getNodes();
    return known.filter(({ state, version }) => state === NodeState.NODE_CONNECTED && version !== '').length === nodes;
  });
}
