// Access log records as a body of lines, JSON or CSV. Bounded as the frames are: a slow reader pauses the relay's call.

import { csvHead, csvLine } from '#components/access-logs/csv.ts';
import { toLogRow } from '#components/access-logs/log-row.ts';
import { plainJson } from '#components/format/plain-json.ts';
import { AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';
import type { WatchCall, WatchEvents } from './relay-client.ts';

const QUEUE_BYTES = 256 * 1024;

export interface RecordLineOptions {
  readonly open: (events: WatchEvents) => WatchCall;
  readonly format: 'json' | 'csv';
  readonly signal: AbortSignal;
}

export function recordLineStream({ open, format, signal }: RecordLineOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const line = format === 'csv' ? (record: AccessLogRecord) => csvLine(toLogRow(record)) : jsonLine;
  let call: WatchCall | undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        let isOver = false;
        const close = () => {
          if (isOver) return;
          isOver = true;
          signal.removeEventListener('abort', close);
          call?.cancel();
          controller.close();
        };
        if (format === 'csv') controller.enqueue(encoder.encode(csvHead));
        call = open({
          onMessage: (bytes) => {
            if (isOver) return;
            controller.enqueue(encoder.encode(line(AccessLogRecord.decode(bytes))));
            if ((controller.desiredSize ?? 0) <= 0) call?.pause();
          },
          onEnd: (fault) => (fault.code === 'OK' ? close() : controller.error(new Error(fault.text))),
        });
        signal.addEventListener('abort', close);
      },
      pull: () => call?.resume(),
      cancel: () => call?.cancel(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
  );
}

/** Protobuf's JSON form. */
function jsonLine(record: AccessLogRecord): string {
  return `${plainJson(AccessLogRecord.toJSON(record))}\n`;
}
