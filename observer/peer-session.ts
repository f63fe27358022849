// One HTTP/2 connection to a peer, and all gRPC calls over it. Raw node:http2, because flows stay bytes and a gRPC client
// library costs three to six times as much a message. A peer counts as connected once it has spoken HTTP/2, not once it has
// answered a call: Go servers send response headers with the first message, which a quiet node may owe for hours.

import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { type CallHandler, receiveCall } from './call-receiver.ts';
import { frame } from './frame.ts';
import { GrpcError } from './grpc-error.ts';
import { type PeerAddress, parsePeerAddress, peerAddressText } from './peer-address.ts';
import { type PeerTarget, secureContextOptions, type TlsClientOptions } from './peer-target.ts';
import type { GenericMethod } from './service-definition.ts';

/**
 * Bytes a peer may send ahead of what we have read. This is also the most that one turn of the event loop takes in from
 * one peer, and so how long clients wait for their turn: 256 KB are some 2 ms.
 */
const defaultWindowBytes = 256 * 1024;
const pingTimeoutMs = 5000;
/** The system asks a silent connection after this time, and gives it up some ten questions later. */
const tcpKeepAliveMs = 10_000;
const defaultConnectTimeoutMs = 5000;
const defaultUnaryTimeoutMs = 5000;

export interface SessionOptions {
  readonly signal?: AbortSignal;
  /** Flow-control window of a stream; the connection's is twice as large. */
  readonly windowBytes?: number;
  readonly connectTimeoutMs?: number;
  /**
   * Finds a connection that died without a word within this time and five seconds. Default: not at all, and TCP finds it
   * within two minutes. Go servers end connections on which pings come without their having sent anything in between, so
   * only sessions may ask for it that make calls as often.
   */
  readonly pingEveryMs?: number;
}

export interface StreamControl {
  pause(): void;
  resume(): void;
  /** Tells the peer to stop; the handler's end is not called. */
  cancel(): void;
}

export interface StreamOptions {
  /** Further request metadata. */
  readonly metadata?: { readonly [name: string]: string };
  /** Default 4 MiB, gRPC's own. */
  readonly maxMessageBytes?: number;
}

export class PeerSession {
  readonly #session: ClientHttp2Session;
  readonly #authority: string;
  #pingTimer: NodeJS.Timeout | undefined;

  private constructor(session: ClientHttp2Session, authority: string, pingEveryMs: number | undefined) {
    this.#session = session;
    this.#authority = authority;
    if (pingEveryMs !== undefined) this.#keepAlive(pingEveryMs);
  }

  /**
   * Connects and waits until the peer has spoken HTTP/2.
   * @throws the connection's error; explainConnectionError puts it into words
   */
  static async connect(target: PeerTarget, options: SessionOptions = {}): Promise<PeerSession> {
    const { signal, windowBytes = defaultWindowBytes, connectTimeoutMs = defaultConnectTimeoutMs } = options;
    signal?.throwIfAborted();
    const address = parsePeerAddress(target.address);
    const authority = authorityOf(address, target.tls);
    const socket = openSocket(address, target.tls).setKeepAlive(true, tcpKeepAliveMs);
    const session = connect(`${target.tls === undefined ? 'http' : 'https'}://${authority}`, {
      createConnection: () => socket,
      settings: { initialWindowSize: windowBytes, enablePush: false },
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (error: unknown) => {
      session.destroy();
      reject(error);
    };
    const silence = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });
    const timer = setTimeout(() => fail(silence), connectTimeoutMs);
    const onAbort = () => fail(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    session.once('remoteSettings', () => resolve());
    session.on('error', fail);
    session.once('close', () => fail(closedByPeer()));
    // What TLS 1.3 refuses after the handshake reaches the socket alone.
    socket.once('error', fail);
    socket.once('close', () => fail(closedByPeer()));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
    session.setLocalWindowSize(2 * windowBytes);
    return new PeerSession(session, authority, options.pingEveryMs);
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  close(): void {
    clearInterval(this.#pingTimer);
    this.#session.destroy();
  }

  /** @throws GrpcError, or the connection's error */
  async unary<Request, Response>(
    service: { readonly fullName: string },
    method: Pick<GenericMethod<Request, Response>, 'name' | 'requestType' | 'responseType'>,
    request: Request,
    timeoutMs = defaultUnaryTimeoutMs,
  ): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    let response: Response | undefined;
    const control = this.stream(service, method, method.requestType.encode(request).finish(), {
      messages: (bytes, starts, ends) => {
        response = method.responseType.decode(bytes.subarray(starts[0], ends[0]));
      },
      end: (error) => {
        if (error !== undefined) reject(error);
        else if (response === undefined) reject(new GrpcError(status.UNKNOWN, 'the peer answered without a message'));
        else resolve(response);
      },
    });
    const timer = setTimeout(() => {
      control.cancel();
      reject(new GrpcError(status.DEADLINE_EXCEEDED, `the peer did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Starts a call with one request and many responses.
   * @param request serialised
   */
  stream(
    service: { readonly fullName: string },
    method: { readonly name: string },
    request: Uint8Array,
    handler: CallHandler,
    { metadata = {}, maxMessageBytes }: StreamOptions = {},
  ): StreamControl {
    const call = this.#session.request({
      ...metadata,
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: `/${service.fullName}/${method.name}`,
      [constants.HTTP2_HEADER_AUTHORITY]: this.#authority,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      te: 'trailers',
      'grpc-accept-encoding': 'identity',
      'user-agent': 'parallax',
    });
    const stop = receiveCall(call, handler, maxMessageBytes);
    call.end(frame(request));
    return {
      pause: () => call.pause(),
      resume: () => call.resume(),
      cancel: () => {
        stop();
        call.close(constants.NGHTTP2_CANCEL);
      },
    };
  }

  #keepAlive(everyMs: number): void {
    this.#pingTimer = setInterval(() => {
      if (!this.isOpen) {
        clearInterval(this.#pingTimer);
        return;
      }
      const deadline = setTimeout(() => {
        this.#session.destroy(Object.assign(new Error('it no longer answers pings'), { code: 'PEER_SILENT' }));
      }, pingTimeoutMs);
      deadline.unref();
      this.#session.ping(() => clearTimeout(deadline));
    }, everyMs);
    this.#pingTimer.unref();
  }
}

/** What requests carry as :authority. */
function authorityOf(address: PeerAddress, tls: TlsClientOptions | undefined): string {
  if (tls?.serverName !== undefined) return tls.serverName;
  return address.kind === 'unix' ? 'localhost' : peerAddressText(address);
}

function openSocket(address: PeerAddress, tls: TlsClientOptions | undefined): Socket {
  const where = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  if (tls === undefined) return connectSocket({ ...where, noDelay: true });
  const name = tls.serverName ?? (address.kind === 'unix' ? 'localhost' : address.host);
  return connectTls({
    ...where,
    ...secureContextOptions(tls),
    servername: name,
    rejectUnauthorized: tls.skipVerification !== true,
    ALPNProtocols: ['h2'],
  });
}

function closedByPeer(): Error {
  return Object.assign(new Error('the peer closed the connection'), { code: 'ECONNRESET' });
}
