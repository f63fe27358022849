// One Watch call: rows every 100 ms, the map's changes every 500 ms, the status every second, all on one stream. What a
// slow reader cannot take is left out and counted; one that takes nothing for long is cut.

import { status } from '@grpc/grpc-js';
import type { CompiledFilter } from '#flow/filter/compile.ts';
import type { Lane } from '#observer/fast-lane.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { frame } from '#observer/frame.ts';
import { type ServiceMap, type Status, type WatchRequest, WatchResponse } from '#proto/gen/parallax/v1/dashboard.ts';
import type { RelayTime } from '../relay-time.ts';
import { mapChange } from '../service-map/map-change.ts';
import { encodeFlowBatch } from './flow-batch.ts';
import { FlowRows } from './flow-rows.ts';
import type { MapView } from './map-source.ts';

const rowsIntervalMs = 100;
/** In row intervals. */
const mapEvery = 5;
const statusEvery = 10;
const defaultRowsPerSecond = 200;
/** Rows of history in one message: some 500 KB. */
const historyBatchRows = 500;
/** Bytes waiting for a reader, above which nothing is added: some ten seconds of rows at the default rate. */
const maxPendingBytes = 2 * 1024 * 1024;
/** A reader that stays above for this long is cut. */
const maxStallMs = 30_000;

export interface WatchOptions {
  readonly request: WatchRequest;
  readonly filter: CompiledFilter;
  readonly ring: FlowRing;
  readonly time: RelayTime;
  readonly mapView: MapView | undefined;
  readonly currentStatus: () => Status;
  /** Called once when the call is over for whatever reason. */
  readonly onEnd: () => void;
}

export class Watch {
  readonly #options: WatchOptions;
  readonly #rows: FlowRows | undefined;
  #lane: Lane | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round = 0;
  #sentMap: ServiceMap | undefined;
  #stalledSinceMs: number | undefined;
  /** Figures of rounds in which nothing could be sent. */
  #unsent = { matched: 0, skipped: 0, lost: 0 };
  #isOver = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    const { request, ring, filter, time } = options;
    const rowsPerSecond = request.maxRowsPerSecond === 0 ? defaultRowsPerSecond : request.maxRowsPerSecond;
    if (request.flows) this.#rows = new FlowRows(ring, filter, rowsPerSecond, time.nowMs());
  }

  start(lane: Lane): void {
    this.#lane = lane;
    // The map first: it is what a page waits for, and rows of history can be two megabytes.
    if (this.#options.request.status) this.#send(lane, { $case: 'status', value: this.#options.currentStatus() });
    this.#hurryMap(lane);
    const { historyRows } = this.#options.request;
    const history = historyRows === 0 ? undefined : this.#rows?.history(historyRows);
    if (history === undefined) this.#goOn(lane);
    else this.#sendHistory(lane, history);
  }

  /** Live from here on. */
  #goOn(lane: Lane): void {
    this.#beat();
    if (!this.#isOver) this.#timer = setInterval(() => this.#orEnd(lane, () => this.#beat()), rowsIntervalMs);
  }

  /** Stops everything at once. The lane is closed already, or is to be ended by the caller. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#options.mapView?.release();
    this.#options.onEnd();
  }

  #sendHistory(lane: Lane, history: ReturnType<FlowRows['history']>): void {
    if (this.#isOver || lane.isClosed) return;
    const { value: sequences, done } = history.next();
    if (done !== true) {
      setImmediate(() => this.#orEnd(lane, () => this.#sendHistory(lane, history)));
      return;
    }
    for (let at = 0; at < sequences.length; at += historyBatchRows) {
      const batch = sequences.slice(at, at + historyBatchRows);
      this.#sendRows(lane, batch, { matched: batch.length, skipped: 0, lost: 0, history: true });
    }
    this.#goOn(lane);
  }

  /** What cannot be made or sent for one page ends that page's call, and nothing else. */
  #orEnd(lane: Lane, work: () => void): void {
    try {
      work();
    } catch (error) {
      lane.end({ code: status.INTERNAL, message: `the page could not be served: ${String(error)}` });
      this.close();
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
    this.#beatRows(lane, isStalled);
    if (this.#hasStalledTooLong(isStalled)) {
      const message = `the reader took nothing for ${maxStallMs / 1000} s; call again when it can.`;
      lane.end({ code: status.RESOURCE_EXHAUSTED, message });
      this.close();
      return;
    }
    if (!isStalled && this.#round % mapEvery === 0) this.#sendMap(lane);
    if (!isStalled && this.#options.request.status && this.#round % statusEvery === 0) {
      this.#send(lane, { $case: 'status', value: this.#options.currentStatus() });
    }
    this.#round += 1;
  }

  #beatRows(lane: Lane, isStalled: boolean): void {
    if (this.#rows === undefined) return;
    const { sequences, matched, skipped, lost } = this.#rows.read(this.#options.time.nowMs(), isStalled);
    const unsent = this.#unsent;
    unsent.matched += matched;
    unsent.skipped += skipped;
    unsent.lost += lost;
    if (isStalled || (sequences.length === 0 && unsent.matched === 0 && unsent.lost === 0)) return;
    this.#unsent = { matched: 0, skipped: 0, lost: 0 };
    this.#sendRows(lane, sequences, { ...unsent, history: false });
  }

  #sendRows(lane: Lane, sequences: readonly number[], figures: Parameters<typeof encodeFlowBatch>[2]): void {
    const responses = sequences.map((sequence) => this.#options.ring.messageAt(sequence));
    lane.write(encodeFlowBatch(this.#options.time.now(), responses, figures), 1);
  }

  /** A filtered map is made in slices: until there is one, the next slice comes as soon as others had their turn. */
  #hurryMap(lane: Lane): void {
    if (this.#isOver || lane.isClosed || this.#options.mapView === undefined) return;
    this.#sendMap(lane);
    if (this.#sentMap === undefined) setImmediate(() => this.#orEnd(lane, () => this.#hurryMap(lane)));
  }

  #sendMap(lane: Lane): void {
    const map = this.#options.mapView?.current();
    if (map === undefined || map === this.#sentMap) return;
    const value = this.#sentMap === undefined ? map : mapChange(this.#sentMap, map);
    this.#sentMap = map;
    this.#send(lane, { $case: 'serviceMap', value });
  }

  #send(lane: Lane, message: NonNullable<WatchResponse['message']>): void {
    const time = this.#options.time.now();
    lane.write(frame(WatchResponse.encode({ time, message }).finish()), 1);
  }

  #hasStalledTooLong(isStalled: boolean): boolean {
    const nowMs = this.#options.time.nowMs();
    if (!isStalled) this.#stalledSinceMs = undefined;
    else this.#stalledSinceMs ??= nowMs;
    return this.#stalledSinceMs !== undefined && nowMs - this.#stalledSinceMs >= maxStallMs;
  }
}
