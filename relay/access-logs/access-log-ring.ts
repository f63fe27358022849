// The latest access log records, bounded in bytes as they came over the wire. The oldest leave; readers that were
// overtaken learn how many they missed from the numbers.

import type { AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';

/** As they came over the wire; decoded they take some five times as much: 160 MB at most. */
const defaultMaxBytes = 32 << 20;
/** Records however small they are. */
const defaultMaxRecords = 200_000;

export class AccessLogRing {
  readonly #maxBytes: number;
  readonly #maxRecords: number;
  /** Position of number n: (n - 1) modulo the length. */
  readonly #records: (AccessLogRecord | undefined)[] = [];
  readonly #sizes: Uint32Array;
  #oldest = 1;
  #next = 1;
  #bytes = 0;

  constructor(maxBytes = defaultMaxBytes, maxRecords = defaultMaxRecords) {
    this.#maxBytes = maxBytes;
    this.#maxRecords = maxRecords;
    this.#sizes = new Uint32Array(maxRecords);
  }

  /** Number of the oldest record that is kept; equal to `next` when there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Number that the next record gets. */
  get next(): number {
    return this.#next;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Gives the record its number and keeps it. @param bytes its size on the wire */
  append(record: AccessLogRecord, bytes: number): void {
    while (
      this.#oldest < this.#next &&
      (this.#next - this.#oldest >= this.#maxRecords || this.#bytes + bytes > this.#maxBytes)
    ) {
      this.#forgetOldest();
    }
    const slot = (this.#next - 1) % this.#maxRecords;
    record.number = BigInt(this.#next);
    this.#records[slot] = record;
    this.#sizes[slot] = bytes;
    this.#bytes += bytes;
    this.#next += 1;
  }

  /** Undefined for what has left or is not there yet. */
  at(number: number): AccessLogRecord | undefined {
    if (number < this.#oldest || number >= this.#next) return undefined;
    return this.#records[(number - 1) % this.#maxRecords];
  }

  #forgetOldest(): void {
    const slot = (this.#oldest - 1) % this.#maxRecords;
    this.#bytes -= this.#sizes[slot] as number;
    this.#records[slot] = undefined;
    this.#oldest += 1;
  }
}
