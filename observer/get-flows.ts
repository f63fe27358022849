// One GetFlows call: a query over the ring on one side, a lane to the client on the other. The client's pace decides: when
// too many bytes wait for it, reading stops and the position stays; if the ring overtakes it, the query reports the loss.

import { status } from '@grpc/grpc-js';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import type { Lane } from './fast-lane.ts';
import type { FlowQuery } from './flow-query.ts';
import type { FlowRing } from './flow-ring.ts';
import { frame } from './frame.ts';
import { type FlowTime, isLater, toTimestamp } from './time.ts';

/** Bytes written for one client and not gone yet, above which reading waits: about a thousand flows. The ring is the
 *  real buffer of a slow client; what lies here is only what keeps its connection busy. */
export const DEFAULT_PENDING_BYTES = 1024 * 1024;

/** Longest run of one stream before others get their turn. */
const SLICE_MS = 8;

/** Figures over all streams of a service. */
export class StreamCounters {
  active = 0;
  started = 0;
  fast = 0;
  messages = 0;
  bytes = 0;
  /** Messages that readers missed because the ring had overwritten them. */
  lost = 0;
  heartbeats = 0;
  /** Streams refused because too many were open. */
  refused = 0;
}

export interface FlowStreamOptions {
  readonly ring: FlowRing;
  readonly query: FlowQuery;
  readonly follow: boolean;
  /** Frames to send before any flow, such as a relay's node status. */
  readonly preamble: readonly Uint8Array[];
  /** Longest silence, in milliseconds; 0 for no heartbeats. */
  readonly heartbeatMs: number;
  /** Time up to which the ring is complete: no flow that comes later is earlier. undefined if it cannot be told. */
  readonly completeUpTo: () => FlowTime | undefined;
  readonly pendingBytes: number;
  readonly counters: StreamCounters;
  /** Called once, when the stream is over for whatever reason. */
  readonly onEnd: () => void;
}

/** Drives one stream. It runs when the ring has news, when the client took bytes, and at each heartbeat. */
export class FlowStream {
  readonly #options: FlowStreamOptions;
  readonly #stopListening: () => void;
  #lane: Lane | undefined;
  #isOver = false;
  #isScheduled = false;
  #isCaughtUp = false;
  #heartbeatTimer: NodeJS.Timeout | undefined;
  #wroteSinceHeartbeat = false;
  #promised: FlowTime = { seconds: Number.NEGATIVE_INFINITY, nanos: 0 };

  constructor(options: FlowStreamOptions) {
    this.#options = options;
    this.#stopListening = options.follow ? options.ring.onAppend(() => this.#onNews()) : () => {};
  }

  /** Starts sending. The lane reports to onWritten() and onClosed(). */
  start(lane: Lane): void {
    this.#lane = lane;
    if (lane.isFast) this.#options.counters.fast++;
    if (lane.isClosed) {
      this.onClosed();
      return;
    }
    for (const message of this.#options.preamble) this.#write(lane, frame(message), 1);
    const { heartbeatMs, follow } = this.#options;
    if (heartbeatMs > 0 && follow) this.#heartbeatTimer = setInterval(() => this.#beat(), heartbeatMs);
    this.#run();
  }

  onWritten(): void {
    const lane = this.#lane;
    if (lane === undefined || this.#isCaughtUp || this.#isScheduled) return;
    // Half empty: refilling at every write would run for a few bytes each time.
    if (lane.pendingBytes <= this.#options.pendingBytes / 2) this.#run();
  }

  onClosed(): void {
    this.#finish();
  }

  /** Ends the stream from our side, as when the server stops. */
  stop(error?: { code: status; message: string }): void {
    if (this.#isOver) return;
    this.#lane?.end(error ?? { code: status.UNAVAILABLE, message: 'this observer is stopping' });
    this.#finish();
  }

  #onNews(): void {
    if (this.#isCaughtUp) this.#run();
  }

  #run(): void {
    this.#isScheduled = false;
    const lane = this.#lane;
    if (lane === undefined || this.#isOver) return;
    const { query, pendingBytes } = this.#options;
    this.#isCaughtUp = false;
    const deadline = performance.now() + SLICE_MS;
    while (true) {
      if (lane.isClosed) {
        this.#finish();
        return;
      }
      if (lane.pendingBytes > pendingBytes) return;
      const lostBefore = query.lost;
      const step = query.step();
      this.#options.counters.lost += query.lost - lostBefore;
      if (step.frames !== undefined) this.#write(lane, step.frames, step.messages);
      if (step.state === 'done') {
        lane.end();
        this.#finish();
        return;
      }
      if (step.state === 'caught-up') {
        this.#isCaughtUp = true;
        return;
      }
      if (performance.now() > deadline) {
        this.#isScheduled = true;
        setImmediate(() => this.#run());
        return;
      }
    }
  }

  #write(lane: Lane, frames: Uint8Array, messages: number): void {
    this.#wroteSinceHeartbeat = true;
    this.#options.counters.messages += messages;
    this.#options.counters.bytes += frames.length;
    lane.write(frames, messages);
  }

  /** Says how far the silence reaches. Only when everything in the ring was sent: else an earlier flow may follow. */
  #beat(): void {
    const lane = this.#lane;
    if (lane === undefined || this.#isOver) return;
    if (this.#wroteSinceHeartbeat) {
      this.#wroteSinceHeartbeat = false;
      return;
    }
    const time = this.#options.completeUpTo();
    if (time === undefined || !this.#isCaughtUp || !this.#options.query.isCaughtUp) return;
    if (!isLater(time.seconds, time.nanos, this.#promised.seconds, this.#promised.nanos)) return;
    this.#promised = time;
    const response = GetFlowsResponse.fromPartial({ time: toTimestamp(time) });
    this.#options.counters.heartbeats++;
    lane.write(frame(GetFlowsResponse.encode(response).finish()), 1);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#heartbeatTimer);
    this.#stopListening();
    this.#options.onEnd();
  }
}
