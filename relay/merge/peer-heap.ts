// A binary heap of the peers that have something queued, earliest head first, ties by the order in which the peers
// joined. k peers, not k*n flows: a run of flows from one peer costs one sift.

import type { MergePeer } from './merge-peer.ts';

export class PeerHeap {
  readonly #peers: MergePeer[] = [];

  get size(): number {
    return this.#peers.length;
  }

  get first(): MergePeer | undefined {
    return this.#peers[0];
  }

  /** The earliest head of all peers but the first: a run of the first may go on up to it. */
  get secondTime(): number {
    const left = this.#peers[1];
    const right = this.#peers[2];
    const leftTime = left === undefined ? Number.POSITIVE_INFINITY : left.queue.headTime;
    const rightTime = right === undefined ? Number.POSITIVE_INFINITY : right.queue.headTime;
    return Math.min(leftTime, rightTime);
  }

  /** To be called when the peer's head became earlier, which includes that it got its first. */
  raise(peer: MergePeer): void {
    if (peer.heapIndex < 0) {
      peer.heapIndex = this.#peers.length;
      this.#peers.push(peer);
    }
    let index = peer.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >>> 1;
      const parent = this.#peers[parentIndex] as MergePeer;
      if (!isBefore(peer, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(peer, index);
  }

  /** To be called when heads of the first peer were dropped; it leaves the heap when it has none left. */
  settleFirst(): void {
    const peer = this.#peers[0];
    if (peer === undefined) return;
    if (peer.queue.length > 0) {
      this.#sink(peer, 0);
      return;
    }
    peer.heapIndex = -1;
    const last = this.#peers.pop();
    if (last !== undefined && last !== peer) this.#sink(last, 0);
  }

  #sink(peer: MergePeer, from: number): void {
    const size = this.#peers.length;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= size) break;
      let child = this.#peers[childIndex] as MergePeer;
      const right = this.#peers[childIndex + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!isBefore(child, peer)) break;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(peer, index);
  }

  #place(peer: MergePeer, index: number): void {
    this.#peers[index] = peer;
    peer.heapIndex = index;
  }
}

function isBefore(a: MergePeer, b: MergePeer): boolean {
  const aTime = a.queue.headTime;
  const bTime = b.queue.headTime;
  return aTime < bTime || (aTime === bTime && a.order < b.order);
}
