// Memory that the merge keeps messages in while they wait: blocks that are used again and again. What comes from a socket is
// copied here, so that a chunk is garbage at once and costs the collector nothing, and a message that waits does not hold
// the whole chunk it came in.

/** What one read of a socket gives at most, so that a chunk fits whatever its size. */
const BLOCK_BYTES = 64 * 1024;
/** Free blocks kept for use: 16 MB. Further ones are left to the collector. */
const MAX_FREE = 256;

export class Block {
  readonly bytes: Uint8Array;
  /** Bytes written so far. */
  used = 0;
  /** Messages in it that still wait. */
  live = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get room(): number {
    return this.bytes.length - this.used;
  }
}

export class BlockPool {
  readonly #free: Block[] = [];
  #held = 0;

  /** Bytes of the blocks that are in use or free. */
  get heldBytes(): number {
    return this.#held;
  }

  /** An empty block with room for so many bytes. The one given back last comes first: it is still in the cache. */
  take(bytes: number): Block {
    if (bytes <= BLOCK_BYTES) {
      const free = this.#free.pop();
      if (free !== undefined) return free;
    }
    const block = new Block(new Uint8Array(Math.max(bytes, BLOCK_BYTES)));
    this.#held += block.bytes.length;
    return block;
  }

  give(block: Block): void {
    block.used = 0;
    block.live = 0;
    if (block.bytes.length === BLOCK_BYTES && this.#free.length < MAX_FREE) this.#free.push(block);
    else this.#held -= block.bytes.length;
  }
}
