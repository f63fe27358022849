// One HTTP/2 connection to a peer, and all gRPC calls over it. Raw node:http2, because flows stay bytes and a gRPC client
// library costs three to six times as much a message. A peer counts as connected once it has spoken HTTP/2, not once it has
// answered a call: Go servers send response headers with the first message, which a quiet node may owe for hours.

import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { frame } from '#observer/frame.ts';
import { GrpcError } from '#observer/grpc-error.ts';
import { MessageSplitter, type OnMessages } from '#observer/message-splitter.ts';
import { type PeerAddress, peerAddressText } from './peer-address.ts';

/**
 * Bytes a peer may send ahead of what we have read. This is also the most that one turn of the event loop takes in from
 * one peer, and so how long clients wait for their turn: 256 KB are some 2 ms.
 */
const streamWindowBytes = 256 * 1024;
const connectionWindowBytes = 512 * 1024;
/** A connection that died without a word is found out within the sum of these. */
const pingIntervalMs = 5000;
const pingTimeoutMs = 5000;
const connectTimeoutMs = 5000;
/** gRPC's own default. */
const maxMessageBytes = 4 * 1024 * 1024;

interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

export interface Method<Request, Response> {
  readonly name: string;
  readonly requestType: MessageType<Request>;
  readonly responseType: MessageType<Response>;
}

export interface Service {
  readonly fullName: string;
}

export interface StreamHandler {
  /** Messages bytes[starts[i], ends[i]). The bytes may be kept: Node never writes to a chunk that it has handed out. */
  readonly messages: OnMessages;
  /** Once, at the end. Undefined: ended with status OK. */
  end(error: Error | undefined): void;
}

export interface StreamControl {
  pause(): void;
  resume(): void;
  cancel(): void;
}

export class PeerSession {
  readonly #session: ClientHttp2Session;
  readonly #authority: string;
  #pingTimer: NodeJS.Timeout | undefined;

  private constructor(session: ClientHttp2Session, authority: string) {
    this.#session = session;
    this.#authority = authority;
    this.#keepAlive();
  }

  /**
   * Connects and waits until the peer has spoken HTTP/2.
   * @param tls undefined for plaintext
   * @throws the connection's error; explainConnectionError puts it into words
   */
  static async connect(
    address: PeerAddress,
    tls: { readonly context: SecureContextOptions; readonly serverName: string } | undefined,
    signal: AbortSignal,
  ): Promise<PeerSession> {
    signal.throwIfAborted();
    const authority = address.kind === 'unix' ? 'localhost' : peerAddressText(address);
    const session = connect(`${tls === undefined ? 'http' : 'https'}://${authority}`, {
      createConnection: () => openSocket(address, tls),
      settings: { initialWindowSize: streamWindowBytes, enablePush: false },
    });
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => {
        session.destroy();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
        connectTimeoutMs,
      );
      const onAbort = () => fail(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      session.once('remoteSettings', () => {
        settle();
        resolve();
      });
      session.on('error', (error) => {
        settle();
        fail(error);
      });
      session.once('close', () => {
        settle();
        fail(Object.assign(new Error('the peer closed the connection'), { code: 'ECONNRESET' }));
      });
    });
    session.setLocalWindowSize(connectionWindowBytes);
    return new PeerSession(session, authority);
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
    service: Service,
    method: Method<Request, Response>,
    request: Request,
    timeoutMs = 5000,
  ): Promise<Response> {
    return await new Promise<Response>((resolve, reject) => {
      let response: Response | undefined;
      const control = this.stream(service, method, request, {
        messages: (bytes, starts, ends) => {
          response = method.responseType.decode(bytes.subarray(starts[0], ends[0]));
        },
        end: (error) => {
          clearTimeout(timer);
          if (error !== undefined) reject(error);
          else if (response === undefined) reject(new GrpcError(status.UNKNOWN, 'the peer answered without a message'));
          else resolve(response);
        },
      });
      const timer = setTimeout(() => {
        reject(new GrpcError(status.DEADLINE_EXCEEDED, `the peer did not answer within ${timeoutMs} ms`));
        control.cancel();
      }, timeoutMs);
    });
  }

  /** Starts a call with one request and many responses. */
  stream<Request>(
    service: Service,
    method: Pick<Method<Request, never>, 'name' | 'requestType'>,
    request: Request,
    handler: StreamHandler,
  ): StreamControl {
    const call = this.#session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: `/${service.fullName}/${method.name}`,
      [constants.HTTP2_HEADER_AUTHORITY]: this.#authority,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      te: 'trailers',
    });
    receive(call, handler);
    call.end(frame(method.requestType.encode(request).finish()));
    return {
      pause: () => call.pause(),
      resume: () => call.resume(),
      cancel: () => call.close(constants.NGHTTP2_CANCEL),
    };
  }

  #keepAlive(): void {
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
    }, pingIntervalMs);
    this.#pingTimer.unref();
  }
}

function openSocket(
  address: PeerAddress,
  tls: { readonly context: SecureContextOptions; readonly serverName: string } | undefined,
): Socket {
  const target = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  if (tls === undefined) return connectSocket({ ...target, noDelay: true });
  return connectTls({ ...target, ...tls.context, servername: tls.serverName, ALPNProtocols: ['h2'] });
}

/** Splits the call's DATA into messages and its end into one call of handler.end. */
function receive(call: ClientHttp2Stream, handler: StreamHandler): void {
  let outcome: Error | undefined | 'none' = 'none';
  let isEnded = false;
  const splitter = new MessageSplitter(maxMessageBytes, handler.messages);
  const noteStatus = (headers: Record<string, string | string[] | number | undefined>) => {
    const code = headers['grpc-status'];
    if (code !== undefined) outcome = statusError(Number(code), String(headers['grpc-message'] ?? ''));
    else if (headers[':status'] !== undefined && headers[':status'] !== 200) {
      outcome = GrpcError.fromHttpStatus(Number(headers[':status']), 'the peer');
    }
  };
  const finish = (error: Error | undefined) => {
    if (isEnded) return;
    isEnded = true;
    handler.end(error);
  };
  call.on('response', (headers) => noteStatus(headers));
  call.on('trailers', (headers) => noteStatus(headers));
  call.on('data', (chunk: Uint8Array) => {
    try {
      splitter.write(chunk);
    } catch (error) {
      finish(error as Error);
      call.close(constants.NGHTTP2_CANCEL);
    }
  });
  call.on('error', (error) => finish(error));
  call.on('close', () => {
    if (outcome !== 'none') finish(outcome);
    else finish(new GrpcError(status.UNAVAILABLE, 'the connection ended in the middle of the stream'));
  });
}

function statusError(code: status, message: string): GrpcError | undefined {
  if (code === status.OK) return undefined;
  let text = message;
  try {
    text = decodeURIComponent(message);
  } catch {
    // A message that is not percent-encoded as it should be is shown as it came.
  }
  return new GrpcError(code, text);
}
