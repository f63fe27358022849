// Which nodes there are behind this relay, in which state, and the node status events that tell followers of changes.
// Pure but for the clock that comes in.

import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import type { RelayTime } from './relay-time.ts';

/** The same trouble of one node is told once in this time. */
const repeatAfterMs = 10_000;

export interface NodeStanding {
  readonly isAvailable: boolean;
  /** Why not, in a clause about the node. */
  readonly reason: string | undefined;
}

export class NodeRoster {
  readonly #time: RelayTime;
  /** This relay's own name, which its status events carry. */
  readonly #relayName: string;
  readonly #standings = new Map<string, NodeStanding>();
  readonly #told = new Map<string, number>();

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

  set(name: string, standing: NodeStanding): void {
    this.#standings.set(name, standing);
  }

  remove(name: string): void {
    this.#standings.delete(name);
  }

  /** What a new follower is told before any flow: who is connected, then who is not. Serialised responses. */
  greeting(): Uint8Array[] {
    const { available, unavailable } = this;
    const events: Uint8Array[] = [];
    if (available.length > 0) events.push(this.event(NodeState.NODE_CONNECTED, available, ''));
    if (unavailable.length > 0) events.push(this.event(NodeState.NODE_UNAVAILABLE, unavailable, ''));
    return events;
  }

  /** The event that a node is in trouble; undefined when the same was told a moment ago. */
  trouble(name: string, message: string): Uint8Array | undefined {
    const nowMs = this.#time.nowMs();
    for (const [key, toldMs] of this.#told) if (nowMs - toldMs >= repeatAfterMs) this.#told.delete(key);
    const key = `${name} ${message}`;
    if (this.#told.has(key)) return undefined;
    this.#told.set(key, nowMs);
    return this.event(NodeState.NODE_ERROR, [name], message);
  }

  event(stateChange: NodeState, nodeNames: string[], message: string): Uint8Array {
    const response: GetFlowsResponse = {
      responseTypes: { $case: 'nodeStatus', value: { stateChange, nodeNames, message } },
      nodeName: this.#relayName,
      time: this.#time.now(),
    };
    return GetFlowsResponse.encode(response).finish();
  }

  #names(isAvailable: boolean): string[] {
    return [...this.#standings]
      .filter(([, one]) => one.isAvailable === isAvailable)
      .map(([name]) => name)
      .sort();
  }
}
