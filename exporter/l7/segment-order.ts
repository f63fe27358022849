// Puts segments of one connection in order that were captured out of it: frames of one direction may be handled by two CPUs
// at the same time, and networks reorder. What comes ahead of bytes that are due waits for them, and so does what the other
// side says meanwhile, as it may be the answer. Bounded in time and bytes; at the bound the bytes count as missing.
import type { Conversation, FreshSegment, L7Counters } from './conversation.ts';
import { sequenceDistance } from './tcp-order.ts';

/**
 * Two CPUs are microseconds apart, but one of a virtual machine may be taken away in between; and what the network lost comes
 * again within a round trip or two.
 */
const MAX_WAIT_NS = 100_000_000n;
/** Of one connection: eight of the largest frames. */
const MAX_WAITING_BYTES = 512 * 1024;
/** Of all connections of a tracker. */
const MAX_WAITING_BYTES_IN_ALL = 16 * 1024 * 1024;
/** What a segment takes besides its bytes. */
const SEGMENT_BYTES = 200;

/** Shared by all connections of a tracker. */
export interface WaitingBytes {
  taken: number;
}

export class SegmentOrder {
  private readonly conversation: Conversation;
  private readonly counters: L7Counters;
  private readonly all: WaitingBytes;
  /** As they came. The first is ahead of bytes that are due. */
  private waiting: FreshSegment[] = [];
  private bytes = 0;

  constructor(conversation: Conversation, counters: L7Counters, all: WaitingBytes) {
    this.conversation = conversation;
    this.counters = counters;
    this.all = all;
  }

  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** Reads the segment and all that waited for it, or lets a copy of it wait. */
  take(segment: FreshSegment): void {
    if (this.hasToWait(segment)) {
      this.keep({ ...segment, data: segment.data.slice() });
      return;
    }
    this.conversation.read(segment);
    this.counters.reordered += this.readOn();
  }

  /** Takes for missing what was due when segments of before `beforeNs` came. */
  giveUp(beforeNs: bigint): void {
    for (let [first] = this.waiting; first !== undefined && first.timeNs < beforeNs; [first] = this.waiting) {
      this.goOn();
    }
  }

  /** As giveUp(), of those that waited as long as they may. */
  giveUpOverdue(nowNs: bigint): void {
    this.giveUp(nowNs - MAX_WAIT_NS);
  }

  private hasToWait(segment: FreshSegment): boolean {
    const [first] = this.waiting;
    return this.isAhead(segment) || (first !== undefined && first.fromInitiator !== segment.fromInitiator);
  }

  private isAhead(segment: FreshSegment): boolean {
    return this.conversation.isAhead?.(segment) === true;
  }

  private keep(segment: FreshSegment): void {
    const size = segment.data.length + SEGMENT_BYTES;
    this.waiting.push(segment);
    this.bytes += size;
    this.all.taken += size;
    while (this.isWaiting && (this.bytes > MAX_WAITING_BYTES || this.all.taken > MAX_WAITING_BYTES_IN_ALL)) this.goOn();
  }

  /** Reads on behind what is missing, at the nearest that waits for it. */
  private goOn(): void {
    const [first] = this.waiting;
    if (first === undefined) return;
    let nearest = first;
    for (const one of this.waiting) {
      if (one.fromInitiator === first.fromInitiator && sequenceDistance(nearest.sequence, one.sequence) < 0)
        nearest = one;
    }
    this.waiting.splice(this.waiting.indexOf(nearest), 1);
    this.forget(nearest);
    this.conversation.read(nearest);
    this.readOn();
  }

  /** Reads what need not wait any more. Returns how many segments. */
  private readOn(): number {
    const before = this.waiting.length;
    while (this.isSomeReady()) {
      const waiting = this.waiting;
      this.waiting = [];
      for (const segment of waiting) this.forget(segment);
      for (const segment of waiting) {
        if (this.hasToWait(segment)) this.keep(segment);
        else this.conversation.read(segment);
      }
    }
    return before - this.waiting.length;
  }

  private isSomeReady(): boolean {
    const [first] = this.waiting;
    return (
      first !== undefined && this.waiting.some((one) => one.fromInitiator === first.fromInitiator && !this.isAhead(one))
    );
  }

  private forget(segment: FreshSegment): void {
    const size = segment.data.length + SEGMENT_BYTES;
    this.bytes -= size;
    this.all.taken -= size;
  }
}
