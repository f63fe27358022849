// What one filter and one field mask make of a ring, in pieces ready for the socket. All streams that ask for the same
// share one selection: its remembered answers, and the piece that one follower has just read is the next follower's too.

import type { CompiledFilter } from '#flow/filter/compile.ts';
import { KIND_FLOW } from './columns.ts';
import type { FieldMask } from './field-mask.ts';
import { BLOCK, FilterPlan, MARK_FLOW, MARK_NONE } from './filter-plan.ts';
import type { FlowRing } from './flow-ring.ts';
import type { NodeQuota } from './node-quota.ts';
import { FRAME_PREFIX_BYTES } from './slab.ts';
import { type FlowTime, isLater } from './time.ts';
import { MalformedMessageError } from './wire-reader.ts';

/** A piece is closed by the message that brings it to this size: enough to make a write cheap, little to wait for. */
const PIECE_BYTES = 64 * 1024;
/** Sequences looked at for one piece; the caller decides whether to go on. */
const SCAN_PER_PIECE = 16 * BLOCK;
/** The same where flows must be decoded, at some ten microseconds each. */
const DECODES_PER_PIECE = 512;
/** Pieces kept for followers that are a little behind: with PIECE_BYTES, 512 KiB a selection. */
const KEPT_PIECES = 8;

/** Gives the part of the ring from `from` up to `to`, of which `messages` messages were selected, framed for gRPC. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly frames: Uint8Array;
  readonly messages: number;
  /** Of these, flows: what `number` counts. */
  readonly flows: number;
  /** True if a flow later than `until` stands at `to`. */
  readonly isPastUntil: boolean;
}

export interface PieceLimits {
  /** Read no further than this sequence. */
  readonly end: number;
  /** Most flows to take. */
  readonly flows: number;
  /** Leave out flows before this. */
  readonly since: FlowTime | undefined;
  /** Stop at the first flow after this. */
  readonly until: FlowTime | undefined;
  /** Leave out flows that it does not admit. */
  readonly quota: NodeQuota | undefined;
}

const NO_BYTES = new Uint8Array(0);

export class FlowSelection {
  readonly ring: FlowRing;
  readonly plan: FilterPlan;
  readonly #mask: FieldMask | undefined;
  readonly #marks = new Uint8Array(BLOCK);
  readonly #runs: number[] = [];
  readonly #kept: Piece[] = [];
  #scratch = NO_BYTES;
  #sharedPieces = 0;
  #unmaskable = 0;

  constructor(ring: FlowRing, filter: CompiledFilter, mask: FieldMask | undefined) {
    this.ring = ring;
    this.plan = new FilterPlan(ring, filter);
    this.#mask = mask;
  }

  /** Pieces that were given to more than the stream that made them. */
  get sharedPieces(): number {
    return this.#sharedPieces;
  }

  /** Flows left out because they could not be cut by the field mask. */
  get unmaskable(): number {
    return this.#unmaskable;
  }

  /** Reads on from a sequence that is in the ring (or is ring.next). May select nothing and still move on. */
  read(from: number, limits: PieceLimits): Piece {
    const isShared =
      limits.since === undefined &&
      limits.until === undefined &&
      limits.quota === undefined &&
      limits.flows === Number.POSITIVE_INFINITY;
    if (!isShared) return this.#make(from, limits);
    const kept = this.#kept.find((piece) => piece.from === from && piece.to <= limits.end);
    if (kept !== undefined) {
      this.#sharedPieces++;
      return kept;
    }
    const piece = this.#make(from, limits);
    if (piece.messages > 0) {
      this.#kept.push(piece);
      if (this.#kept.length > KEPT_PIECES) this.#kept.shift();
    }
    return piece;
  }

  /**
   * Goes back from `to` until `wanted` selected flows that are not later than `until` were passed, or the quota is full.
   * @param from where to stop at the latest; [from, to) is in the ring, at most BLOCK
   * @returns how many were passed, and where the last of them is (`from` if they were fewer than wanted)
   */
  goBack(
    from: number,
    to: number,
    wanted: number,
    { until, quota }: Pick<PieceLimits, 'until' | 'quota'>,
  ): { flows: number; position: number } {
    this.plan.select(from, to, this.#marks);
    let flows = 0;
    for (let position = to - 1; position >= from; position--) {
      if (this.#marks[position - from] !== MARK_FLOW) continue;
      if (until !== undefined && this.#isAfter(position, until)) continue;
      if (quota !== undefined && !quota.takeBack(position)) continue;
      flows++;
      if (flows === wanted || quota?.isComplete) return { flows, position };
    }
    return { flows, position: from };
  }

  #make(from: number, limits: PieceLimits): Piece {
    const { length, kind, slotMask } = this.ring.columns;
    const { since, until, quota } = limits;
    const decodesBefore = this.plan.decodes;
    const scanEnd = Math.min(limits.end, from + SCAN_PER_PIECE);
    const marks = this.#marks;
    const runs = this.#runs;
    runs.length = 0;
    let bytes = 0;
    let messages = 0;
    let flows = 0;
    let isPastUntil = false;
    let position = from;
    let isFull = flows >= limits.flows;
    while (position < scanEnd && !isFull && this.plan.decodes - decodesBefore < DECODES_PER_PIECE) {
      const blockStart = position;
      const blockEnd = Math.min(scanEnd, blockStart + this.plan.blockSize);
      this.plan.select(blockStart, blockEnd, marks);
      for (; position < blockEnd && !isFull; position++) {
        const slot = position & slotMask;
        if (until !== undefined && kind[slot] === KIND_FLOW && this.#isAfter(position, until)) {
          isPastUntil = true;
          break;
        }
        const mark = marks[position - blockStart];
        if (mark === MARK_NONE) continue;
        if (mark === MARK_FLOW) {
          if (since !== undefined && this.#isBefore(position, since)) continue;
          if (quota !== undefined && !quota.admits(position)) continue;
          flows++;
        }
        if (runs.length > 0 && runs[runs.length - 1] === position) runs[runs.length - 1] = position + 1;
        else runs.push(position, position + 1);
        messages++;
        bytes += FRAME_PREFIX_BYTES + (length[slot] as number);
        isFull = bytes >= PIECE_BYTES || flows >= limits.flows;
      }
      if (isPastUntil) break;
    }
    const frames = bytes === 0 ? NO_BYTES : this.#mask === undefined ? this.#copy(bytes) : this.#cut(this.#mask, bytes);
    return { from, to: position, frames, messages, flows, isPastUntil };
  }

  #copy(bytes: number): Uint8Array {
    const frames = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    for (let i = 0; i < this.#runs.length; i += 2) {
      at = this.ring.copyFrames(this.#runs[i] as number, this.#runs[i + 1] as number, frames, at);
    }
    return frames;
  }

  #cut(mask: FieldMask, bytes: number): Uint8Array {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(Math.max(bytes, 2 * PIECE_BYTES));
    const scratch = this.#scratch;
    let at = 0;
    for (let i = 0; i < this.#runs.length; i += 2) {
      for (let sequence = this.#runs[i] as number; sequence < (this.#runs[i + 1] as number); sequence++) {
        const message = this.ring.messageAt(sequence);
        try {
          const end = mask.apply(message, 0, message.length, scratch, at + FRAME_PREFIX_BYTES);
          new DataView(scratch.buffer).setUint32(at + 1, end - at - FRAME_PREFIX_BYTES);
          scratch[at] = 0;
          at = end;
        } catch (error) {
          if (!(error instanceof MalformedMessageError)) throw error;
          this.#unmaskable++;
        }
      }
    }
    return Buffer.from(scratch.subarray(0, at));
  }

  #isAfter(sequence: number, time: FlowTime): boolean {
    const { timeSeconds, timeNanos, slotMask } = this.ring.columns;
    const slot = sequence & slotMask;
    return isLater(timeSeconds[slot] as number, timeNanos[slot] as number, time.seconds, time.nanos);
  }

  #isBefore(sequence: number, time: FlowTime): boolean {
    const { timeSeconds, timeNanos, slotMask } = this.ring.columns;
    const slot = sequence & slotMask;
    return isLater(time.seconds, time.nanos, timeSeconds[slot] as number, timeNanos[slot] as number);
  }
}
