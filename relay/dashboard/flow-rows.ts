// The flows part of one Watch: reads the ring from a position of its own, picks what matches, and makes batches. It is
// called at an interval and never holds messages between calls.

import type { CompiledFilter } from '#flow/filter/compile.ts';
import { KIND_LOST_EVENTS } from '#observer/columns.ts';
import { BLOCK, FilterPlan, MARK_FLOW, MARK_NONE } from '#observer/filter-plan.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { lostEventsOf } from '#observer/kept-message.ts';
import { type RowEnds, RowSampler } from './row-sampler.ts';

/** Rows of the ring that a page may ask for first: some 10 MB. */
const maxHistoryRows = 10_000;
/** Node status and lost events in one batch; they are few, and what is beyond is counted as skipped. */
const maxEvents = 100;
/** Longest run of one call before others get their turn; what is left comes next time. */
const sliceMs = 10;
/** Work for the history of one page: some 80,000 flows that must be decoded to answer. */
const maxHistoryMs = 2_000;

export interface Rows {
  /** Sequences in the ring, oldest first; valid until the next append. */
  readonly sequences: readonly number[];
  readonly matched: number;
  readonly skipped: number;
  readonly lost: number;
}

export class FlowRows {
  readonly #ring: FlowRing;
  readonly #plan: FilterPlan;
  readonly #sampler: RowSampler;
  readonly #marks = new Uint8Array(BLOCK);
  #position: number;

  constructor(ring: FlowRing, filter: CompiledFilter, rowsPerSecond: number, nowMs: number) {
    this.#ring = ring;
    this.#plan = new FilterPlan(ring, filter);
    this.#sampler = new RowSampler(rowsPerSecond, nowMs, rowEnds(ring));
    this.#position = ring.next;
  }

  /**
   * The last `count` matching flows before the position, oldest first. Yields where others should have their turn; how far
   * back it looks for a filter that is slow to answer is bounded by the work that is done for it.
   */
  *history(count: number): Generator<undefined, readonly number[]> {
    const wanted = Math.min(count, maxHistoryRows);
    const found: number[] = [];
    let spentMs = 0;
    let begunMs = performance.now();
    for (let to = this.#position; to > this.#ring.oldest && found.length < wanted && spentMs < maxHistoryMs; ) {
      const from = Math.max(this.#ring.oldest, to - BLOCK);
      this.#plan.select(from, to, this.#marks);
      for (let sequence = to - 1; sequence >= from && found.length < wanted; sequence -= 1) {
        if (this.#marks[sequence - from] === MARK_FLOW) found.push(sequence);
      }
      to = from;
      const sliceSpentMs = performance.now() - begunMs;
      if (sliceSpentMs < sliceMs) continue;
      spentMs += sliceSpentMs;
      yield;
      begunMs = performance.now();
    }
    // What was found first may have been overwritten meanwhile.
    return found.reverse().filter((sequence) => sequence >= this.#ring.oldest);
  }

  /** What came since the last call. @param isStalled nothing can be sent: all rows are skipped, and counted */
  read(nowMs: number, isStalled: boolean): Rows {
    const ring = this.#ring;
    const flows: number[] = [];
    const events: number[] = [];
    let lost = Math.max(0, ring.oldest - this.#position);
    this.#position += lost;
    const deadline = performance.now() + sliceMs;
    while (this.#position < ring.next && performance.now() < deadline) {
      const to = Math.min(ring.next, this.#position + BLOCK);
      this.#plan.select(this.#position, to, this.#marks);
      for (let sequence = this.#position; sequence < to; sequence += 1) {
        const mark = this.#marks[sequence - this.#position];
        if (mark === MARK_FLOW) flows.push(sequence);
        else if (mark !== MARK_NONE) {
          lost += this.#lostEvents(sequence);
          if (events.length < maxEvents) events.push(sequence);
        }
      }
      this.#position = to;
    }
    const shown = isStalled ? [] : this.#sampler.sample(flows, nowMs);
    const sequences = isStalled ? [] : [...shown, ...events].sort((a, b) => a - b);
    return { sequences, matched: flows.length, skipped: flows.length - shown.length, lost };
  }

  #lostEvents(sequence: number): number {
    if (this.#ring.columns.kind[this.#ring.slotOf(sequence)] !== KIND_LOST_EVENTS) return 0;
    return lostEventsOf(this.#ring.messageAt(sequence));
  }
}

/** Ports and the ring's endpoint ids name a connection: two that meet in one number only cost an answer its preference. */
function rowEnds(ring: FlowRing): RowEnds {
  const { l7Type, sourcePort, destinationPort, sourceId, destinationId } = ring.columns;
  const end = (port: Uint32Array, id: Uint32Array, slot: number) =>
    (id[slot] as number) * 65_536 + (port[slot] as number);
  return {
    half: (sequence) => {
      const type = l7Type[ring.slotOf(sequence)];
      return type === 1 ? 'request' : type === 2 ? 'response' : 'whole';
    },
    connection: (sequence) => {
      const slot = ring.slotOf(sequence);
      // A sum has no direction.
      return end(sourcePort, sourceId, slot) + end(destinationPort, destinationId, slot);
    },
  };
}
