// Many streams into one, sorted by time. A flow is emitted once every peer is known to be past its time (the
// watermark); a peer is known by what it sent, by its heartbeats, or by having been silent for a stated window.
// A flow that comes after later ones were emitted is passed on at once and counted. Nothing is dropped here.
// Pure: time comes in as an argument, in nanoseconds since an epoch of the caller's choice that is less than 104 days
// away, so that a double holds each nanosecond.

import { BlockPool } from './block-pool.ts';
import { MergePeer, type MergeWindows } from './merge-peer.ts';
import { PeerHeap } from './peer-heap.ts';

/** How a message came out. Late: after a later one, from a peer that is live. Backfilled: the same, while catching up. */
export const IN_ORDER = 0;
export const LATE = 1;
export const BACKFILLED = 2;
export type Order = typeof IN_ORDER | typeof LATE | typeof BACKFILLED;

/** Takes one message, bytes [start, end) of `chunk`, which it must copy to keep. Must not call back into the merge. */
export type MergeSink = (peer: MergePeer, chunk: Uint8Array, start: number, end: number, order: Order) => void;

export interface FlowMergeOptions {
  readonly sink: MergeSink;
  readonly nowNs: number;
  /** Default 50 ms. */
  readonly windowMs?: number;
  /** Default 250 ms: ten missed heartbeats of 25 ms. */
  readonly promiseWindowMs?: number;
  /** How long the first peers are waited for while they connect. Default 500 ms. */
  readonly joinWindowMs?: number;
  /** How long the first peers are waited for while they send what they had. Default 5 s. */
  readonly startWindowMs?: number;
  /** A peer whose flows come older than the others' by more than this is not waited for. Default 1 s. */
  readonly maxLagMs?: number;
  /**
   * The same under pressure, that is while a queue is full and for a second after: then a peer lags because it is not read
   * fast enough, and the others are held back until it has come up. Default 10 s.
   */
  readonly maxPressedLagMs?: number;
  /** Default 20 ms: an exporter's drain interval. */
  readonly maxSlackMs?: number;
  /** At this many bytes a peer's queue is full: see isFull. Default 1 MB. */
  readonly maxPeerBytes?: number;
}

/** How long pressure is taken to last once no queue is full any more. */
const pressureNs = 1e9;
/** Shortest silence of any peer that counts under pressure: the machine is busy, and so may its own be. */
const pressedSilenceNs = 1e9;

export class FlowMerge {
  /** Messages passed on, and how many of them out of order. */
  emitted = 0;
  late = 0;
  backfilled = 0;
  /** Flows stamped further in the future than the window, sorted as if they were at its edge. */
  ahead = 0;
  readonly #sink: MergeSink;
  readonly #windows: MergeWindows;
  readonly #pressedWindows: MergeWindows;
  readonly #maxLagNs: number;
  readonly #maxPressedLagNs: number;
  readonly #maxPeerBytes: number;
  readonly #startEndsNs: number;
  readonly #peers = new Set<MergePeer>();
  readonly #guests: MergePeer[] = [];
  readonly #heap = new PeerHeap();
  readonly #pool = new BlockPool();
  #batch = 0;
  #isStarting = true;
  #pressedUntilNs = Number.NEGATIVE_INFINITY;
  #joined = 0;
  #lastEmittedNs = Number.NEGATIVE_INFINITY;
  #frontierNs = Number.NEGATIVE_INFINITY;

  constructor(options: FlowMergeOptions) {
    const milliseconds = 1e6;
    this.#sink = options.sink;
    this.#windows = {
      windowNs: (options.windowMs ?? 50) * milliseconds,
      promiseWindowNs: (options.promiseWindowMs ?? 250) * milliseconds,
      joinWindowNs: (options.joinWindowMs ?? 500) * milliseconds,
      maxSlackNs: (options.maxSlackMs ?? 20) * milliseconds,
    };
    this.#pressedWindows = {
      ...this.#windows,
      windowNs: Math.max(this.#windows.windowNs, pressedSilenceNs),
      promiseWindowNs: Math.max(this.#windows.promiseWindowNs, pressedSilenceNs),
    };
    this.#maxLagNs = (options.maxLagMs ?? 1000) * milliseconds;
    this.#maxPressedLagNs = Math.max(this.#maxLagNs, (options.maxPressedLagMs ?? 10_000) * milliseconds);
    this.#maxPeerBytes = options.maxPeerBytes ?? 1024 * 1024;
    this.#startEndsNs = options.nowNs + (options.startWindowMs ?? 5000) * milliseconds;
  }

  /** Everything before this was emitted, but for what will come late. */
  get frontierNs(): number {
    return this.#frontierNs;
  }

  /** Memory of the blocks that messages wait in. */
  get heldBytes(): number {
    return this.#pool.heldBytes;
  }

  get queued(): number {
    let queued = 0;
    for (const peer of [...this.#peers, ...this.#guests]) queued += peer.queue.length;
    return queued;
  }

  join(name: string, nowNs: number): MergePeer {
    const peer = new MergePeer(name, this.#joined++, nowNs, this.#pool);
    this.#peers.add(peer);
    return peer;
  }

  /**
   * Somebody who tells of things when they are over, seconds late as often as not. Nobody waits for it, and what comes late
   * is its nature and not counted; what comes in time is sorted among the others.
   */
  joinAsGuest(name: string, nowNs: number): MergePeer {
    const guest = new MergePeer(name, this.#joined++, nowNs, this.#pool);
    guest.phase = 'guest';
    this.#guests.push(guest);
    return guest;
  }

  /** The peer's stream ended. It is no longer waited for; what it has sent stays and is emitted in its turn. */
  leave(peer: MergePeer): void {
    peer.phase = 'gone';
    if (peer.queue.length === 0) this.#peers.delete(peer);
  }

  /**
   * Takes a copy of bytes [start, end) of `chunk`. Call endBatch before a chunk's content changes, and drain after a batch.
   */
  push(peer: MergePeer, timeNs: number, chunk: Uint8Array, start: number, end: number, nowNs: number): void {
    let keyNs = timeNs;
    const horizonNs = nowNs + this.#windows.windowNs;
    if (keyNs > horizonNs) {
      keyNs = horizonNs;
      this.ahead += 1;
    }
    const isGuest = peer.phase === 'guest';
    if (!isGuest) peer.noteFlow(keyNs, nowNs, this.#windows.maxSlackNs);
    if (keyNs < this.#lastEmittedNs || (isGuest && peer.queue.bytes >= this.#maxPeerBytes)) {
      this.#emitUnsorted(peer, chunk, start, end);
      return;
    }
    const isNewHead = keyNs < peer.queue.headTime;
    peer.queue.insert(keyNs, chunk, start, end, this.#batch);
    if (isNewHead) this.#heap.raise(peer);
    if (isGuest) return;
    peer.settleFullness(this.#maxPeerBytes);
    if (peer.isFull) this.#pressedUntilNs = nowNs + pressureNs;
  }

  /** Chunks that were pushed may be written to again. */
  endBatch(): void {
    this.#batch += 1;
  }

  /** The peer promises that no later flow of it is earlier than `timeNs`. Call drain afterwards. */
  promise(peer: MergePeer, timeNs: number, nowNs: number): void {
    peer.notePromise(timeNs, nowNs);
  }

  /** The peer is read again after it was full: that nothing was heard of it meanwhile was not its silence. */
  resume(peer: MergePeer, nowNs: number): void {
    peer.heardNs = nowNs;
  }

  /** True when the peer's queue is at its bound: stop reading from it until it is not. */
  isFull(peer: MergePeer): boolean {
    return peer.isFull;
  }

  /** Emits all that the watermark allows and returns how many messages that were. */
  drain(nowNs: number): number {
    const watermarkNs = this.#watermark(nowNs);
    this.#frontierNs = Math.max(this.#frontierNs, Math.min(watermarkNs, nowNs));
    const before = this.emitted;
    for (let peer = this.#heap.first; peer !== undefined; peer = this.#heap.first) {
      if (peer.queue.headTime > watermarkNs) break;
      this.#emitRun(peer, Math.min(watermarkNs, this.#heap.secondTime));
      this.#heap.settleFirst();
      if (peer.phase !== 'guest') peer.settleFullness(this.#maxPeerBytes);
      if (peer.phase === 'gone' && peer.queue.length === 0) this.#peers.delete(peer);
    }
    return this.emitted - before;
  }

  /** When to drain again if nothing is pushed before: the clock alone frees the earliest flow then. */
  nextDrainNs(nowNs: number): number | undefined {
    const headNs = this.#heap.first?.queue.headTime;
    if (headNs === undefined) return undefined;
    const windows = this.#windowsAt(nowNs);
    const oldestNs = this.#oldestAgeNs(nowNs);
    let atNs = nowNs;
    for (const peer of this.#peers) {
      if (peer.ageNs > oldestNs || peer.frontier(nowNs, windows, this.#isStarting) >= headNs) continue;
      atNs = Math.max(atNs, peer.passesAtNs(headNs, windows));
    }
    return this.#isStarting ? Math.min(atNs, Math.max(nowNs, this.#startEndsNs)) : atNs;
  }

  #watermark(nowNs: number): number {
    let hasStragglers = false;
    for (const peer of this.#peers) {
      peer.settle(nowNs, this.#windowsAt(nowNs));
      if (peer.phase === 'catching-up') hasStragglers = true;
      if (peer.phase === 'joining' && nowNs - peer.joinedNs < this.#windows.joinWindowNs) hasStragglers = true;
    }
    if (this.#isStarting && this.#peers.size > 0) this.#isStarting = hasStragglers && nowNs < this.#startEndsNs;
    const windows = this.#windowsAt(nowNs);
    const oldestNs = this.#oldestAgeNs(nowNs);
    let slowest = Number.POSITIVE_INFINITY;
    for (const peer of this.#peers) {
      if (peer.ageNs > oldestNs) continue;
      slowest = Math.min(slowest, peer.frontier(nowNs, windows, this.#isStarting));
    }
    return slowest;
  }

  #windowsAt(nowNs: number): MergeWindows {
    return nowNs < this.#pressedUntilNs ? this.#pressedWindows : this.#windows;
  }

  /**
   * A peer whose flows come older than this is not waited for. Measured against the freshest of the others that have been
   * heard lately: all are old when the relay is behind, or what they come through.
   */
  #oldestAgeNs(nowNs: number): number {
    if (this.#isStarting) return Number.POSITIVE_INFINITY;
    let freshest = Number.POSITIVE_INFINITY;
    for (const peer of this.#peers) {
      if (peer.isFull) this.#pressedUntilNs = nowNs + pressureNs;
      if (peer.phase !== 'live' || (!peer.isFull && nowNs - peer.heardNs > this.#maxLagNs)) continue;
      freshest = Math.min(freshest, peer.ageNs);
    }
    return freshest + (nowNs < this.#pressedUntilNs ? this.#maxPressedLagNs : this.#maxLagNs);
  }

  #emitRun(peer: MergePeer, untilNs: number): void {
    const queue = peer.queue;
    do {
      const chunk = queue.headChunk;
      const start = queue.headStart;
      const end = queue.headEnd;
      this.#lastEmittedNs = queue.headTime;
      queue.dropHead();
      this.emitted += 1;
      this.#sink(peer, chunk, start, end, IN_ORDER);
    } while (queue.headTime < untilNs);
  }

  #emitUnsorted(peer: MergePeer, chunk: Uint8Array, start: number, end: number): void {
    this.emitted += 1;
    if (peer.phase === 'guest') {
      this.#sink(peer, chunk, start, end, IN_ORDER);
      return;
    }
    const isBackfill = peer.phase === 'catching-up';
    if (isBackfill) this.backfilled += 1;
    else this.late += 1;
    this.#sink(peer, chunk, start, end, isBackfill ? BACKFILLED : LATE);
  }
}
