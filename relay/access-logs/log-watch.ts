// One AccessLogs/Watch call: records every 100 ms as far as a person can read them, a summary of the window every second.
// Reads the ring from a number of its own; what a slow reader cannot take is left out and counted.

import { status } from '@grpc/grpc-js';
import type { Lane } from '#observer/fast-lane.ts';
import { frame } from '#observer/frame.ts';
import {
  AccessLogBatch,
  type AccessLogRecord,
  type WatchAccessLogsRequest,
  WatchAccessLogsResponse,
} from '#proto/gen/parallax/v1/access_log.ts';
import type { AccessLogs } from './access-logs.ts';
import type { RecordFilter } from './record-filter.ts';
import { Summary } from './summary.ts';

const rowsIntervalMs = 100;
/** In row intervals. */
const summaryEvery = 10;
const defaultRowsPerSecond = 200;
const defaultWindowSeconds = 300;
const maxWindowSeconds = 3600;
const maxHistoryRows = 10_000;
/** Rows of history in one message: some 500 KB. */
const historyBatchRows = 500;
/** Records looked at in one turn, some 20 ms; the rest comes next time. */
const maxPerBeat = 20_000;
/** Bytes waiting for a reader, above which nothing is added. */
const maxPendingBytes = 2 * 1024 * 1024;
/** A reader that stays above for this long is cut. */
const maxStallMs = 30_000;

export interface LogWatchOptions {
  readonly request: WatchAccessLogsRequest;
  readonly filter: RecordFilter;
  readonly logs: AccessLogs;
  readonly nowMs: () => number;
  readonly onEnd: () => void;
}

export class LogWatch {
  readonly #options: LogWatchOptions;
  readonly #summary: Summary;
  readonly #rowsPerSecond: number;
  /** Where live rows begin: what lies before is history, which the summary reads as well. */
  readonly #liveFrom: number;
  #position: number;
  #allowance: number;
  #lane: Lane | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round = 0;
  #stalledSinceMs: number | undefined;
  #unsent = { matched: 0, skipped: 0, lost: 0 };
  #isOver = false;

  constructor(options: LogWatchOptions) {
    this.#options = options;
    const { windowSeconds, maxRowsPerSecond } = options.request;
    this.#summary = new Summary(Math.min(maxWindowSeconds, windowSeconds === 0 ? defaultWindowSeconds : windowSeconds));
    this.#rowsPerSecond = maxRowsPerSecond === 0 ? defaultRowsPerSecond : maxRowsPerSecond;
    this.#allowance = this.#rowsPerSecond;
    // From the oldest, so that the summary tells of all that is kept; the first beats only catch up.
    this.#position = options.logs.ring.oldest;
    this.#liveFrom = options.logs.ring.next;
  }

  start(lane: Lane): void {
    this.#lane = lane;
    this.#sendHistory(lane);
    this.#beat();
    this.#timer = setInterval(() => this.#beat(), rowsIntervalMs);
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#options.onEnd();
  }

  /** The last matching records, which the summary counts as well. */
  #sendHistory(lane: Lane): void {
    const { ring } = this.#options.logs;
    const wanted = Math.min(this.#options.request.historyRows, maxHistoryRows);
    const records: AccessLogRecord[] = [];
    let number = this.#liveFrom - 1;
    for (let looked = 0; number >= ring.oldest && records.length < wanted && looked < maxPerBeat * 5; looked += 1) {
      const record = ring.at(number);
      if (record !== undefined && this.#options.filter(record)) records.push(record);
      number -= 1;
    }
    records.reverse();
    for (let at = 0; at < records.length; at += historyBatchRows) {
      const batch = records.slice(at, at + historyBatchRows);
      this.#sendBatch(lane, batch, { matched: batch.length, skipped: 0, lost: 0 }, true);
    }
  }

  #beat(): void {
    const lane = this.#lane;
    if (lane === undefined || this.#isOver) return;
    if (lane.isClosed) {
      this.close();
      return;
    }
    const isStalled = lane.pendingBytes > maxPendingBytes;
    this.#readRecords(lane, isStalled);
    if (this.#hasStalledTooLong(isStalled)) {
      const message = `the reader took nothing for ${maxStallMs / 1000} s; call again when it can.`;
      lane.end({ code: status.RESOURCE_EXHAUSTED, message });
      this.close();
      return;
    }
    if (!isStalled && this.#round % summaryEvery === 0) this.#sendSummary(lane);
    this.#round += 1;
  }

  #readRecords(lane: Lane, isStalled: boolean): void {
    const { logs, filter, nowMs } = this.#options;
    const { ring } = logs;
    if (this.#position < ring.oldest) {
      this.#unsent.lost += ring.oldest - Math.max(this.#position, this.#liveFrom);
      this.#position = ring.oldest;
    }
    const to = Math.min(ring.next, this.#position + maxPerBeat);
    const shown: AccessLogRecord[] = [];
    this.#allowance = Math.min(this.#rowsPerSecond, this.#allowance + (this.#rowsPerSecond * rowsIntervalMs) / 1000);
    for (; this.#position < to; this.#position += 1) {
      const record = ring.at(this.#position);
      if (record === undefined || !filter(record)) continue;
      if (!record.intermediate) this.#summary.add(record, receivedMs(record, nowMs()));
      if (this.#position < this.#liveFrom) continue;
      this.#unsent.matched += 1;
      if (!isStalled && this.#allowance >= 1) {
        this.#allowance -= 1;
        shown.push(record);
      } else this.#unsent.skipped += 1;
    }
    if (isStalled || (this.#unsent.matched === 0 && this.#unsent.lost <= 0)) return;
    this.#sendBatch(lane, shown, this.#unsent, false);
    this.#unsent = { matched: 0, skipped: 0, lost: 0 };
  }

  #sendBatch(
    lane: Lane,
    records: AccessLogRecord[],
    figures: { matched: number; skipped: number; lost: number },
    history: boolean,
  ): void {
    const value: AccessLogBatch = {
      ...AccessLogBatch.create(),
      records,
      matched: BigInt(figures.matched),
      skipped: BigInt(figures.skipped),
      lost: BigInt(Math.max(0, figures.lost)),
      history,
    };
    this.#send(lane, { $case: 'batch', value });
  }

  #sendSummary(lane: Lane): void {
    const { logs, nowMs } = this.#options;
    const oldest = logs.ring.at(logs.ring.oldest)?.received;
    const summary = this.#summary.summarise(nowMs());
    const value = { ...summary, silent: !logs.isInUse, kept: BigInt(logs.ring.next - logs.ring.oldest), oldest };
    this.#send(lane, { $case: 'summary', value });
  }

  #send(lane: Lane, message: NonNullable<WatchAccessLogsResponse['message']>): void {
    lane.write(frame(WatchAccessLogsResponse.encode({ message }).finish()), 1);
  }

  #hasStalledTooLong(isStalled: boolean): boolean {
    if (!isStalled) this.#stalledSinceMs = undefined;
    else this.#stalledSinceMs ??= this.#options.nowMs();
    return this.#stalledSinceMs !== undefined && this.#options.nowMs() - this.#stalledSinceMs >= maxStallMs;
  }
}

function receivedMs({ received }: AccessLogRecord, fallback: number): number {
  return received === undefined ? fallback : Number(received.seconds) * 1000 + received.nanos / 1e6;
}
