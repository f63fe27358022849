// The answer to one gRPC call over node:http2: DATA cut into messages, and whatever ends it turned into one outcome.

import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { GrpcError } from './grpc-error.ts';
import { MessageSplitter, type OnMessages } from './message-splitter.ts';

const defaultMaxMessageBytes = 4 * 1024 * 1024;

export interface CallHandler {
  /** Messages bytes[starts[i], ends[i]). The bytes may be kept: Node never writes to a chunk that it has handed out. */
  readonly messages: OnMessages;
  /** The peer has answered with headers; Go servers do so with the first message only. */
  readonly opened?: () => void;
  /** Once, at the end. Undefined: ended with status OK. Else a GrpcError, or the connection's own error. */
  end(error: Error | undefined): void;
}

/** @returns a function after which the handler hears no more */
export function receiveCall(
  call: ClientHttp2Stream,
  handler: CallHandler,
  maxMessageBytes = defaultMaxMessageBytes,
): () => void {
  const { session } = call;
  let isEnded = false;
  /** grpc-status as it came; undefined before. */
  let ended: { readonly error: GrpcError | undefined } | undefined;
  const finish = (error: Error | undefined) => {
    if (isEnded) return;
    isEnded = true;
    handler.end(error);
  };
  const refuse = (error: Error) => {
    finish(error);
    call.close(constants.NGHTTP2_CANCEL);
  };
  const splitter = new MessageSplitter(maxMessageBytes, handler.messages);
  call.on('response', (headers) => {
    const httpStatus = headers[':status'] ?? 0;
    const isGrpc = headers['content-type']?.startsWith('application/grpc') ?? false;
    if (httpStatus !== 200 || !isGrpc) refuse(GrpcError.fromHttpStatus(httpStatus, 'the peer'));
    else if (headers['grpc-status'] !== undefined) ended = { error: statusError(headers) };
    else handler.opened?.();
  });
  call.on('trailers', (trailers) => {
    ended ??= { error: statusError(trailers) };
  });
  call.on('data', (chunk: Uint8Array) => {
    if (isEnded) return;
    try {
      splitter.write(chunk);
    } catch (error) {
      refuse(error as Error);
    }
  });
  call.on('error', (error) => {
    // A reset has its code, which 'close' turns into words; anything else is the connection's.
    if (!isReset(error)) finish(error.cause instanceof Error ? error.cause : error);
  });
  // Comes after all data was read, also where the status overtook it.
  call.on('close', () => {
    if (ended?.error !== undefined) finish(ended.error);
    else if (ended !== undefined && splitter.isAtBoundary) finish(undefined);
    else if (ended !== undefined) finish(new GrpcError(status.INTERNAL, 'the stream ended within a message'));
    else if (session?.destroyed !== false) finish(new GrpcError(status.UNAVAILABLE, 'the peer closed the connection'));
    else if (call.rstCode !== undefined && call.rstCode !== 0) finish(GrpcError.fromReset(call.rstCode));
    else finish(new GrpcError(status.UNKNOWN, 'the stream ended without a status'));
  });
  return () => {
    isEnded = true;
  };
}

/** True for Node's word for a stream that was reset, rather than for what befell the connection. */
function isReset(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  return (code === 'ERR_HTTP2_STREAM_ERROR' || code === 'ERR_HTTP2_STREAM_CANCEL') && error.cause === undefined;
}

function statusError(headers: IncomingHttpHeaders): GrpcError | undefined {
  const code = Number(headers['grpc-status'] ?? status.UNKNOWN);
  if (code === status.OK) return undefined;
  return new GrpcError(code, decodeMessage(String(headers['grpc-message'] ?? '')));
}

/** Percent-encoded UTF-8; a peer that encodes wrongly is quoted as it is. */
function decodeMessage(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
