// parallax.v1.AccessLogs over the records that a relay keeps.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { openLane } from '#observer/fast-lane.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { frame } from '#observer/frame.ts';
import { GrpcError } from '#observer/grpc-error.ts';
import type { GrpcServer } from '#observer/grpc-server.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import {
  AccessLogRecord,
  type AccessLogStory,
  AccessLogsDefinition,
  type ExplainAccessLogRequest,
  type GetAccessLogsRequest,
  type WatchAccessLogsRequest,
} from '#proto/gen/parallax/v1/access_log.ts';
import type { AccessLogs } from './access-logs.ts';
import { LogWatch } from './log-watch.ts';
import { compileRecordFilter, type RecordFilter } from './record-filter.ts';
import { storyOf } from './story.ts';

/** Calls of Watch and Get open at once, each with up to 2 MB for a slow reader and 5 MB of summary: 450 MB at most. */
const maxStreams = 64;
const defaultNumber = 1000;
/** Records looked at before others get their turn. */
const recordsPerTurn = 5000;
/** Bytes waiting for a client, above which Get waits. */
const maxPendingBytes = 1 << 20;
/** How often Get looks for what is new, or whether the client has taken what waited. */
const pollMs = 20;

export interface AccessLogsSource {
  readonly logs: AccessLogs;
  readonly ring: FlowRing;
  readonly nowMs: () => number;
}

export function registerAccessLogs(server: GrpcServer, source: AccessLogsSource): void {
  const ends = new Set<() => void>();
  server.onStop(() => {
    for (const end of ends) end();
  });

  const refuseBeyondBound = () => {
    if (ends.size < maxStreams) return;
    const text = `${maxStreams} pages and scripts read access logs, the most this relay serves; close one.`;
    throw new GrpcError(status.RESOURCE_EXHAUSTED, text);
  };

  const watch = (call: ServerWritableStream<WatchAccessLogsRequest, Uint8Array>) => {
    const filter = filterOf(call.request.filter);
    refuseBeyondBound();
    const one = new LogWatch({
      request: call.request,
      filter,
      logs: source.logs,
      nowMs: source.nowMs,
      onEnd: () => ends.delete(end),
    });
    const lane = openLane(call, {
      onWritten: () => {},
      onClosed: () => one.close(),
      onBypass: (messages) => server.metrics?.noteSent(call.getPath(), messages),
    });
    const end = () => {
      lane.end({ code: status.UNAVAILABLE, message: 'this relay is stopping' });
      one.close();
    };
    ends.add(end);
    one.start(lane);
  };

  const get = async (call: ServerWritableStream<GetAccessLogsRequest, Uint8Array>) => {
    const { request } = call;
    const filter = filterOf(request.filter);
    refuseBeyondBound();
    const passes = (record: AccessLogRecord) => filter(record) && isWithin(record, request.since, request.until);
    const lane = openLane(call, {
      onWritten: () => {},
      onClosed: () => {},
      onBypass: (messages) => server.metrics?.noteSent(call.getPath(), messages),
    });
    const end = () => lane.end({ code: status.UNAVAILABLE, message: 'this relay is stopping' });
    ends.add(end);
    try {
      const { ring } = source.logs;
      const first = await startOf(source.logs, passes, request.number === 0 ? defaultNumber : request.number);
      let position = Math.max(first, ring.oldest);
      while (!lane.isClosed) {
        if (position < ring.oldest) {
          lane.end({ code: status.DATA_LOSS, message: overtakenText(ring.oldest - position) });
          return;
        }
        for (
          let turn = 0;
          turn < recordsPerTurn && position < ring.next && lane.pendingBytes < maxPendingBytes;
          turn += 1
        ) {
          const record = ring.at(position);
          if (record !== undefined && passes(record)) lane.write(frame(AccessLogRecord.encode(record).finish()), 1);
          position += 1;
        }
        if (position >= ring.next && !request.follow) break;
        await new Promise((resume) =>
          setTimeout(resume, position < ring.next && lane.pendingBytes < maxPendingBytes ? 0 : pollMs),
        );
      }
      lane.end();
    } finally {
      ends.delete(end);
    }
  };

  const explain = async ({ number }: ExplainAccessLogRequest): Promise<AccessLogStory> => {
    const record = source.logs.ring.at(Number(number));
    if (record === undefined) {
      const { oldest, next } = source.logs.ring;
      const kept = oldest === next ? 'none is kept now' : `kept are ${oldest} to ${next - 1}`;
      throw new GrpcError(status.NOT_FOUND, `access log record ${number} is not here any more; ${kept}.`);
    }
    return storyOf(record, source.ring);
  };

  server.addService(
    AccessLogsDefinition,
    {
      watch: (call: ServerWritableStream<WatchAccessLogsRequest, Uint8Array>) => {
        try {
          watch(call);
        } catch (error) {
          fail(call, error, 'Watch');
        }
      },
      get: (call: ServerWritableStream<GetAccessLogsRequest, Uint8Array>) => {
        get(call).catch((error: unknown) => fail(call, error, 'Get'));
      },
      explain: (
        call: ServerUnaryCall<ExplainAccessLogRequest, AccessLogStory>,
        answer: sendUnaryData<AccessLogStory>,
      ) => {
        explain(call.request).then(
          (story) => answer(null, story),
          (error: unknown) => {
            const { code, message } = GrpcError.from(error, 'Explain');
            answer({ code, details: message });
          },
        );
      },
    },
    ['watch', 'get'],
  );
}

function overtakenText(records: number): string {
  return `${records} records left this relay's memory before this reader had taken them; read faster, or filter.`;
}

function filterOf(filter: Parameters<typeof compileRecordFilter>[0]): RecordFilter {
  try {
    return compileRecordFilter(filter);
  } catch (error) {
    if (error instanceof RangeError) throw new GrpcError(status.INVALID_ARGUMENT, error.message, { cause: error });
    throw error;
  }
}

function fail(call: ServerWritableStream<unknown, Uint8Array>, error: unknown, doing: string): void {
  const { code, message } = GrpcError.from(error, doing);
  call.emit('error', { code, details: message });
}

/** Number of the first of the last `count` records that pass. */
async function startOf(logs: AccessLogs, passes: RecordFilter, count: number): Promise<number> {
  const { ring } = logs;
  let found = 0;
  let looked = 0;
  for (let number = ring.next - 1; number >= ring.oldest; number -= 1) {
    const record = ring.at(number);
    if (record !== undefined && passes(record)) found += 1;
    if (found === count) return number;
    looked += 1;
    if (looked % recordsPerTurn === 0) await nextTurn();
  }
  return ring.oldest;
}

function isWithin({ received }: AccessLogRecord, since: Timestamp | undefined, until: Timestamp | undefined): boolean {
  if (received === undefined) return true;
  if (since !== undefined && nanosOf(received) < nanosOf(since)) return false;
  return until === undefined || nanosOf(received) <= nanosOf(until);
}

function nanosOf({ seconds, nanos }: Timestamp): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos);
}
