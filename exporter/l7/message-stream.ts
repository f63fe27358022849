// One direction's messages out of captured segments: a message cut between segments is put together, a body is stepped
// over by sequence arithmetic, and behind missing bytes the next message is looked for. The protocol is the reader's.
import type { EventSink, FreshSegment, L7Counters } from './conversation.ts';
import { sequenceDistance } from './tcp-order.ts';

/** What waits for its rest: heads and lines, never bodies. Servers stop at 8 to 32 KiB of a head too. */
export const MAX_CARRY_BYTES = 16 * 1024;
/** Longer bodies are not stepped over: sequence distances are only meaningful below 2^31. */
const MAX_STEP_BYTES = 2 ** 30;

/**
 * A number: offset behind what was read, which may lie beyond the bytes. `more`: it goes on behind them. `unknown`: it was
 * read, but where the next one begins cannot be told. `malformed`: nothing of the protocol begins here.
 */
export type Step = number | 'more' | 'unknown' | 'malformed';

export interface MessageReader {
  /** Reads what begins at `at`; `isCut`: its rest will not come, so what is there must do. */
  next(segment: FreshSegment, data: Uint8Array, at: number, isCut: boolean): Step;
  /** First offset from `from` at which a message surely begins. */
  find(data: Uint8Array, from: number): number | undefined;
  /** Bytes are missing: what was half read is given up. Returns whether a message may have been among them. */
  missed(segment: FreshSegment): boolean;
}

const NOTHING = new Uint8Array(0);

export class MessageStream {
  private readonly reader: MessageReader;
  private readonly sink: Pick<EventSink, 'counters' | 'hold'>;
  private readonly counters: L7Counters;
  /** Sequence number behind the carried bytes, where what is read next begins; undefined if that cannot be told. */
  private nextAt: number | undefined;
  private carry: Uint8Array = NOTHING;
  /** Bytes are missing, and no message has been found behind them yet. */
  private isLost = false;
  /** Of the segment read last. */
  private isWholeStream = false;

  constructor(reader: MessageReader, sink: Pick<EventSink, 'counters' | 'hold'>) {
    this.reader = reader;
    this.sink = sink;
    this.counters = sink.counters;
  }

  /** False behind bytes that were missed, until a message was found again. */
  get isInStep(): boolean {
    return !this.isLost && this.nextAt !== undefined;
  }

  /** True if bytes before the segment are due that have not been read. */
  isAhead({ sequence, wholeStream }: FreshSegment): boolean {
    if (this.nextAt === undefined || !wholeStream || !this.isWholeStream) return false;
    return sequenceDistance(sequence, this.nextAt) < 0;
  }

  read(segment: FreshSegment): void {
    this.isWholeStream = segment.wholeStream;
    let { data, payloadLength } = segment;
    let at = 0;
    if (this.nextAt !== undefined) {
      at = sequenceDistance(segment.sequence, this.nextAt);
      // Inside a body, or sent again.
      if (at >= payloadLength) return;
      if (at < 0 || at > data.length) this.lose(segment);
      if (at > data.length) return;
      at = Math.max(at, 0);
    }
    if (this.carry.length > 0) {
      data = concat(this.carry, data.subarray(at));
      payloadLength += this.carry.length - at;
      this.keep(NOTHING);
      at = 0;
    }
    this.leave(segment, data, payloadLength, this.walk(segment, data, payloadLength, at));
  }

  /** Takes what was half read for all there is: the other side has answered it, or the rest was missed. */
  finish(segment: FreshSegment): void {
    const carry = this.carry;
    if (carry.length === 0) return;
    this.keep(NOTHING);
    this.nextAt = undefined;
    this.reader.next(segment, carry, 0, true);
  }

  private keep(carry: Uint8Array): void {
    this.sink.hold(carry.length - this.carry.length);
    this.carry = carry;
  }

  /** Offset at which the next message begins, or goes on (`more`); undefined if it cannot be told. */
  private walk(segment: FreshSegment, data: Uint8Array, payloadLength: number, start: number): number | undefined {
    const isWhole = data.length === payloadLength;
    let isDue = this.nextAt !== undefined;
    const first = this.isLost ? this.reader.find(data, start) : start;
    if (first === undefined) return undefined;
    for (let at = first; ; ) {
      if (at >= data.length) return at;
      let step = this.reader.next(segment, data, at, false);
      if (step === 'more') {
        if (isWhole && data.length - at <= MAX_CARRY_BYTES) return at;
        this.counters.truncated++;
        step = this.reader.next(segment, data, at, true);
      }
      if (typeof step === 'number' && step > at) {
        isDue = true;
        this.isLost = false;
        at = step;
        continue;
      }
      if (step === 'unknown') return undefined;
      if (isDue) {
        this.counters.malformed++;
        this.isLost = true;
        this.reader.missed(segment);
      }
      isDue = false;
      const found = this.isLost ? this.reader.find(data, at + 1) : undefined;
      if (found === undefined) return undefined;
      at = found;
    }
  }

  private leave(segment: FreshSegment, data: Uint8Array, payloadLength: number, at: number | undefined): void {
    this.nextAt = undefined;
    if (at === undefined) return;
    if (at < data.length) this.keep(data.slice(at));
    else if (at < payloadLength) {
      this.counters.truncated++;
      this.isLost = true;
      this.reader.missed(segment);
      return;
    }
    if (at > MAX_STEP_BYTES) return;
    const readBefore = payloadLength - segment.payloadLength;
    this.nextAt = (segment.sequence - readBefore + Math.max(at, data.length)) >>> 0;
  }

  private lose(segment: FreshSegment): void {
    this.finish(segment);
    this.nextAt = undefined;
    this.isLost = true;
    if (this.reader.missed(segment) && !segment.nothingMissed) this.counters.gaps++;
  }
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
