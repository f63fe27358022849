// What one peer has sent and the merge has not yet emitted, sorted by time. Sorted insertion makes the queue the
// reorder buffer of a stream that is not quite in order. Bytes lie in blocks of a pool, a chunk's messages side by side
// as they came.

import { Block, type BlockPool } from './block-pool.ts';

const initialCapacity = 64;
const noBlock = new Block(new Uint8Array(0));

export class PeerQueue {
  /** Bytes of the messages in the queue. */
  bytes = 0;
  readonly #pool: BlockPool;
  #times = new Float64Array(initialCapacity);
  #starts = new Uint32Array(initialCapacity);
  #ends = new Uint32Array(initialCapacity);
  #blocks: Block[] = new Array<Block>(initialCapacity).fill(noBlock);
  #head = 0;
  #tail = 0;
  /** Where what comes next is written; noBlock while nothing waits. */
  #open: Block = noBlock;
  /** The chunk that was copied last, in which batch, and how far its bytes moved: its messages come one by one. */
  #source: Uint8Array | undefined;
  #sourceBatch = -1;
  #shift = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#tail - this.#head;
  }

  /** Time of the earliest message; +Infinity when empty, so that an empty queue sorts last. */
  get headTime(): number {
    return this.#head === this.#tail ? Number.POSITIVE_INFINITY : (this.#times[this.#head] as number);
  }

  /** The bytes that the earliest message lies in; they are used for others after the call that drops the head. */
  get headChunk(): Uint8Array {
    return (this.#blocks[this.#head] as Block).bytes;
  }

  get headStart(): number {
    return this.#starts[this.#head] as number;
  }

  get headEnd(): number {
    return this.#ends[this.#head] as number;
  }

  /**
   * Copies a message in. Keeps the order of arrival between equal times. O(1) for a sorted stream, else O(how far back it
   * goes).
   * @param batch within one batch a chunk keeps its content, and is copied once for all its messages
   */
  insert(time: number, chunk: Uint8Array, start: number, end: number, batch: number): void {
    if (this.#source !== chunk || this.#sourceBatch !== batch) this.#copyIn(chunk, start, batch);
    if (this.#tail === this.#times.length) this.#makeRoom();
    let at = this.#tail;
    this.#tail += 1;
    if (at > this.#head && time < (this.#times[at - 1] as number)) at = this.#openGap(time);
    this.#times[at] = time;
    this.#starts[at] = start + this.#shift;
    this.#ends[at] = end + this.#shift;
    this.#blocks[at] = this.#open;
    this.#open.live += 1;
    this.bytes += end - start;
  }

  dropHead(): void {
    this.bytes -= this.headEnd - this.headStart;
    const block = this.#blocks[this.#head] as Block;
    this.#blocks[this.#head] = noBlock;
    this.#head += 1;
    block.live -= 1;
    if (block.live === 0) this.#giveBack(block);
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
    }
  }

  /** Everything from `start` on: what follows the message in its chunk will mostly be inserted next. */
  #copyIn(chunk: Uint8Array, start: number, batch: number): void {
    const length = chunk.length - start;
    if (this.#open === noBlock || this.#open.room < length) this.#open = this.#pool.take(length);
    const open = this.#open;
    open.bytes.set(start === 0 ? chunk : chunk.subarray(start), open.used);
    this.#shift = open.used - start;
    open.used += length;
    this.#source = chunk;
    this.#sourceBatch = batch;
  }

  #giveBack(block: Block): void {
    if (block === this.#open) {
      this.#open = noBlock;
      this.#source = undefined;
    }
    this.#pool.give(block);
  }

  /** Moves everything later than `time` one place back and returns the place that became free. */
  #openGap(time: number): number {
    let low = this.#head;
    let high = this.#tail - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] as number) > time) high = middle;
      else low = middle + 1;
    }
    this.#times.copyWithin(low + 1, low, this.#tail - 1);
    this.#starts.copyWithin(low + 1, low, this.#tail - 1);
    this.#ends.copyWithin(low + 1, low, this.#tail - 1);
    this.#blocks.copyWithin(low + 1, low, this.#tail - 1);
    return low;
  }

  #makeRoom(): void {
    const length = this.length;
    if (this.#head < this.#times.length >>> 1) {
      const capacity = this.#times.length * 2;
      this.#times = copyOf(this.#times, new Float64Array(capacity));
      this.#starts = copyOf(this.#starts, new Uint32Array(capacity));
      this.#ends = copyOf(this.#ends, new Uint32Array(capacity));
      while (this.#blocks.length < capacity) this.#blocks.push(noBlock);
      return;
    }
    this.#times.copyWithin(0, this.#head, this.#tail);
    this.#starts.copyWithin(0, this.#head, this.#tail);
    this.#ends.copyWithin(0, this.#head, this.#tail);
    this.#blocks.copyWithin(0, this.#head, this.#tail);
    this.#blocks.fill(noBlock, length, this.#tail);
    this.#head = 0;
    this.#tail = length;
  }
}

function copyOf<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
