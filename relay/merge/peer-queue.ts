// What one peer has sent and the merge has not yet emitted, sorted by time. Sorted insertion makes the queue the
// reorder buffer of a stream that is not quite in order. Holds references into the chunks that came from the socket,
// never copies.

const initialCapacity = 64;
const noBytes = new Uint8Array(0);

export class PeerQueue {
  /** Bytes of the messages in the queue, without the rest of the chunks that they lie in. */
  bytes = 0;
  #times = new Float64Array(initialCapacity);
  #starts = new Uint32Array(initialCapacity);
  #ends = new Uint32Array(initialCapacity);
  #chunks: Uint8Array[] = new Array<Uint8Array>(initialCapacity).fill(noBytes);
  #head = 0;
  #tail = 0;

  get length(): number {
    return this.#tail - this.#head;
  }

  /** Time of the earliest message; +Infinity when empty, so that an empty queue sorts last. */
  get headTime(): number {
    return this.#head === this.#tail ? Number.POSITIVE_INFINITY : (this.#times[this.#head] as number);
  }

  get headChunk(): Uint8Array {
    return this.#chunks[this.#head] as Uint8Array;
  }

  get headStart(): number {
    return this.#starts[this.#head] as number;
  }

  get headEnd(): number {
    return this.#ends[this.#head] as number;
  }

  /** Keeps the order of arrival between equal times. O(1) for a sorted stream, else O(how far back it goes). */
  insert(time: number, chunk: Uint8Array, start: number, end: number): void {
    if (this.#tail === this.#times.length) this.#makeRoom();
    let at = this.#tail;
    this.#tail += 1;
    if (at > this.#head && time < (this.#times[at - 1] as number)) at = this.#openGap(time);
    this.#times[at] = time;
    this.#starts[at] = start;
    this.#ends[at] = end;
    this.#chunks[at] = chunk;
    this.bytes += end - start;
  }

  dropHead(): void {
    this.bytes -= this.headEnd - this.headStart;
    this.#chunks[this.#head] = noBytes;
    this.#head += 1;
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
    }
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
    this.#chunks.copyWithin(low + 1, low, this.#tail - 1);
    return low;
  }

  #makeRoom(): void {
    const length = this.length;
    if (this.#head < this.#times.length >>> 1) {
      const capacity = this.#times.length * 2;
      this.#times = copyOf(this.#times, new Float64Array(capacity));
      this.#starts = copyOf(this.#starts, new Uint32Array(capacity));
      this.#ends = copyOf(this.#ends, new Uint32Array(capacity));
      while (this.#chunks.length < capacity) this.#chunks.push(noBytes);
      return;
    }
    this.#times.copyWithin(0, this.#head, this.#tail);
    this.#starts.copyWithin(0, this.#head, this.#tail);
    this.#ends.copyWithin(0, this.#head, this.#tail);
    this.#chunks.copyWithin(0, this.#head, this.#tail);
    this.#chunks.fill(noBytes, length, this.#tail);
    this.#head = 0;
    this.#tail = length;
  }
}

function copyOf<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
