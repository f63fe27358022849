// GetFlows as a state machine over a ring: where to start, what to deliver, when to end. It holds a position and no
// messages, so a reader that waits costs nothing, and one that waited too long learns how many it missed.
//
// Start: `since` at the first flow of that time or later; else `first` at the oldest; else with `follow` and no `number`
// at the end; else as far back as gives `number` matching flows (0 means all).
// With a quota, `number` is meant for each node, as by a relay.
// End: after `number` flows unless following; at the first flow later than `until`; when not following, at the message
// that was newest when the query began.
// Lost events and node status pass every filter, count towards no number and ignore the time range.

import { LostEvent, LostEventSource } from '#proto/gen/flow/flow.ts';
import { type GetFlowsRequest, GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import type { FlowRing } from './flow-ring.ts';
import type { FlowSelection } from './flow-selection.ts';
import { frame } from './frame.ts';
import { NodeQuota } from './node-quota.ts';
import { type FlowTime, fromTimestamp, isLater, toTimestamp } from './time.ts';

/** What one step gives: frames to send (maybe none), and what to do next. */
export interface QueryStep {
  readonly frames: Uint8Array | undefined;
  readonly messages: number;
  /** 'more': step again; 'caught-up': wait for the ring; 'done': end the stream. */
  readonly state: 'more' | 'caught-up' | 'done';
}

export interface QueryBounds {
  readonly number: number;
  readonly first: boolean;
  readonly follow: boolean;
  readonly since: FlowTime | undefined;
  readonly until: FlowTime | undefined;
}

/** Blocks looked at in one step back: some milliseconds with columns alone. */
const REWIND_BLOCKS_PER_STEP = 16;

/** `--all` of the hubble command asks for 2^64-1 flows: a double holds that well enough to compare with. */
export function boundsOf(request: GetFlowsRequest): QueryBounds {
  return {
    number: Number(request.number),
    first: request.first,
    follow: request.follow,
    since: request.since === undefined ? undefined : fromTimestamp(request.since),
    until: request.until === undefined ? undefined : fromTimestamp(request.until),
  };
}

export class FlowQuery {
  readonly #ring: FlowRing;
  readonly #selection: FlowSelection;
  readonly #bounds: QueryBounds;
  readonly #nodeName: string;
  readonly #quota: NodeQuota | undefined;
  /** What came before is history, of which a quota takes the latest. */
  readonly #historyEnd: number;
  /** Where a query that does not follow ends. */
  readonly #end: number;
  #position: number;
  /** Flows still to find while going back; 0 when going forward. */
  #toRewind = 0;
  /** Flows still to deliver. */
  #remaining: number;
  #lost = 0;
  /** Time of the message read last; undefined before the first. */
  #readUpTo: FlowTime | undefined;

  /**
   * @param nodeName of this observer, for the lost events it reports
   * @param nodes of which `number` is meant each; undefined where it is meant for the whole answer
   */
  constructor(selection: FlowSelection, bounds: QueryBounds, nodeName: string, nodes?: readonly string[]) {
    const ring = selection.ring;
    const hasAll = bounds.number === 0 || bounds.number >= ring.next - ring.oldest;
    const goesBack = bounds.since === undefined && !bounds.first;
    // Whoever follows from a start gets everything from there on.
    if (nodes !== undefined && !hasAll && (goesBack || !bounds.follow)) {
      this.#quota = new NodeQuota(ring, bounds.number, nodes);
    }
    this.#ring = ring;
    this.#selection = selection;
    this.#bounds = bounds;
    this.#nodeName = nodeName;
    this.#historyEnd = ring.next;
    this.#end = bounds.follow ? Number.POSITIVE_INFINITY : ring.next;
    const isCounted = !bounds.follow && bounds.number > 0 && this.#quota === undefined;
    this.#remaining = isCounted ? bounds.number : Number.POSITIVE_INFINITY;
    this.#position = ring.next;
    if (bounds.since !== undefined) this.#position = firstSince(ring, bounds.since);
    else if (bounds.first) this.#position = ring.oldest;
    else if (bounds.number === 0) this.#position = bounds.follow ? ring.next : ring.oldest;
    else if (hasAll) this.#position = ring.oldest;
    else this.#toRewind = this.#quota === undefined ? bounds.number : Number.POSITIVE_INFINITY;
  }

  /** Messages this reader missed because the ring had overwritten them. */
  get lost(): number {
    return this.#lost;
  }

  /** True once every message in the ring has been looked at. */
  get isCaughtUp(): boolean {
    return this.#toRewind === 0 && this.#position >= this.#ring.next;
  }

  step(): QueryStep {
    if (this.#toRewind > 0) {
      this.#rewind();
      return { frames: undefined, messages: 0, state: 'more' };
    }
    const oldest = Math.min(this.#ring.oldest, this.#end);
    if (this.#position < oldest) return this.#reportLost(oldest);
    const end = Math.min(this.#ring.next, this.#end);
    const piece = this.#selection.read(this.#position, {
      end,
      flows: this.#remaining,
      since: this.#bounds.since,
      until: this.#bounds.until,
      quota: this.#position < this.#historyEnd ? this.#quota : undefined,
    });
    if (piece.to > this.#position) this.#readUpTo = this.#timeAt(piece.to - 1);
    this.#position = piece.to;
    this.#remaining -= piece.flows;
    const frames = piece.messages === 0 ? undefined : piece.frames;
    return { frames, messages: piece.messages, state: this.#stateAfter(piece.isPastUntil) };
  }

  #stateAfter(isPastUntil: boolean): QueryStep['state'] {
    if (isPastUntil || this.#remaining <= 0 || this.#position >= this.#end) return 'done';
    if (this.#quota?.isSpent) return 'done';
    return this.#position >= this.#ring.next ? 'caught-up' : 'more';
  }

  /** Goes back some blocks; when enough flows were found, or the oldest is reached, the query goes forward from there. */
  #rewind(): void {
    for (let block = 0; block < REWIND_BLOCKS_PER_STEP && this.#toRewind > 0; block++) {
      const oldest = this.#ring.oldest;
      if (this.#position <= oldest) {
        this.#position = oldest;
        this.#toRewind = 0;
        return;
      }
      const from = Math.max(oldest, this.#position - this.#selection.plan.blockSize);
      const passed = this.#selection.goBack(from, this.#position, this.#toRewind, {
        until: this.#bounds.until,
        quota: this.#quota,
      });
      this.#toRewind -= passed.flows;
      this.#position = passed.position;
      if (this.#quota?.isComplete) this.#toRewind = 0;
    }
  }

  #timeAt(sequence: number): FlowTime {
    const slot = this.#ring.slotOf(sequence);
    const { timeSeconds, timeNanos } = this.#ring.columns;
    return { seconds: timeSeconds[slot] as number, nanos: timeNanos[slot] as number };
  }

  #reportLost(oldest: number): QueryStep {
    const lost = oldest - this.#position;
    this.#position = oldest;
    this.#lost += lost;
    // The time of what comes next, so that a merge by time keeps its order.
    const time = toTimestamp(this.#timeAt(oldest));
    const value = LostEvent.create();
    value.source = LostEventSource.HUBBLE_RING_BUFFER;
    value.numEventsLost = BigInt(lost);
    // What was lost is gone with its times: it lay between what was read last and what comes next.
    if (this.#readUpTo !== undefined) value.first = toTimestamp(this.#readUpTo);
    value.last = time;
    const response: GetFlowsResponse = {
      responseTypes: { $case: 'lostEvents', value },
      nodeName: this.#nodeName,
      time,
    };
    const frames = frame(GetFlowsResponse.encode(response).finish());
    return { frames, messages: 1, state: this.#stateAfter(false) };
  }
}

/** The first sequence with a time not before `since`; ring.next if there is none. One pass over the time columns. */
function firstSince(ring: FlowRing, since: FlowTime): number {
  const { timeSeconds, timeNanos, slotMask } = ring.columns;
  for (let sequence = ring.oldest; sequence < ring.next; sequence++) {
    const slot = sequence & slotMask;
    if (!isLater(since.seconds, since.nanos, timeSeconds[slot] as number, timeNanos[slot] as number)) return sequence;
  }
  return ring.next;
}
