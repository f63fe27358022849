// `number` of a request to a relay: so many flows of each node, as if each node had been asked by itself. Counts them as a
// query goes back through the ring, or forward from its start.

import type { FlowRing } from './flow-ring.ts';
import { decodeKept } from './kept-message.ts';

interface Taken {
  flows: number;
  /** Oldest flow taken while going back; undefined going forward. */
  start: number | undefined;
}

/** Names remembered by dictionary id; more than a cluster has nodes, and far less than ids that come and go. */
const MAX_NAMES = 16_384;

export class NodeQuota {
  readonly #ring: FlowRing;
  readonly #number: number;
  /** Nodes that are known and not full yet. */
  readonly #open: Set<string>;
  readonly #taken = new Map<string, Taken>();
  readonly #nameOfId = new Map<number, string>();
  #wentBack = false;

  /**
   * @param number flows of each node
   * @param nodes known to have flows; others are served alike, but not looked for to the end of the ring
   */
  constructor(ring: FlowRing, number: number, nodes: readonly string[]) {
    this.#ring = ring;
    this.#number = number;
    this.#open = new Set(nodes);
  }

  /** True once every known node has given its flows. */
  get isComplete(): boolean {
    return this.#open.size === 0 && this.#taken.size > 0;
  }

  /** True once nothing more will be admitted going forward. */
  get isSpent(): boolean {
    return !this.#wentBack && this.isComplete;
  }

  /** Going back: whether this flow is one of its node's latest. */
  takeBack(sequence: number): boolean {
    this.#wentBack = true;
    return this.#take(sequence, sequence);
  }

  /** Going forward: whether this flow is to be sent. */
  admits(sequence: number): boolean {
    if (!this.#wentBack) return this.#take(sequence, undefined);
    const start = this.#taken.get(this.#nodeOf(sequence))?.start;
    return start === undefined || sequence >= start;
  }

  #take(sequence: number, start: number | undefined): boolean {
    const name = this.#nodeOf(sequence);
    let taken = this.#taken.get(name);
    if (taken === undefined) {
      taken = { flows: 0, start };
      this.#taken.set(name, taken);
    }
    if (taken.flows >= this.#number) return false;
    taken.flows++;
    taken.start = start;
    if (taken.flows === this.#number) this.#open.delete(name);
    return true;
  }

  #nodeOf(sequence: number): string {
    const id = this.#ring.columns.nodeId[this.#ring.slotOf(sequence)] as number;
    const known = this.#nameOfId.get(id);
    if (known !== undefined) return known;
    const described = this.#ring.nodes.describe(id)?.name;
    // Ids that are no longer live are few, and only of flows older than many nodes.
    if (described === undefined) return decodeKept(this.#ring.messageAt(sequence))?.nodeName ?? '';
    if (this.#nameOfId.size < MAX_NAMES) this.#nameOfId.set(id, described);
    return described;
  }
}
