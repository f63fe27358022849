// The way of framed messages to a client. grpc-js would copy, frame and queue each message by itself, some ten microseconds
// a flow; here whole batches go to the call's own HTTP/2 stream, between the metadata and the status that grpc-js sends.
// This is the only file that reaches into grpc-js. What it relies on (read in 1.14.7, server-interceptors.ts): a call is a
// chain of `nextCall` that ends in an object with the `stream`; sendMetadata() calls stream.respond() at once; sendStatus()
// ends the stream and sends trailers when its writes are through. Where the shape is another, PlainLane is used instead.

import { constants, type ServerHttp2Stream } from 'node:http2';
import { Metadata, type ServerWritableStream, type status } from '@grpc/grpc-js';
import { unframe } from './frame.ts';

const RESET_GRACE_MS = 1000;
/** setTimeout fires at once for more than 2^31-1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Where frames go, and when to stop sending. */
export interface Lane {
  readonly isFast: boolean;
  /** Bytes given to write() that have not left for the system yet. */
  readonly pendingBytes: number;
  /** True once nothing can be sent any more: cancelled, deadline passed, ended or connection lost. */
  readonly isClosed: boolean;
  /** Sends whole frames, `messages` of them; `onWritten` is called when these bytes have left. */
  write(frames: Uint8Array, messages: number): void;
  /** Ends the call with status OK, or with the error. */
  end(error?: { code: status; message: string }): void;
}

/** @template Q the request message */
export type FlowsCall<Q> = ServerWritableStream<Q, Uint8Array>;

export interface LaneEvents {
  /** Some written bytes have left. */
  onWritten(): void;
  onClosed(): void;
  /** Messages were sent that grpc-js did not see. */
  onBypass?(messages: number): void;
}

/** The fast lane where grpc-js has the shape that it needs, else the plain one. */
export function openLane<Q>(call: FlowsCall<Q>, events: LaneEvents, allowFast = true): Lane {
  const stream = allowFast ? http2StreamOf(call) : undefined;
  call.sendMetadata(new Metadata());
  if (stream?.headersSent) return new FastLane(call, stream, events);
  return new PlainLane(call, events);
}

class FastLane<Q> implements Lane {
  readonly isFast = true;
  readonly #call: FlowsCall<Q>;
  readonly #stream: ServerHttp2Stream;
  readonly #events: LaneEvents;
  #isEnded = false;

  constructor(call: FlowsCall<Q>, stream: ServerHttp2Stream, events: LaneEvents) {
    this.#call = call;
    this.#stream = stream;
    this.#events = events;
    const reset = resetAfterDeadline(call, stream);
    call.once('cancelled', () => events.onClosed());
    stream.once('close', () => {
      clearTimeout(reset);
      events.onClosed();
    });
  }

  get pendingBytes(): number {
    return this.#stream.writableLength;
  }

  get isClosed(): boolean {
    const stream = this.#stream;
    // writableEnded: grpc-js has ended the stream by itself, as it does at a deadline.
    return this.#isEnded || this.#call.cancelled || stream.destroyed || stream.closed || stream.writableEnded;
  }

  write(frames: Uint8Array, messages: number): void {
    if (this.isClosed) return;
    this.#events.onBypass?.(messages);
    this.#stream.write(frames, () => this.#events.onWritten());
  }

  end(error?: { code: status; message: string }): void {
    if (this.isClosed) return;
    this.#isEnded = true;
    endCall(this.#call, error);
  }
}

/**
 * At the deadline grpc-js ends the stream, but the status waits behind the bytes that a client does not read. A stream that is
 * still open a second later is reset, so that such a client holds no memory beyond its deadline.
 */
function resetAfterDeadline<Q>(call: FlowsCall<Q>, stream: ServerHttp2Stream): NodeJS.Timeout | undefined {
  const deadlineMs = Number(call.getDeadline());
  if (!Number.isFinite(deadlineMs)) return undefined;
  const wait = Math.min(Math.max(0, deadlineMs - Date.now()) + RESET_GRACE_MS, LONGEST_TIMER_MS);
  return setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), wait).unref();
}

/** One message at a time through grpc-js, with a serializer that passes bytes through. */
class PlainLane<Q> implements Lane {
  readonly isFast = false;
  readonly #call: FlowsCall<Q>;
  readonly #events: LaneEvents;
  #pendingBytes = 0;
  #isClosed = false;

  constructor(call: FlowsCall<Q>, events: LaneEvents) {
    this.#call = call;
    this.#events = events;
    call.once('cancelled', () => {
      this.#isClosed = true;
      events.onClosed();
    });
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#call.cancelled;
  }

  write(frames: Uint8Array): void {
    for (const message of unframe(frames)) {
      this.#pendingBytes += message.length;
      this.#call.write(message, () => {
        this.#pendingBytes -= message.length;
        this.#events.onWritten();
      });
    }
  }

  end(error?: { code: status; message: string }): void {
    if (this.isClosed) return;
    this.#isClosed = true;
    endCall(this.#call, error);
  }
}

function endCall<Q>(call: FlowsCall<Q>, error: { code: status; message: string } | undefined): void {
  if (error === undefined) call.end();
  else call.emit('error', { code: error.code, details: error.message });
}

/** The call's HTTP/2 stream, if grpc-js keeps it where we look for it. */
function http2StreamOf(call: object): ServerHttp2Stream | undefined {
  let layer: unknown = call;
  // The call, then one layer for each interceptor; more than a few means that we are going round.
  for (let depth = 0; depth < 8; depth++) {
    if (typeof layer !== 'object' || layer === null) return undefined;
    if ('stream' in layer && isServerStream(layer.stream)) return layer.stream;
    if ('nextCall' in layer) layer = layer.nextCall;
    else if ('call' in layer) layer = layer.call;
    else return undefined;
  }
  return undefined;
}

function isServerStream(candidate: unknown): candidate is ServerHttp2Stream {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    'respond' in candidate &&
    'sendTrailers' in candidate &&
    'writableLength' in candidate &&
    'headersSent' in candidate
  );
}
