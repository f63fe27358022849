// One peer as the merge sees it: its queue, how far it is known to be, and how long it has been silent.

import type { BlockPool } from './block-pool.ts';
import { PeerQueue } from './peer-queue.ts';

/**
 * joining: nothing heard yet. catching-up: sends what it had before we came. live: sends what happens now.
 * gone: its stream ended; what it left in its queue is still emitted. guest: tells of what is over, in no order, and is
 * never waited for.
 */
export type PeerPhase = 'joining' | 'catching-up' | 'live' | 'gone' | 'guest';

export interface MergeWindows {
  /** Longest silence of a peer without heartbeats, and age of a flow, after which it is not waited for. */
  readonly windowNs: number;
  /** The same for a peer that sends heartbeats: silence then means trouble, so it can be longer. */
  readonly promiseWindowNs: number;
  /** How long a peer that is connecting when the relay starts is waited for. */
  readonly joinWindowNs: number;
  /** Upper bound of the reorder slack that a peer can earn by sending out of order. */
  readonly maxSlackNs: number;
}

/** Silences of a peer with heartbeats, after which it counts as one without. */
const maxMisses = 4;
/** A peer's slack halves after this long without disorder. */
const slackHalfLifeNs = 10e9;

export class MergePeer {
  readonly name: string;
  readonly order: number;
  readonly joinedNs: number;
  readonly queue: PeerQueue;
  phase: PeerPhase = 'joining';
  /** Heartbeats in a row that went forward with no flow between them. */
  #beats = 0;
  /** Times that it went silent for longer than it may, since its last heartbeat; and whether it is so now. */
  #misses = 0;
  #isMissing = false;
  /** Place in the heap; -1 when not in it. */
  heapIndex = -1;
  /** Its queue was at its bound and has not fallen to half of it since: it is not read meanwhile. */
  isFull = false;
  /** Latest time among the flows it sent. */
  latestNs = Number.NEGATIVE_INFINITY;
  /** Its last promise: no later flow of it is earlier. */
  promiseNs = Number.NEGATIVE_INFINITY;
  /** By the relay's clock. */
  heardNs: number;
  /** How old by the relay's clock its flows come: what tells that it is behind, or its clock. */
  ageNs = 0;
  /** How far behind its latest flow this peer has lately been seen to go. 0 for a sorted stream, which thus waits for nothing. */
  slackNs = 0;
  #slackChangedNs: number;

  /** @param pool where its messages wait */
  constructor(name: string, order: number, nowNs: number, pool: BlockPool) {
    this.name = name;
    this.queue = new PeerQueue(pool);
    this.order = order;
    this.joinedNs = nowNs;
    this.heardNs = nowNs;
    this.#slackChangedNs = nowNs;
  }

  /** Sets isFull as its queue now is. Half of the bound is left before it is read again, or it would stop at each message. */
  settleFullness(maxBytes: number): void {
    if (this.queue.bytes >= maxBytes) this.isFull = true;
    else if (this.queue.bytes <= maxBytes / 2) this.isFull = false;
  }

  /**
   * True while the peer says by itself, when it has nothing to tell, that time goes on. One heartbeat after a flow is
   * not enough: an observer may only repeat the time of its last flow, and is then as silent as one without any.
   */
  get hasHeartbeats(): boolean {
    return this.#beats >= 2;
  }

  /** Takes note of a flow's time: how far the peer is and how unsorted. */
  noteFlow(timeNs: number, nowNs: number, maxSlackNs: number): void {
    this.heardNs = nowNs;
    this.#isMissing = false;
    if (!this.hasHeartbeats) this.#beats = 0;
    if (this.phase === 'joining') this.phase = 'catching-up';
    if (timeNs >= this.latestNs) {
      this.latestNs = timeNs;
      this.ageNs = nowNs - timeNs;
      return;
    }
    const back = Math.min(this.latestNs - timeNs, maxSlackNs);
    if (back >= this.slackNs / 2) {
      this.slackNs = Math.max(this.slackNs, back);
      this.#slackChangedNs = nowNs;
    }
  }

  notePromise(timeNs: number, nowNs: number): void {
    this.heardNs = nowNs;
    this.#isMissing = false;
    this.phase = 'live';
    if (timeNs <= this.promiseNs) return;
    this.promiseNs = timeNs;
    // An observer that repeats the time of its last flow says nothing of how late its flows come.
    this.ageNs = Math.min(this.ageNs, nowNs - timeNs);
    this.#beats += 1;
    this.#misses = 0;
  }

  /** Phase, heartbeats and slack as they are at `nowNs`. */
  settle(nowNs: number, { windowNs, promiseWindowNs }: MergeWindows): void {
    // It was waited for in vain: until it is heard again no longer than for any other. A busy peer owes no heartbeats, so
    // one stall must not make it one without for as long as it is busy; some in a row without a heartbeat between do.
    if (this.hasHeartbeats && !this.#isMissing && nowNs - this.heardNs >= promiseWindowNs) {
      this.#isMissing = true;
      this.#misses += 1;
      if (this.#misses >= maxMisses) this.#beats = 0;
    }
    if (this.phase === 'catching-up') {
      const isCurrent = this.latestNs >= nowNs - windowNs;
      if (isCurrent || nowNs - this.heardNs >= windowNs) this.phase = 'live';
    }
    if (this.slackNs > 0 && nowNs - this.#slackChangedNs >= slackHalfLifeNs) {
      this.slackNs = this.slackNs < 1000 ? 0 : this.slackNs / 2;
      this.#slackChangedNs = nowNs;
    }
  }

  /**
   * Up to which time everything of this peer is taken to be here. +Infinity: it is not waited for.
   * @param isStarting whether peers that have not caught up are waited for
   */
  frontier(nowNs: number, windows: MergeWindows, isStarting: boolean): number {
    if (this.phase === 'gone') return Number.POSITIVE_INFINITY;
    if (this.phase === 'joining') {
      const isWaitedFor = isStarting && nowNs - this.joinedNs < windows.joinWindowNs;
      return isWaitedFor ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    if (this.phase === 'catching-up' && !isStarting) return Number.POSITIVE_INFINITY;
    const known = Math.max(this.promiseNs, this.latestNs - (this.isFull ? 0 : this.slackNs));
    // Not read, so not silent: it has a head in its queue, which comes out as soon as the others allow.
    if (this.isFull) return known;
    const limitNs = this.#limitNs(windows);
    if (nowNs - this.heardNs < limitNs) return known;
    return Math.max(known, nowNs - limitNs);
  }

  /** When the clock alone will let `timeNs` pass this peer. Only for a peer whose frontier is before it. */
  passesAtNs(timeNs: number, windows: MergeWindows): number {
    if (this.phase === 'joining') return this.joinedNs + windows.joinWindowNs;
    if (this.phase === 'catching-up') return this.heardNs + windows.windowNs;
    return Math.max(this.heardNs, timeNs) + this.#limitNs(windows);
  }

  #limitNs({ windowNs, promiseWindowNs }: MergeWindows): number {
    return this.hasHeartbeats && !this.#isMissing ? promiseWindowNs : windowNs;
  }
}
