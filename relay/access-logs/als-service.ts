// envoy.service.accesslog.v3.AccessLogService: any Envoy streams its log here. The protocol has no acknowledgement, and says
// who sends only in a stream's first message; so one that breaks its rules is ended with the reason, which makes Envoy
// connect anew.

import { type ServerReadableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import type { GrpcServer } from '#observer/grpc-server.ts';
import { toMethodDefinition } from '#observer/service-definition.ts';
import {
  AccessLogServiceDefinition,
  StreamAccessLogsMessage,
  StreamAccessLogsResponse,
} from '#proto/gen/envoy/service/accesslog/v3/als.ts';
import type { AccessLogOrigin } from '#proto/gen/parallax/v1/access_log.ts';
import type { AccessLogs } from './access-logs.ts';
import { originOf } from './proxy-identity.ts';

/** Streams open at once: a proxy has one for each of its logs, HTTP and TCP. */
const maxStreams = 4096;
/** Unreadable messages after which a stream is ended. */
const maxFaults = 10;

export interface AlsService {
  /** Streams that are open. */
  readonly streams: number;
}

type Call = ServerReadableStream<Uint8Array, StreamAccessLogsResponse>;

export function registerAccessLogService(server: GrpcServer, logs: AccessLogs): AlsService {
  const open = new Set<Call>();
  server.onStop(() => {
    for (const call of open) call.emit('error', { code: status.UNAVAILABLE, details: 'this relay is stopping' });
  });
  const { fullName, methods } = AccessLogServiceDefinition;
  const definition = {
    ...toMethodDefinition(fullName, methods.streamAccessLogs),
    // As bytes: a message that cannot be read is counted and costs its entries only, not the stream.
    requestDeserialize: (bytes: Buffer) => bytes,
  };
  server.server.addService(
    { streamAccessLogs: definition },
    {
      streamAccessLogs: (call: Call, answer: sendUnaryData<StreamAccessLogsResponse>) => {
        if (open.size >= maxStreams) {
          answer({
            code: status.RESOURCE_EXHAUSTED,
            details: `${maxStreams} streams of access logs are open, the most this relay takes; send some to another.`,
          });
          return;
        }
        open.add(call);
        readStream(call, logs, (error) => {
          if (!open.delete(call)) return;
          if (error === undefined) answer(null, StreamAccessLogsResponse.create());
          else answer(error);
        });
      },
    },
  );
  return {
    get streams() {
      return open.size;
    },
  };
}

function readStream(call: Call, logs: AccessLogs, end: (error?: { code: status; details: string }) => void): void {
  let origin: AccessLogOrigin | undefined;
  let faults = 0;
  const refuse = (details: string) => {
    call.removeAllListeners('data');
    call.resume();
    end({ code: status.INVALID_ARGUMENT, details });
  };
  call.on('data', (bytes: Uint8Array) => {
    const message = decode(bytes);
    if (message === undefined) {
      logs.lose('message that cannot be read');
      faults += 1;
      if (faults >= maxFaults) refuse(`${faults} messages of this stream were no StreamAccessLogsMessage.`);
      return;
    }
    if (message.identifier !== undefined) origin = originOf(message.identifier.logName, message.identifier.node);
    if (origin === undefined) {
      logs.lose('message that cannot be read');
      refuse('the first message of a stream must have an identifier: without it nobody knows whose log this is.');
      return;
    }
    if (takeEntries(message, bytes.length, origin, logs) === 0) logs.lose('message without entries');
  });
  call.once('end', () => end());
  call.once('cancelled', () => end());
  call.once('error', () => end());
}

function decode(bytes: Uint8Array): StreamAccessLogsMessage | undefined {
  try {
    return StreamAccessLogsMessage.decode(bytes);
  } catch {
    return undefined;
  }
}

/** @returns how many there were; a message that only says who sends counts as one */
function takeEntries(
  { identifier, logEntries }: StreamAccessLogsMessage,
  bytes: number,
  origin: AccessLogOrigin,
  logs: AccessLogs,
): number {
  if (logEntries === undefined) return identifier === undefined ? 0 : 1;
  const count = logEntries.value.logEntry.length;
  const size = Math.ceil(bytes / Math.max(1, count));
  if (logEntries.$case === 'httpLogs') {
    for (const value of logEntries.value.logEntry) logs.take({ entry: { $case: 'http', value }, origin }, size);
  } else {
    for (const value of logEntries.value.logEntry) logs.take({ entry: { $case: 'tcp', value }, origin }, size);
  }
  return count;
}
