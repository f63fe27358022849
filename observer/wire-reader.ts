// A bounds-checked reader of the protobuf wire format over bytes that stay where they are. It knows tags, varints and
// lengths, and nothing of any message. Unlike generated decoders it refuses a field that runs past the message it is in.
// Source: protobuf.dev/programming-guides/encoding.

/** Wire types of a tag's low three bits. */
export const WIRE_VARINT = 0;
const _WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
const _WIRE_FIXED32 = 5;

/** A message that is not valid protobuf, or has a shape that we refuse. `offset` counts from the message's first byte. */
export class MalformedMessageError extends Error {
  readonly offset: number;
  readonly #reason: string;

  constructor(reason: string, offset: number) {
    super(`malformed message at byte ${offset}: ${reason}`);
    this.name = 'MalformedMessageError';
    this.offset = offset;
    this.#reason = reason;
  }

  /** The same, counted from a later byte. */
  from(start: number): MalformedMessageError {
    return new MalformedMessageError(this.#reason, this.offset - start);
  }
}

const NO_BYTES = new Uint8Array(0);

/** Reads [position, end) of `bytes`. One instance is reused for many messages, so that reading allocates nothing. */
export class WireReader {
  bytes: Uint8Array = NO_BYTES;
  position = 0;
  end = 0;
  /** High 32 bits of the value that varint() read last, unsigned; 0 for values below 2^32. */
  high = 0;
  #start = 0;

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.#start = start;
  }

  fail(reason: string): never {
    throw new MalformedMessageError(reason, this.position - this.#start);
  }

  /** Low 32 bits, unsigned, of a varint of at most ten bytes; the rest is in `high`. */
  varint(): number {
    const bytes = this.bytes;
    let position = this.position;
    if (position >= this.end) this.fail('varint is cut off');
    let byte = bytes[position++] as number;
    this.high = 0;
    if (byte < 0x80) {
      this.position = position;
      return byte;
    }
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; shift < 70; shift += 7) {
      if (position >= this.end) this.fail('varint is cut off');
      byte = bytes[position++] as number;
      const value = byte & 0x7f;
      if (shift < 28) low |= value << shift;
      else if (shift === 28) {
        low |= value << 28;
        high = value >>> 4;
      } else high |= value << (shift - 32);
      if (byte < 0x80) {
        this.position = position;
        this.high = high >>> 0;
        return low >>> 0;
      }
    }
    this.fail('varint is longer than ten bytes');
  }

  /** An int32 or enum: low 32 bits, signed. */
  int32(): number {
    return this.varint() | 0;
  }

  bool(): boolean {
    const low = this.varint();
    return low !== 0 || this.high !== 0;
  }

  /** A uint64 as a double: exact up to 2^53, nearest above. */
  uint64(): number {
    const low = this.varint();
    return this.high * 4294967296 + low;
  }

  /** An int64 as a double: exact within 2^53 of zero, nearest beyond. */
  int64(): number {
    const low = this.varint();
    return (this.high | 0) * 4294967296 + low;
  }

  /** The next field's tag. Field number 0 and tags above 32 bits are refused. */
  tag(): number {
    const position = this.position;
    if (position + 1 < this.end) {
      const first = this.bytes[position] as number;
      const second = this.bytes[position + 1] as number;
      if (first < 0x80 && first >= 8) {
        this.position = position + 1;
        return first;
      }
      if (first >= 0x80 && second < 0x80 && second > 0) {
        this.position = position + 2;
        return (first & 0x7f) | (second << 7);
      }
    }
    return this.#longTag();
  }

  #longTag(): number {
    const tag = this.varint();
    if (this.high !== 0 || tag >>> 3 === 0) this.fail('tag out of range');
    return tag;
  }

  /** Reads a length and returns where the field's content ends; the content starts at `position`. */
  contentEnd(): number {
    const position = this.position;
    if (position < this.end) {
      const first = this.bytes[position] as number;
      const contentEnd = position + 1 + first;
      if (first < 0x80 && contentEnd <= this.end) {
        this.position = position + 1;
        return contentEnd;
      }
    }
    return this.#longContentEnd();
  }

  #longContentEnd(): number {
    const length = this.varint();
    const contentEnd = this.position + length;
    if (this.high !== 0 || contentEnd > this.end) this.fail(`length ${length} runs past the end`);
    return contentEnd;
  }

  /** Steps over the value of a field of any wire type but groups, which proto3 does not have. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.varint();
        return;
      case 2:
        this.position = this.contentEnd();
        return;
      case 1:
        this.position += 8;
        break;
      case 5:
        this.position += 4;
        break;
      default:
        this.fail(`wire type ${tag & 7} is not used by proto3`);
    }
    if (this.position > this.end) this.fail('fixed field is cut off');
  }
}
