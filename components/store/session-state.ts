// What one watch knows: the state behind a (filter, window). One owner, no waiting inside: messages go in, the parts a
// tab asks for come out. Each part has a number that grows when it changes, so that a commit carries only news.

import { emptyMap } from './empty-map.ts';
import { type RawFlowBatch, readWatchMessage } from './flow-batch.ts';
import { foldMap } from './map-fold.ts';
import type { Connection, Counters } from './messages.ts';
import { rowDraft } from './row-from-flow.ts';
import { RowRing } from './row-ring.ts';
import type { ServiceMapModel } from './service-map-model.ts';
import { type StatusModel, statusModel } from './status-model.ts';
import { Timeline } from './timeline.ts';

export class SessionState {
  readonly rows: RowRing;
  readonly timeline = new Timeline();
  map: ServiceMapModel = emptyMap;
  mapNumber = 0;
  status: StatusModel | undefined;
  statusNumber = 0;
  connection: Connection = { state: 'connecting' };
  /** Flows that could not be read; shown as lost, since the reader does not see them. */
  unreadable = 0;
  #counts = { matched: 0, skipped: 0, lost: 0 };
  #gap: Counters['gap'];
  #newestMs = 0;
  #resuming = false;

  constructor(rows = new RowRing()) {
    this.rows = rows;
  }

  /** The next history is a resumption: where it starts after the newest row, something is missing between. */
  markResumed(): void {
    this.#resuming = this.#newestMs > 0;
  }

  /** @param message an encoded parallax.v1.WatchResponse. */
  apply(message: Uint8Array, nowMs: number): void {
    const read = readWatchMessage(message);
    if (read?.kind === 'flows') this.#addBatch(read.batch, read.timeMs || nowMs);
    if (read?.kind === 'map') {
      this.map = foldMap(this.map, read.map);
      this.mapNumber++;
    }
    if (read?.kind === 'status') {
      this.status = statusModel(read.status);
      this.statusNumber++;
    }
  }

  counters(nowMs: number): Counters {
    const { matched, skipped, lost } = this.#counts;
    return {
      flowsPerSecond: this.timeline.rate(nowMs),
      matched,
      skipped,
      lost: lost + this.unreadable,
      gap: this.#gap,
    };
  }

  #addBatch(batch: RawFlowBatch, timeMs: number): void {
    this.#counts.matched += batch.matched;
    this.#counts.skipped += batch.history ? 0 : batch.skipped;
    this.#counts.lost += batch.lost;
    if (!batch.history) this.timeline.addMatched(timeMs, batch.matched);
    for (const response of batch.responses) this.#addFlow(response, batch.history);
  }

  #addFlow(response: Uint8Array, history: boolean): void {
    const draft = readable(response);
    if (draft === 'unreadable') {
      this.unreadable++;
      return;
    }
    if (draft === undefined) return;
    const { timeMs } = draft.row;
    if (this.#resuming && history) this.#noteGap(timeMs);
    const row = this.rows.add(draft, response);
    if (row === undefined) return;
    if (history) this.timeline.addMatched(timeMs, 1);
    if (row.verdict === 'dropped') this.timeline.addDropped(timeMs);
    else if (row.outcome === 'server') this.timeline.addError(timeMs);
    this.#newestMs = Math.max(this.#newestMs, timeMs);
  }

  #noteGap(oldestMs: number): void {
    this.#resuming = false;
    this.#gap = oldestMs > this.#newestMs ? { fromMs: this.#newestMs, toMs: oldestMs } : this.#gap;
  }
}

function readable(response: Uint8Array): ReturnType<typeof rowDraft> | 'unreadable' {
  try {
    return rowDraft(response);
  } catch {
    return 'unreadable';
  }
}
