// Which nodes there are behind this relay, in which state, and the node status events that tell followers of changes.
// Pure but for the clock that comes in.

import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import type { RelayTime } from './relay-time.ts';

export interface NodeStanding {
  readonly name: string;
  readonly isAvailable: boolean;
  /** Why not, in a clause about the node. */
  readonly reason: string | undefined;
}

export class NodeRoster {
  readonly #time: RelayTime;
  /** This relay's own name, which its status events carry. */
  readonly #relayName: string;
  readonly #standings = new Map<string, NodeStanding>();

  constructor(relayName: string, time: RelayTime) {
    this.#relayName = relayName;
    this.#time = time;
  }

  get available(): string[] {
    return this.#names(true);
  }

  get unavailable(): string[] {
    return this.#names(false);
  }

  /** @param key of the peer; its name may change once it is known */
  set(key: string, standing: NodeStanding): void {
    this.#standings.set(key, standing);
  }

  isAvailable(key: string): boolean {
    return this.#standings.get(key)?.isAvailable ?? false;
  }

  remove(key: string): void {
    this.#standings.delete(key);
  }

  /** What a new follower is told before any flow: who is connected, then who is not. Serialised responses. */
  greeting(): Uint8Array[] {
    const { available, unavailable } = this;
    const events: Uint8Array[] = [];
    if (available.length > 0) events.push(this.event(NodeState.NODE_CONNECTED, available, ''));
    if (unavailable.length > 0) events.push(this.event(NodeState.NODE_UNAVAILABLE, unavailable, ''));
    return events;
  }

  event(stateChange: NodeState, nodeNames: readonly string[], message: string): Uint8Array {
    const response: GetFlowsResponse = {
      responseTypes: { $case: 'nodeStatus', value: { stateChange, nodeNames: [...nodeNames], message } },
      nodeName: this.#relayName,
      time: this.#time.now(),
    };
    return GetFlowsResponse.encode(response).finish();
  }

  #names(isAvailable: boolean): string[] {
    return [...this.#standings.values()]
      .filter((one) => one.isAvailable === isAvailable)
      .map(({ name }) => name)
      .sort();
  }
}
