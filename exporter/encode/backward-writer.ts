// Protobuf bytes, written from the end to the start: the length of a message is known when its content is there, so that
// nothing is measured beforehand or moved afterwards. Fields are therefore written in falling order. One instance writes
// message after message into the same block, which grows when one does not fit.
// Source: protobuf.dev/programming-guides/encoding.

/** Up to this many bytes a loop is cheaper than a call into the engine. */
const LOOP_BYTES = 24;

export class BackwardWriter {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the first byte written so far is. Negative where the block was too small: see `fits`. */
  at: number;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.at = capacity;
  }

  /** Forgets what was written. */
  restart(): void {
    this.at = this.bytes.length;
  }

  /** False: what was written is void, the block is larger now, and the message has to be written again. */
  get fits(): boolean {
    if (this.at >= 0) return true;
    this.bytes = new Uint8Array(2 * (this.bytes.length - this.at));
    return false;
  }

  /** A varint: a whole number from 0 to 2^53. */
  varint(value: number): void {
    if (value < 0x80) {
      this.bytes[--this.at] = value;
    } else if (value < 0x4000) {
      this.at -= 2;
      this.bytes[this.at] = value | 0x80;
      this.bytes[this.at + 1] = value >>> 7;
    } else this.#longVarint(value);
  }

  /** Apart, so that the engine puts the short ones where they are called. */
  #longVarint(value: number): void {
    let rest = value;
    let high = -1;
    if (value >= 0x1000_0000) {
      rest = value % 0x1000_0000;
      high = (value - rest) / 0x1000_0000;
      this.varint(high);
    }
    const length = high >= 0 || rest >= 0x20_0000 ? 4 : 3;
    this.at -= length;
    const { at, bytes } = this;
    for (let i = 0; i < length; i++, rest >>>= 7) bytes[at + i] = rest | 0x80;
    if (high < 0) bytes[at + length - 1] = (bytes[at + length - 1] as number) & 0x7f;
  }

  raw(chunk: Uint8Array): void {
    const { length } = chunk;
    this.at -= length;
    const { at, bytes } = this;
    if (length <= LOOP_BYTES) for (let i = 0; i < length; i++) bytes[at + i] = chunk[i] as number;
    else if (at >= 0) bytes.set(chunk, at);
  }

  /** UTF-8. */
  text(text: string): void {
    const { bytes } = this;
    const start = this.at - text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.raw(Buffer.from(text));
        return;
      }
      bytes[start + i] = code;
    }
    this.at = start;
  }

  /** Ends a message or string that began, from behind, at `end`. `tag`: field number << 3 | 2. */
  close(tag: number, end: number): void {
    this.varint(end - this.at);
    this.varint(tag);
  }

  /** 0 is left out, as everywhere in proto3. `tag`: field number << 3. */
  varintField(tag: number, value: number): void {
    if (value === 0) return;
    this.varint(value);
    this.varint(tag);
  }

  textField(tag: number, text: string): void {
    if (text === '') return;
    const end = this.at;
    this.text(text);
    this.close(tag, end);
  }

  /** As the only field of its number that may be empty: an element of a repeated field. */
  textElement(tag: number, text: string): void {
    const end = this.at;
    this.text(text);
    this.close(tag, end);
  }

  /** The encoded message, or nothing where there is none. */
  messageField(tag: number, message: Uint8Array | undefined): void {
    if (message === undefined) return;
    this.raw(message);
    this.varint(message.length);
    this.varint(tag);
  }
}
