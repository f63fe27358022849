// Cuts a byte stream of gRPC frames into messages. Messages that lie whole in a chunk are given as ranges of that chunk;
// only the one that is split over two chunks is copied.

import { status } from '@grpc/grpc-js';
import { GrpcError } from './grpc-error.ts';
import { FRAME_PREFIX_BYTES } from './slab.ts';

/**
 * Takes `count` messages: bytes[starts[i], ends[i]). The arrays are used again for the next call, and `bytes` belongs to the
 * connection: copy what you keep.
 */
export type OnMessages = (bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, count: number) => void;

export class MessageSplitter {
  readonly #onMessages: OnMessages;
  readonly #maxMessageBytes: number;
  #starts = new Uint32Array(256);
  #ends = new Uint32Array(256);
  /** Prefix of a frame that was cut within its prefix or its message. */
  readonly #prefix = new Uint8Array(FRAME_PREFIX_BYTES);
  #prefixFilled = 0;
  #partial: Uint8Array | undefined;
  #partialFilled = 0;

  /** @param maxMessageBytes a peer that announces a longer message is refused before anything is allocated for it */
  constructor(maxMessageBytes: number, onMessages: OnMessages) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#onMessages = onMessages;
  }

  /** True if the stream stands between two messages. */
  get isAtBoundary(): boolean {
    return this.#prefixFilled === 0 && this.#partial === undefined;
  }

  /** @throws GrpcError for a message that is too long or compressed */
  write(chunk: Uint8Array): void {
    let position = this.isAtBoundary ? 0 : this.#finishPartial(chunk);
    let count = 0;
    while (position + FRAME_PREFIX_BYTES <= chunk.length) {
      const length = this.#readPrefix(chunk, position);
      const start = position + FRAME_PREFIX_BYTES;
      if (start + length > chunk.length) break;
      if (count === this.#starts.length) this.#grow();
      this.#starts[count] = start;
      this.#ends[count] = start + length;
      count++;
      position = start + length;
    }
    if (count > 0) this.#onMessages(chunk, this.#starts, this.#ends, count);
    if (position < chunk.length) this.#startPartial(chunk, position);
  }

  #readPrefix(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== 0) {
      throw new GrpcError(status.INTERNAL, 'the peer sent a compressed message, which was not asked for');
    }
    const length =
      (((bytes[at + 1] as number) << 24) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 8) |
        (bytes[at + 4] as number)) >>>
      0;
    if (length > this.#maxMessageBytes) {
      const rule = `longer than the ${this.#maxMessageBytes} that are accepted`;
      throw new GrpcError(status.RESOURCE_EXHAUSTED, `the peer sent a message of ${length} bytes, ${rule}`);
    }
    return length;
  }

  /** Takes what the chunk has of the cut frame, and returns where the next frame starts. */
  #finishPartial(chunk: Uint8Array): number {
    let position = 0;
    while (this.#partial === undefined && position < chunk.length) {
      this.#prefix[this.#prefixFilled++] = chunk[position++] as number;
      if (this.#prefixFilled === FRAME_PREFIX_BYTES) this.#partial = new Uint8Array(this.#readPrefix(this.#prefix, 0));
    }
    const partial = this.#partial;
    if (partial === undefined) return position;
    const taken = Math.min(partial.length - this.#partialFilled, chunk.length - position);
    partial.set(chunk.subarray(position, position + taken), this.#partialFilled);
    this.#partialFilled += taken;
    if (this.#partialFilled === partial.length) {
      this.#partial = undefined;
      this.#partialFilled = 0;
      this.#prefixFilled = 0;
      this.#starts[0] = 0;
      this.#ends[0] = partial.length;
      this.#onMessages(partial, this.#starts, this.#ends, 1);
    }
    return position + taken;
  }

  #startPartial(chunk: Uint8Array, position: number): void {
    this.#prefixFilled = 0;
    this.#partialFilled = 0;
    this.#finishPartial(chunk.subarray(position));
  }

  #grow(): void {
    const starts = new Uint32Array(this.#starts.length * 2);
    const ends = new Uint32Array(starts.length);
    starts.set(this.#starts);
    ends.set(this.#ends);
    this.#starts = starts;
    this.#ends = ends;
  }
}
