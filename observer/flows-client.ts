// GetFlows of a server for those who ask once: a connection for one stream, closed with it. Messages stay bytes.

import { status } from '@grpc/grpc-js';
import { ObserverDefinition } from '#proto/gen/observer/observer.ts';
import { explainConnectionError } from './connection-error.ts';
import { GrpcError } from './grpc-error.ts';
import type { OnMessages } from './message-splitter.ts';
import { PeerSession, type SessionOptions, type StreamControl, type StreamOptions } from './peer-session.ts';
import type { PeerTarget } from './peer-target.ts';

export interface FlowStreamRequest extends Omit<SessionOptions, 'pingEveryMs'>, StreamOptions {
  /** Called for each piece of the stream, in order; it must not throw. `signal` ends the stream with CANCELLED. */
  readonly onMessages: OnMessages;
  /** The peer has answered with headers. */
  readonly onOpen?: () => void;
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

/** Flows of the past come in large answers. */
const maxMessageBytes = 16 * 1024 * 1024;

/** @param request a serialised GetFlowsRequest */
export function openFlowStream(target: PeerTarget, request: Uint8Array, options: FlowStreamRequest): FlowStreamHandle {
  const doing = `GetFlows of ${target.address}`;
  let control: StreamControl | undefined;
  let isPaused = false;
  let receivedBytes = 0;
  const run = async () => {
    const session = await PeerSession.connect(target, { windowBytes: 512 * 1024, ...options });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => {
      control?.cancel();
      reject(new GrpcError(status.CANCELLED, 'cancelled'));
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      control = session.stream(
        ObserverDefinition,
        ObserverDefinition.methods.getFlows,
        request,
        {
          messages: (bytes, starts, ends, count) => {
            for (let i = 0; i < count; i++) receivedBytes += (ends[i] as number) - (starts[i] as number);
            options.onMessages(bytes, starts, ends, count);
          },
          ...(options.onOpen === undefined ? {} : { opened: options.onOpen }),
          end: (error) => (error === undefined ? resolve() : reject(error)),
        },
        { maxMessageBytes, ...options },
      );
      if (isPaused) control.pause();
      await promise;
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
      // In the next turn: at once, the RST_STREAM that tells the peer to stop would not leave.
      setImmediate(() => session.close());
    }
  };
  const fail = (error: unknown): GrpcError => {
    if (options.signal?.aborted) return new GrpcError(status.CANCELLED, `${doing}: cancelled`);
    if (error instanceof GrpcError) return new GrpcError(error.code, `${doing}: ${error.message}`);
    const reason = explainConnectionError(error, target.tls !== undefined);
    return new GrpcError(status.UNAVAILABLE, `${doing}: ${reason}`, { cause: error });
  };
  return {
    done: run().catch((error: unknown) => {
      throw fail(error);
    }),
    get receivedBytes() {
      return receivedBytes;
    },
    pause: () => {
      isPaused = true;
      control?.pause();
    },
    resume: () => {
      isPaused = false;
      control?.resume();
    },
  };
}
