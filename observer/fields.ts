// Protobuf bytes to fields: one message is cut into tags and values, so that whoever scans it looks at numbers in arrays.
// The inner loop calls nothing: with a call in it the engine checks at every byte anew that the array still is what it was,
// which took four times as long. What is rare - long numbers, long tags, anything malformed - leaves the inner loop.
// Source: protobuf.dev/programming-guides/encoding.

import { MalformedMessageError } from './wire-reader.ts';

/** Fields taken up at once; a message with more is read in several turns. */
const CAPACITY = 64;

/** The fields of a message, or the next CAPACITY of them. One instance is filled again and again. */
export class Fields {
  /** Field number << 3 | wire type (0 varint, 2 bytes). */
  readonly tags = new Int32Array(CAPACITY);
  /** Of a field with a length, where its content starts. */
  readonly starts = new Int32Array(CAPACITY);
  /** Of a field with a length, where its content ends; of a varint, its low 32 bits, signed. */
  readonly values = new Int32Array(CAPACITY);
  /** Bits 32 to 63 of a varint. */
  readonly highs = new Int32Array(CAPACITY);
  count = 0;

  /** Where the content of a field with a length starts. */
  start(index: number): number {
    return this.starts[index] as number;
  }

  /** Where it ends. */
  end(index: number): number {
    return this.values[index] as number;
  }

  /** A uint64 as a double: exact up to 2^53, nearest above. */
  uint64(index: number): number {
    return ((this.highs[index] as number) >>> 0) * 4294967296 + ((this.values[index] as number) >>> 0);
  }

  /** An int64 as a double: exact within 2^53 of zero, nearest beyond. */
  int64(index: number): number {
    return (this.highs[index] as number) * 4294967296 + ((this.values[index] as number) >>> 0);
  }

  /**
   * Takes up the fields of bytes[start, end), as many as there is room for, and returns the position after them: read on
   * from there until it is `end`. Fields of fixed length are passed over. A tag that is longer than it need be is refused.
   * @throws MalformedMessageError with the position in `bytes`
   */
  read(bytes: Uint8Array, start: number, end: number): number {
    const { tags, starts, values, highs } = this;
    let count = 0;
    let at = start;
    while (at < end && count < tags.length) {
      let fieldStart = at;
      // A byte behind the end of the array is undefined, and counts as 0 here; the position then tells.
      while (at < end && count < tags.length) {
        fieldStart = at;
        let tag = bytes[at++] as number;
        if (tag >= 0x80) {
          const second = bytes[at++] as number;
          tag = (tag & 0x7f) | ((second & 0x7f) << 7);
          if (second >= 0x80) {
            const third = bytes[at++] as number;
            tag |= (third & 0x7f) << 14;
            if (third === 0 || third >= 0x80) break;
          } else if (second === 0) break;
        }
        const wireType = tag & 7;
        if (tag < 8) break;
        let value = bytes[at++] as number;
        if (value >= 0x80) {
          const second = bytes[at++] as number;
          value = (value & 0x7f) | ((second & 0x7f) << 7);
          if (second >= 0x80) {
            const third = bytes[at++] as number;
            value |= (third & 0x7f) << 14;
            if (third >= 0x80) {
              const fourth = bytes[at++] as number;
              value |= (fourth & 0x7f) << 21;
              if (fourth >= 0x80) {
                const fifth = bytes[at++] as number;
                value |= (fifth & 0x07) << 28;
                if (fifth >= 0x08) break;
              }
            }
          }
        }
        if (wireType === 2) {
          starts[count] = at;
          value = (at + value) | 0;
          if (value < at) break;
          at = value;
        } else if (wireType !== 0) break;
        if (at > end) break;
        tags[count] = tag;
        values[count] = value;
        highs[count] = 0;
        count++;
        fieldStart = -1;
      }
      if (fieldStart < 0) break;
      at = this.#readRare(bytes, fieldStart, end, count);
      count = this.count;
    }
    this.count = count;
    return at;
  }

  /** Reads one field of any form, as number `index` where it is taken up. */
  #readRare(bytes: Uint8Array, start: number, end: number, index: number): number {
    const tag = longVarint(bytes, start, end);
    let at = long.next;
    if (long.high !== 0 || tag >>> 0 < 8) fail('tag out of range', start);
    if (at > start + 1 && bytes[at - 1] === 0) fail('tag is longer than it need be', start);
    this.count = index;
    const wireType = tag & 7;
    if (wireType === 1 || wireType === 5) {
      at += wireType === 1 ? 8 : 4;
      if (at > end) fail('fixed field is cut off', start);
      return at;
    }
    if (wireType !== 0 && wireType !== 2) fail(`wire type ${wireType} is not used by proto3`, start);
    const value = longVarint(bytes, at, end);
    at = long.next;
    this.tags[index] = tag;
    this.starts[index] = at;
    this.values[index] = value;
    this.highs[index] = long.high;
    if (wireType === 2) {
      if (long.high !== 0 || at + (value >>> 0) > end) fail(`length ${value >>> 0} runs past the end`, start);
      at += value;
      this.values[index] = at;
    }
    this.count = index + 1;
    return at;
  }
}

/** What longVarint() found besides the low 32 bits. */
const long = { next: 0, high: 0 };

function longVarint(bytes: Uint8Array, position: number, end: number): number {
  let low = 0;
  let high = 0;
  for (let i = 0; i < 10; i++) {
    if (position + i >= end) fail('varint is cut off', position);
    const byte = bytes[position + i] as number;
    const value = byte & 0x7f;
    if (i < 4) low |= value << (7 * i);
    else if (i === 4) {
      low |= value << 28;
      high = value >>> 4;
    } else high |= value << (7 * i - 32);
    if (byte < 0x80) {
      long.next = position + i + 1;
      long.high = high;
      return low;
    }
  }
  fail('varint is longer than ten bytes', position);
}

function fail(reason: string, position: number): never {
  throw new MalformedMessageError(reason, position);
}
