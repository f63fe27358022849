// GetFlows of a peer over node:http2, messages as bytes: what a relay fills its ring from. grpc-js would make a buffer and
// an event of each message, three to six times the cost. One connection for one stream; it is closed with it.

import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { frame } from './frame.ts';
import { GrpcError } from './grpc-error.ts';
import { MessageSplitter, type OnMessages } from './message-splitter.ts';
import { authorityOf, connectPeer, type PeerTarget } from './peer-target.ts';

export interface FlowStreamRequest {
  /** Called for each piece of the stream, in order; it must not throw. */
  readonly onMessages: OnMessages;
  /** The peer has answered: it is there and has taken the call. */
  readonly onOpen?: () => void;
  /** Ends the stream; `done` then rejects with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Further request metadata. */
  readonly metadata?: { readonly [name: string]: string };
  /** How long connecting and the first answer may take. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Silence after which the peer is asked whether it is there; and again as long for the answer. Default 20 s. */
  readonly keepaliveMs?: number;
  /** Bytes that the peer may send before we read them. Default 512 KiB; 256 KiB to 1 MiB measured best. */
  readonly windowBytes?: number;
  /** Default 16 MiB. */
  readonly maxMessageBytes?: number;
}

export interface FlowStreamHandle {
  /** Resolves when the peer ended the stream with status OK; rejects with a GrpcError otherwise. */
  readonly done: Promise<void>;
  /** Bytes of messages received. */
  readonly receivedBytes: number;
  /** Stops reading: at most a window more arrives until resume(), and the peer waits. */
  pause(): void;
  resume(): void;
}

const METHOD_PATH = '/observer.Observer/GetFlows';

/** @param request a serialised GetFlowsRequest */
export function openFlowStream(target: PeerTarget, request: Uint8Array, options: FlowStreamRequest): FlowStreamHandle {
  return new FlowStreamClient(target, request, options);
}

class FlowStreamClient implements FlowStreamHandle {
  readonly done: Promise<void>;
  receivedBytes = 0;
  readonly #doing: string;
  readonly #options: FlowStreamRequest;
  readonly #splitter: MessageSplitter;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #settle: (error?: GrpcError) => void;
  #isSettled = false;

  constructor(target: PeerTarget, request: Uint8Array, options: FlowStreamRequest) {
    this.#doing = `GetFlows of ${target.address}`;
    this.#options = options;
    this.#splitter = new MessageSplitter(options.maxMessageBytes ?? 16 * 1024 * 1024, options.onMessages);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    const session = connectPeer(target, options.windowBytes ?? 512 * 1024);
    this.#session = session;
    const connectTimer = setTimeout(() => {
      const waited = options.connectTimeoutMs ?? 10_000;
      this.#settle(new GrpcError(status.UNAVAILABLE, `${this.#doing}: no answer within ${waited} ms`));
    }, options.connectTimeoutMs ?? 10_000);
    const keepalive = new Keepalive(options.keepaliveMs ?? 20_000, (answer) => session.ping(answer));
    const onAbort = () => this.#settle(new GrpcError(status.CANCELLED, `${this.#doing}: cancelled`));

    this.#settle = (error) => {
      if (this.#isSettled) return;
      this.#isSettled = true;
      clearTimeout(connectTimer);
      keepalive.stop();
      options.signal?.removeEventListener('abort', onAbort);
      if (error !== undefined && !this.#stream.closed) this.#stream.close(constants.NGHTTP2_CANCEL);
      // destroy() at once would drop the RST_STREAM that tells the peer to stop.
      session.close(() => session.destroy());
      setImmediate(() => session.destroy());
      if (error === undefined) resolve();
      else reject(error);
    };

    session.on('error', (error) => this.#settle(GrpcError.from(error, this.#doing)));
    session.on('close', () =>
      this.#settle(new GrpcError(status.UNAVAILABLE, `${this.#doing}: the peer closed the connection`)),
    );
    this.#stream = session.request({
      ...options.metadata,
      ':method': 'POST',
      ':path': METHOD_PATH,
      ':authority': authorityOf(target),
      te: 'trailers',
      'content-type': 'application/grpc',
      'grpc-accept-encoding': 'identity',
      'user-agent': 'parallax',
    });
    this.#listen(this.#stream, keepalive, connectTimer);
    keepalive.onDead = () =>
      this.#settle(new GrpcError(status.UNAVAILABLE, `${this.#doing}: the peer does not answer pings`));
    this.#stream.end(frame(request));
    if (options.signal?.aborted) onAbort();
    else options.signal?.addEventListener('abort', onAbort);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  #listen(stream: ClientHttp2Stream, keepalive: Keepalive, connectTimer: NodeJS.Timeout): void {
    stream.on('response', (headers) => {
      clearTimeout(connectTimer);
      keepalive.start();
      const error = this.#headerError(headers);
      if (error !== undefined) this.#settle(error);
      else if (headers['grpc-status'] !== undefined) this.#settleStatus(headers);
      else this.#options.onOpen?.();
    });
    stream.on('data', (chunk: Buffer) => {
      keepalive.heard();
      this.receivedBytes += chunk.length;
      if (this.#isSettled) return;
      try {
        this.#splitter.write(chunk);
      } catch (error) {
        this.#settle(GrpcError.from(error, this.#doing));
      }
    });
    stream.on('trailers', (trailers) => this.#settleStatus(trailers));
    stream.on('error', (error) => this.#settle(this.#closeError(stream, error)));
    stream.on('close', () => this.#settle(this.#closeError(stream, undefined)));
  }

  /** Why a stream closed without a status: a lost connection closes its streams too, with codes that the peer never sent. */
  #closeError(stream: ClientHttp2Stream, error: Error | undefined): GrpcError {
    if (error !== undefined && !isStreamError(error)) return GrpcError.from(error.cause ?? error, this.#doing);
    if (this.#session.destroyed) {
      return new GrpcError(status.UNAVAILABLE, `${this.#doing}: the peer closed the connection`);
    }
    const code = stream.rstCode ?? 0;
    if (code !== 0) return GrpcError.fromReset(code, this.#doing);
    return new GrpcError(status.UNKNOWN, `${this.#doing}: the stream ended without a status`);
  }

  #headerError(headers: IncomingHttpHeaders & { ':status'?: number | undefined }): GrpcError | undefined {
    const httpStatus = headers[':status'] ?? 0;
    const isGrpc = headers['content-type']?.startsWith('application/grpc') ?? false;
    return httpStatus === 200 && isGrpc ? undefined : GrpcError.fromHttpStatus(httpStatus, this.#doing);
  }

  /** The status may overtake data that is still to be read, so it waits for the end of the stream. */
  #settleStatus(headers: IncomingHttpHeaders): void {
    const code = Number(headers['grpc-status'] ?? status.UNKNOWN);
    const message = decodeMessage(String(headers['grpc-message'] ?? ''));
    const settle = () => {
      if (code !== status.OK) this.#settle(new GrpcError(code, `${this.#doing}: ${message}`));
      else if (!this.#splitter.isAtBoundary) {
        this.#settle(new GrpcError(status.INTERNAL, `${this.#doing}: the stream ended within a message`));
      } else this.#settle();
    };
    if (this.#stream.readableEnded) settle();
    else {
      this.#stream.once('end', settle);
      if (this.#stream.readableFlowing !== false) this.#stream.resume();
    }
  }
}

/** True for Node's word for a stream that was reset, rather than for what befell the connection. */
function isStreamError(error: Error): boolean {
  return (
    'code' in error &&
    (error.code === 'ERR_HTTP2_STREAM_ERROR' || error.code === 'ERR_HTTP2_STREAM_CANCEL') &&
    error.cause === undefined
  );
}

/** Asks with an HTTP/2 ping when nothing was heard for a while. */
class Keepalive {
  onDead: () => void = () => {};
  readonly #intervalMs: number;
  readonly #ping: (answer: () => void) => boolean;
  #timer: NodeJS.Timeout | undefined;
  #hasHeard = false;
  #isAsking = false;

  constructor(intervalMs: number, ping: (answer: () => void) => boolean) {
    this.#intervalMs = intervalMs;
    this.#ping = ping;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#intervalMs);
  }

  heard(): void {
    this.#hasHeard = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#hasHeard) {
      this.#hasHeard = false;
      this.#isAsking = false;
      return;
    }
    if (this.#isAsking) {
      this.onDead();
      return;
    }
    this.#isAsking = true;
    this.#ping(() => this.heard());
  }
}

/** Percent-encoded UTF-8; a peer that encodes wrongly is quoted as it is. */
function decodeMessage(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
