// The bytes of a flow ring: one fixed block that messages are copied into one after another, round and round. Each
// message lies in one piece and already framed for gRPC (a zero byte and its length, big endian), so that a run of
// neighbours can be sent with one copy. Which messages are still whole is the ring's business: it releases the oldest
// until the next one fits.

/** Compression flag and 32-bit length: gRPC over HTTP/2, "Length-Prefixed-Message". */
export const FRAME_PREFIX_BYTES = 5;

export class Slab {
  readonly capacity: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  /** Where the next frame starts. */
  #head = 0;
  /** Where the oldest frame starts; equal to #head when empty or full, told apart by #used. */
  #tail = 0;
  /** Bytes between tail and head, with the gap left at the end of the block when a frame did not fit there. */
  #used = 0;

  /** @param capacity in bytes; allocated at once, but the system maps pages only as they are written */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  get used(): number {
    return this.#used;
  }

  /** Bytes that must be free for a message of `length` bytes: more than its frame if the block's end is too near. */
  needed(length: number): number {
    const frame = length + FRAME_PREFIX_BYTES;
    const toEnd = this.capacity - this.#head;
    return frame <= toEnd ? frame : toEnd + frame;
  }

  get free(): number {
    return this.capacity - this.#used;
  }

  /** Copies source[start, end) in and returns the offset of its frame. The caller has made `needed(end - start)` free. */
  write(source: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const frame = length + FRAME_PREFIX_BYTES;
    const toEnd = this.capacity - this.#head;
    if (frame > toEnd) {
      this.#used += toEnd;
      this.#head = 0;
    }
    const offset = this.#head;
    const bytes = this.bytes;
    bytes[offset] = 0;
    bytes[offset + 1] = length >>> 24;
    bytes[offset + 2] = length >>> 16;
    bytes[offset + 3] = length >>> 8;
    bytes[offset + 4] = length;
    bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), offset + FRAME_PREFIX_BYTES);
    this.#head = offset + frame;
    this.#used += frame;
    return offset;
  }

  /** Gives back the oldest frames up to `nextOffset`, where the oldest frame that stays begins; it may lie round the end. */
  release(nextOffset: number): void {
    this.#used -= nextOffset >= this.#tail ? nextOffset - this.#tail : this.capacity - this.#tail + nextOffset;
    this.#tail = nextOffset;
  }

  /** Gives back everything. */
  clear(): void {
    this.#head = 0;
    this.#tail = 0;
    this.#used = 0;
  }
}
