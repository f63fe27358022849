// HTTP/2 frames (RFC 9113) of one direction of a connection, out of captured segment heads: finds frame boundaries by
// TCP sequence arithmetic, collects header blocks (HEADERS, CONTINUATION) and decodes them. Bodies are skipped by length.
// Where bytes were not captured, the header table is kept only if the next block proves that none was missed.
import type { HeaderField } from './hpack.ts';
import { HpackDecoder } from './hpack.ts';
import { readUint32, startsWith } from './latin1.ts';
import { sequenceDistance } from './tcp-order.ts';

export const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const FRAME_HEAD_BYTES = 9;
/** The default SETTINGS_MAX_FRAME_SIZE, which hardly any peer raises; DATA may be larger where it was raised. */
const MAX_FRAME_BYTES = 1 << 20;
/** A frame head or header block that continues in the next segment waits here; Node, Go and nginx stop at 8-16 KiB too. */
const MAX_CARRY_BYTES = 16 * 1024;

/**
 * A stretch this short that was not captured holds control frames or a small body: capture begins anew with each segment, so
 * a block can only hide behind the rest of a frame that did not fit one segment, and segments are longer than this.
 */
const MAX_SHORT_GAP_BYTES = 1200;

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const PUSH_PROMISE = 5;
const GOAWAY = 7;
const CONTINUATION = 9;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;
const PRIORITY = 0x20;

export type Http2Item =
  | {
      readonly kind: 'headers';
      readonly streamId: number;
      readonly fields: readonly HeaderField[];
      /** Fields that could not be known, because an earlier block was not seen or this one was cut. */
      readonly unknown: number;
      readonly intact: boolean;
      readonly endStream: boolean;
    }
  | { readonly kind: 'end'; readonly streamId: number }
  | { readonly kind: 'reset'; readonly streamId: number; readonly errorCode: number };

export interface Http2Segment {
  readonly sequence: number;
  readonly payloadLength: number;
  readonly data: Uint8Array;
  /** What lies between the previous segment and this one holds no header block. */
  readonly nothingMissed?: boolean;
}

interface OpenBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly parts: Uint8Array[];
  bytes: number;
}

/** Whether this block is the next one that the peer sent after those that were seen; `gap`: how much passed unseen. */
export type BlockProof = (streamId: number, gap: 'short' | 'long') => boolean;

export class Http2Reader {
  /** How often the dynamic table had to be forgotten. */
  gaps = 0;
  private readonly hpack = new HpackDecoder();
  /** Sequence number at which the next frame begins, counting carried bytes; undefined when out of step. */
  private nextFrame: number | undefined;
  private carry: Uint8Array | undefined;
  private open: OpenBlock | undefined;
  /** Bytes that passed unseen since the last block, among which there may have been another. */
  private unseen: 'none' | 'short' | 'long' = 'none';
  private readonly proves: BlockProof;

  /** `proves` is asked for the first block behind unseen bytes. */
  constructor(proves: BlockProof) {
    this.proves = proves;
  }

  /** What waits for its rest, and the table of names. */
  get heldBytes(): number {
    return (this.carry?.length ?? 0) + (this.open?.bytes ?? 0) + this.hpack.bytes;
  }

  read(segment: Http2Segment): Http2Item[] {
    const items: Http2Item[] = [];
    let { data, payloadLength, sequence } = segment;
    let offset = 0;
    if (this.carry && this.nextFrame !== undefined) {
      const contiguous = sequenceDistance(this.nextFrame, sequence) === this.carry.length;
      if (contiguous) {
        data = concat(this.carry, data);
        payloadLength += this.carry.length;
        sequence = this.nextFrame;
      } else if (segment.nothingMissed !== true) this.missed();
      this.carry = undefined;
    } else if (this.nextFrame !== undefined) {
      offset = sequenceDistance(sequence, this.nextFrame);
      if (offset >= payloadLength) return items;
      if (offset < 0) {
        if (segment.nothingMissed === true) this.unseen = 'none';
        else if (-offset > MAX_SHORT_GAP_BYTES) this.outOfStep();
        else if (this.unseen === 'none') this.unseen = 'short';
        offset = 0;
      }
    }
    if (startsWith(data, HTTP2_PREFACE, offset)) offset += HTTP2_PREFACE.length;
    this.nextFrame = this.walk(data, offset, payloadLength, sequence, items);
    return items;
  }

  /** Returns the sequence number of the next frame, or undefined when that cannot be known. */
  private walk(
    data: Uint8Array,
    start: number,
    payloadLength: number,
    sequence: number,
    items: Http2Item[],
  ): number | undefined {
    let at = start;
    while (at + FRAME_HEAD_BYTES <= data.length) {
      const length = (readUint32(data, at) ?? 0) >>> 8;
      const type = data[at + 3] ?? 0;
      const flags = data[at + 4] ?? 0;
      const streamId = (readUint32(data, at + 5) ?? 0) & 0x7fffffff;
      if (!isPlausible(type, length, streamId)) return this.outOfStep();
      const bodyAt = at + FRAME_HEAD_BYTES;
      const end = bodyAt + length;
      const isBlock = type === HEADERS || type === CONTINUATION || type === PUSH_PROMISE;
      if (isBlock && end > data.length) {
        if (end > payloadLength && data.length === payloadLength && end - at <= MAX_CARRY_BYTES) break;
        this.block(type, flags, streamId, data.subarray(bodyAt), false, items);
        return end >= payloadLength ? sequence + end : this.outOfStep();
      }
      if (isBlock) this.block(type, flags, streamId, data.subarray(bodyAt, end), true, items);
      else if (type === DATA && flags & END_STREAM) items.push({ kind: 'end', streamId });
      else if (type === RST_STREAM) items.push({ kind: 'reset', streamId, errorCode: readUint32(data, bodyAt) ?? 0 });
      at = end;
    }
    if (at >= payloadLength) return sequence + at;
    if (data.length < payloadLength) return this.outOfStep();
    // The whole segment was captured and a frame head or header block goes on in the next one.
    this.carry = data.slice(at);
    return sequence + at;
  }

  private block(
    type: number,
    flags: number,
    streamId: number,
    body: Uint8Array,
    whole: boolean,
    items: Http2Item[],
  ): void {
    if (type === CONTINUATION) {
      if (!this.open || this.open.streamId !== streamId) {
        this.missed();
        return;
      }
      this.open.parts.push(body.slice());
      this.open.bytes += body.length;
    } else {
      if (this.open) this.missed();
      const fragment = stripPadding(type, flags, body, whole);
      if (!fragment) {
        this.missed();
        return;
      }
      this.open = {
        streamId,
        endStream: (flags & END_STREAM) !== 0,
        parts: [fragment.slice()],
        bytes: fragment.length,
      };
    }
    const open = this.open;
    if (!(flags & END_HEADERS) && whole && open.bytes <= MAX_CARRY_BYTES) return;
    this.open = undefined;
    const intactSoFar = whole && open.bytes <= MAX_CARRY_BYTES;
    if (this.unseen !== 'none' && !this.proves(streamId, this.unseen)) this.missed();
    this.unseen = 'none';
    const decoded = this.hpack.decode(Buffer.concat(open.parts), intactSoFar);
    if (!decoded.intact) this.gaps++;
    if (type === PUSH_PROMISE) return;
    const { fields, unknown, intact } = decoded;
    items.push({ kind: 'headers', streamId, fields, unknown, intact, endStream: open.endStream });
  }

  /** The next frame's place is unknown until a segment begins with one. */
  private outOfStep(): undefined {
    this.unseen = 'long';
    this.carry = undefined;
    this.nextFrame = undefined;
    if (this.open) this.missed();
    return undefined;
  }

  /** Records were lost on the way here, perhaps of this connection. */
  noteLoss(): void {
    this.unseen = 'long';
  }

  /** A block contradicted what was known: one before it must have been missed. */
  missed(): void {
    this.open = undefined;
    this.hpack.forget();
    this.gaps++;
  }
}

/** Whether nine bytes can be a frame head; what tells a frame from the middle of a body after a gap. */
function isPlausible(type: number, length: number, streamId: number): boolean {
  if (length > MAX_FRAME_BYTES || type > 0x10) return false;
  const onStream = type === DATA || type === HEADERS || type === RST_STREAM || type === PUSH_PROMISE;
  if (onStream || type === CONTINUATION) return streamId > 0;
  if (type === 4 || type === 6 || type === GOAWAY) return streamId === 0 && (type !== 4 || length % 6 === 0);
  return true;
}

/** The header block fragment of HEADERS or PUSH_PROMISE; undefined if the padding is longer than the frame. */
function stripPadding(type: number, flags: number, body: Uint8Array, whole: boolean): Uint8Array | undefined {
  const padBytes = flags & PADDED ? (body[0] ?? 0) : 0;
  let start = flags & PADDED ? 1 : 0;
  if (type === PUSH_PROMISE) start += 4;
  else if (flags & PRIORITY) start += 5;
  const end = whole ? body.length - padBytes : body.length;
  return start > end ? undefined : body.subarray(start, end);
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
