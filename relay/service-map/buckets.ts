// Counters per record and time bucket. Records are small numbers given out by RecordTable; a bucket has a row only for
// the records that were active in it. A window is summed when it is read, so that any window costs nothing to keep.

import { LATENCY_BUCKETS } from './latency-histogram.ts';

/** Columns of a row. */
export const FLOWS = 0;
export const FORWARDED = 1;
export const DROPPED = 2;
export const CONNECTIONS = 3;
export const REQUESTS = 4;
export const RESPONSES = 5;
export const CLIENT_ERRORS = 6;
export const SERVER_ERRORS = 7;
export const BYTES = 8;
/** Not a sum but a maximum: Unix milliseconds. */
export const LAST_SEEN_MS = 9;
export const COUNTERS = 10;

/** Drop reasons are field values of flow.DropReason, which are below this. */
const REASONS = 4096;

/** What a window holds of one record. */
export class RecordTotals {
  readonly counters = new Float64Array(COUNTERS);
  latency: Uint32Array | undefined;
  readonly drops = new Map<number, number>();
}

class Bucket {
  number = Number.NEGATIVE_INFINITY;
  rows = 0;
  /** Row of each record plus one; 0 for none. Grows with the records, up to their bound. */
  rowOf = new Uint32Array(64);
  recordOf = new Uint32Array(64);
  counters = new Float64Array(64 * COUNTERS);
  readonly latency = new Map<number, Uint32Array>();
  readonly drops = new Map<number, number>();

  clear(number: number): void {
    this.number = number;
    this.rowOf.fill(0);
    this.counters.fill(0, 0, this.rows * COUNTERS);
    this.rows = 0;
    this.latency.clear();
    this.drops.clear();
  }

  /** Index of the record's counters, which are made if it has none here. */
  baseOf(record: number): number {
    if (record >= this.rowOf.length) this.rowOf = grown(this.rowOf, new Uint32Array(roomFor(record + 1)));
    const row = this.rowOf[record] as number;
    return row > 0 ? (row - 1) * COUNTERS : this.#addRow(record);
  }

  #addRow(record: number): number {
    const row = this.rows;
    if (row === this.recordOf.length) {
      this.recordOf = grown(this.recordOf, new Uint32Array(row * 2));
      this.counters = grown(this.counters, new Float64Array(row * 2 * COUNTERS));
    }
    this.rows += 1;
    this.recordOf[row] = record;
    this.rowOf[record] = row + 1;
    return row * COUNTERS;
  }
}

export class Buckets {
  readonly bucketMs: number;
  readonly count: number;
  readonly #buckets: Bucket[];

  /** @param count how many buckets are kept: the longest window */
  constructor(bucketMs: number, count: number) {
    this.bucketMs = bucketMs;
    this.count = count;
    this.#buckets = Array.from({ length: count }, () => new Bucket());
  }

  numberOf(timeMs: number): number {
    return Math.floor(timeMs / this.bucketMs);
  }

  /** The bucket of that number, emptied of what was in its place before. The caller has checked that it is within the window. */
  open(number: number): BucketWriter {
    const bucket = this.#buckets[number % this.count] as Bucket;
    if (bucket.number < number) bucket.clear(number);
    return bucket;
  }

  /** Adds one drop to a record. */
  addDrops(writer: BucketWriter, record: number, reason: number, count: number): void {
    const key = record * REASONS + (reason & (REASONS - 1));
    writer.drops.set(key, (writer.drops.get(key) ?? 0) + count);
  }

  addLatency(writer: BucketWriter, record: number, latencyBucket: number): void {
    let histogram = writer.latency.get(record);
    if (histogram === undefined) {
      histogram = new Uint32Array(LATENCY_BUCKETS);
      writer.latency.set(record, histogram);
    }
    histogram[latencyBucket] = (histogram[latencyBucket] as number) + 1;
  }

  /** What one bucket holds of one record; undefined where it was not active. */
  at(number: number, record: number): RecordTotals | undefined {
    const bucket = this.#buckets[number % this.count];
    const row = bucket?.number === number ? (bucket.rowOf[record] ?? 0) : 0;
    if (bucket === undefined || row === 0) return undefined;
    const totals = new RecordTotals();
    const base = (row - 1) * COUNTERS;
    totals.counters.set(bucket.counters.subarray(base, base + COUNTERS));
    totals.latency = bucket.latency.get(record);
    return totals;
  }

  /** Totals of every record active in buckets [from, to]. Cost: rows in those buckets. */
  sum(from: number, to: number): Map<number, RecordTotals> {
    const totals = new Map<number, RecordTotals>();
    for (const bucket of this.#buckets) {
      if (bucket.number < from || bucket.number > to) continue;
      for (let row = 0; row < bucket.rows; row += 1) addRow(totals, bucket, row);
      for (const [record, histogram] of bucket.latency) addHistogram(totalsOf(totals, record), histogram);
      for (const [key, count] of bucket.drops) {
        const drops = totalsOf(totals, Math.floor(key / REASONS)).drops;
        drops.set(key % REASONS, (drops.get(key % REASONS) ?? 0) + count);
      }
    }
    return totals;
  }
}

export type BucketWriter = Pick<Bucket, 'baseOf' | 'counters' | 'latency' | 'drops'>;

function addRow(totals: Map<number, RecordTotals>, bucket: Bucket, row: number): void {
  const { counters } = totalsOf(totals, bucket.recordOf[row] as number);
  const base = row * COUNTERS;
  for (let column = 0; column < LAST_SEEN_MS; column += 1) {
    counters[column] = (counters[column] as number) + (bucket.counters[base + column] as number);
  }
  counters[LAST_SEEN_MS] = Math.max(counters[LAST_SEEN_MS] as number, bucket.counters[base + LAST_SEEN_MS] as number);
}

function addHistogram(totals: RecordTotals, histogram: Uint32Array): void {
  totals.latency ??= new Uint32Array(LATENCY_BUCKETS);
  for (let index = 0; index < LATENCY_BUCKETS; index += 1) {
    totals.latency[index] = (totals.latency[index] as number) + (histogram[index] as number);
  }
}

function totalsOf(totals: Map<number, RecordTotals>, record: number): RecordTotals {
  let found = totals.get(record);
  if (found === undefined) {
    found = new RecordTotals();
    totals.set(record, found);
  }
  return found;
}

function roomFor(length: number): number {
  return 2 ** Math.ceil(Math.log2(length));
}

function grown<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
