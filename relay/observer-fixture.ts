// A node for tests: the real observer server over a real ring, whose flows a test writes.

import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { registerPeerService } from '#observer/peer-service.ts';
import { fromMilliseconds } from '#observer/time.ts';
import { type DeepPartial, Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { ChangeNotificationType } from '#proto/gen/peer/peer.ts';

export interface ObserverFixtureOptions {
  readonly listen?: string;
  readonly hasHeartbeats?: boolean;
  readonly ringBytes?: number;
  /** Serves peer.Peer too, naming itself. Default true, as an exporter does. */
  readonly isNamed?: boolean;
}

export class ObserverFixture {
  readonly nodeName: string;
  readonly ring: FlowRing;
  address = '';
  readonly #server = new GrpcServer();

  constructor(
    nodeName: string,
    { hasHeartbeats = true, ringBytes = 4 << 20, isNamed = true }: ObserverFixtureOptions = {},
  ) {
    this.nodeName = nodeName;
    this.ring = new FlowRing({
      capacityBytes: ringBytes,
      endpointIds: 1024,
      endpointKeyBytes: 1 << 20,
      wakeDelayMs: 1,
    });
    registerObserver(this.#server, {
      ring: this.ring,
      nodeName,
      version: 'fixture',
      ...(hasHeartbeats ? { completeUpTo: () => fromMilliseconds(Date.now()) } : {}),
    });
    if (isNamed) {
      registerPeerService(this.#server, {
        current: () => [
          { name: nodeName, address: this.address, type: ChangeNotificationType.PEER_ADDED, tls: undefined },
        ],
        watch: () => () => {},
      });
    }
  }

  static async start(nodeName: string, options: ObserverFixtureOptions = {}): Promise<ObserverFixture> {
    const fixture = new ObserverFixture(nodeName, options);
    await fixture.listen(options.listen ?? '127.0.0.1:0');
    return fixture;
  }

  async listen(address: string): Promise<void> {
    const port = await this.#server.listen(address);
    this.address = address.startsWith('unix:') ? address : `127.0.0.1:${port}`;
  }

  /** Appends a flow with this text as its uuid, stamped now or `ageMs` ago. */
  flow(uuid: string, ageMs = 0, more: DeepPartial<Flow> = {}): void {
    this.ring.append(flowBytes(uuid, this.nodeName, Date.now() - ageMs, more));
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}

export function flowBytes(uuid: string, nodeName: string, timeMs: number, more: DeepPartial<Flow> = {}): Uint8Array {
  const { seconds, nanos } = fromMilliseconds(timeMs);
  const time = { seconds: BigInt(seconds), nanos };
  const flow = Flow.fromPartial({
    uuid,
    nodeName,
    verdict: 1,
    Type: 1,
    trafficDirection: 1,
    IP: { source: '10.0.0.1', destination: '10.0.0.2' },
    l4: { protocol: { $case: 'TCP', value: { sourcePort: 40_000, destinationPort: 80 } } },
    source: { namespace: 'shop', podName: 'web-1', workloads: [{ name: 'web', kind: 'Deployment' }] },
    destination: { namespace: 'shop', podName: 'api-1', workloads: [{ name: 'api', kind: 'Deployment' }] },
    isReply: false,
    ...more,
    time,
  } as DeepPartial<Flow>);
  return GetFlowsResponse.encode({ responseTypes: { $case: 'flow', value: flow }, nodeName, time }).finish();
}
