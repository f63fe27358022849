// The way in: what peers send, through the merge, into the ring and onto the map. Owns the drain timer and the counters
// of this hop. Nothing here awaits.

import { KIND_FLOW, KIND_LOST_EVENTS } from '#observer/columns.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { lostEventsOf } from '#observer/kept-message.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { BACKFILLED, FlowMerge, type FlowMergeOptions, IN_ORDER, type Order } from './merge/flow-merge.ts';
import type { MergePeer } from './merge/merge-peer.ts';
import type { RelayTime } from './relay-time.ts';

/** What came from one peer since it is one, over all its streams. */
export interface PeerCounters {
  /** Flows received, without repetitions after a reconnection. */
  seen: number;
  /** Events that the peer said it had lost. */
  lost: number;
  late: number;
  backfilled: number;
  /** Messages that the ring refused. */
  refused: number;
}

export interface IntakeOptions {
  readonly ring: FlowRing;
  readonly time: RelayTime;
  /** Called for each flow once it is in the ring. */
  readonly onFlow: (sequence: number, nowMs: number) => void;
  /** What to put into the ring instead of the message in bytes[start, end): the same with more in it. Undefined: as it is. */
  readonly annotate?: (bytes: Uint8Array, start: number, end: number) => Uint8Array | undefined;
  readonly merge?: Omit<Partial<FlowMergeOptions>, 'sink' | 'nowNs'>;
}

/** A stream of one peer, open until it ends. */
export class IntakeStream {
  readonly mergePeer: MergePeer;
  readonly counters: PeerCounters;
  readonly flow: { pause(): void; resume(): void };
  isPaused = false;

  constructor(mergePeer: MergePeer, counters: PeerCounters, flow: { pause(): void; resume(): void }) {
    this.mergePeer = mergePeer;
    this.counters = counters;
    this.flow = flow;
  }
}

export class Intake {
  readonly #ring: FlowRing;
  readonly #time: RelayTime;
  readonly #onFlow: IntakeOptions['onFlow'];
  readonly #annotate: IntakeOptions['annotate'];
  readonly #merge: FlowMerge;
  /** What proxies log. */
  readonly #accessLogs: MergePeer;
  readonly #streams = new Map<MergePeer, IntakeStream>();
  #nowMs = 0;
  #nowNs = 0;
  /**
   * When this turn of the event loop began to read. Only what was sent before is sure to have been read when the turn's
   * drain comes, so it is up to here that a peer can be said to be silent, however long the turn takes.
   */
  #turnNs: number | undefined;
  #isInBatch = false;
  #timer: NodeJS.Timeout | undefined;
  #isDrainDue = false;
  #isStopped = false;

  constructor({ ring, time, onFlow, annotate, merge = {} }: IntakeOptions) {
    this.#ring = ring;
    this.#time = time;
    this.#onFlow = onFlow;
    this.#annotate = annotate;
    this.#merge = new FlowMerge({
      ...merge,
      nowNs: time.nowNs(),
      sink: (peer, chunk, start, end, order) => this.#emit(peer, chunk, start, end, order),
    });
    this.#accessLogs = this.#merge.joinAsGuest('access logs', time.nowNs());
  }

  /** Flows stamped too far in the future. */
  get ahead(): number {
    return this.#merge.ahead;
  }

  /** Messages waiting for the watermark. */
  get queued(): number {
    return this.#merge.queued;
  }

  /** Up to where everything is out: what this relay can promise to whoever follows it. */
  get frontierNs(): number {
    return this.#merge.frontierNs;
  }

  /** @param flow slows the peer down while its queue is full */
  open(name: string, counters: PeerCounters, flow: { pause(): void; resume(): void }): IntakeStream {
    const stream = new IntakeStream(this.#merge.join(name, this.#time.nowNs()), counters, flow);
    this.#streams.set(stream.mergePeer, stream);
    return stream;
  }

  close(stream: IntakeStream): void {
    this.#merge.leave(stream.mergePeer);
    this.drainSoon();
  }

  /** Takes a copy of one response. Call drainSoon after a batch, before the chunk's bytes are used for others. */
  take(stream: IntakeStream, kind: number, timeNs: number, chunk: Uint8Array, start: number, end: number): void {
    if (kind === KIND_FLOW) stream.counters.seen += 1;
    else if (kind === KIND_LOST_EVENTS) stream.counters.lost += lostEventsOf(chunk.subarray(start, end));
    if (!this.#isInBatch) this.#beginBatch();
    this.#merge.push(stream.mergePeer, timeNs, chunk, start, end, this.#nowNs);
  }

  heartbeat(stream: IntakeStream, timeNs: number): void {
    if (!this.#isInBatch) this.#beginBatch();
    this.#merge.promise(stream.mergePeer, timeNs, this.#nowNs);
  }

  /**
   * Takes a flow that no peer sent: sorted among those of peers where it comes in time, else at once. A proxy logs a request
   * when it is over, some seconds late, and nothing should wait for that.
   */
  admit(message: Uint8Array, { seconds, nanos }: Timestamp): void {
    if (!this.#isInBatch) this.#beginBatch();
    const timeNs = this.#time.fromUnix(Number(seconds), nanos);
    this.#merge.push(this.#accessLogs, timeNs, message, 0, message.length, this.#nowNs);
    this.drainSoon();
  }

  /** Puts a message of the relay itself into the ring, after what is there. */
  tell(message: Uint8Array): void {
    this.#ring.append(message);
  }

  /**
   * Drains once all sockets that have something were read. After a pause of this process, one peer's flows would otherwise
   * be emitted, and time run out for the others', while those are here already, unread.
   */
  drainSoon(): void {
    this.#turnNs ??= this.#time.nowNs();
    this.#isInBatch = false;
    this.#merge.endBatch();
    if (this.#isDrainDue) return;
    this.#isDrainDue = true;
    setImmediate(() => {
      this.#isDrainDue = false;
      this.drain();
    });
  }

  /** Emits what is due, pauses peers that are too far ahead, and sets the timer for the rest. */
  drain(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isStopped) return;
    this.#nowMs = this.#time.nowMs();
    this.#merge.drain(this.#turnNs ?? this.#time.nowNs());
    this.#turnNs = undefined;
    const nowNs = this.#time.nowNs();
    this.#throttle(nowNs);
    const nextNs = this.#merge.nextDrainNs(nowNs);
    if (nextNs === undefined) return;
    this.#timer = setTimeout(() => this.drainSoon(), Math.max(1, Math.ceil((nextNs - nowNs) / 1e6)));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** One reading of the clock for all messages of a batch. */
  #beginBatch(): void {
    this.#isInBatch = true;
    this.#nowMs = this.#time.nowMs();
    this.#nowNs = this.#time.nowNs();
    this.#turnNs ??= this.#nowNs;
  }

  #throttle(nowNs: number): void {
    for (const stream of this.#streams.values()) {
      if (stream.mergePeer.phase === 'gone') {
        if (stream.mergePeer.queue.length === 0) this.#streams.delete(stream.mergePeer);
        continue;
      }
      if (this.#merge.isFull(stream.mergePeer) === stream.isPaused) continue;
      stream.isPaused = !stream.isPaused;
      if (stream.isPaused) stream.flow.pause();
      else {
        this.#merge.resume(stream.mergePeer, nowNs);
        stream.flow.resume();
      }
    }
  }

  #countDisorder(peer: MergePeer, order: Order): void {
    const counters = this.#streams.get(peer)?.counters;
    if (counters === undefined) return;
    if (order === BACKFILLED) counters.backfilled += 1;
    else counters.late += 1;
  }

  #emit(peer: MergePeer, chunk: Uint8Array, start: number, end: number, order: Order): void {
    if (order !== IN_ORDER) this.#countDisorder(peer, order);
    let sequence: number;
    try {
      const annotated = this.#annotate?.(chunk, start, end);
      sequence = annotated === undefined ? this.#ring.append(chunk, start, end) : this.#ring.append(annotated);
    } catch {
      // The ring counts what it refuses and why; here it is put down to the peer.
      const counters = this.#streams.get(peer)?.counters;
      if (counters !== undefined) counters.refused += 1;
      return;
    }
    if (this.#ring.columns.kind[this.#ring.slotOf(sequence)] === KIND_FLOW) this.#onFlow(sequence, this.#nowMs);
  }
}
