// The course of a vertex or an edge, as the relay remembers it: from before the page was opened. Read from the JSON of
// /api/series, whose 64-bit numbers are texts.

import { percentileUs } from './figures.ts';

export interface SeriesPoint {
  /** Unix milliseconds of the bucket's start. */
  readonly timeMs: number;
  readonly requestsPerSecond: number;
  /** The server's errors. */
  readonly errorsPerSecond: number;
  readonly dropsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Microseconds; NaN where nothing was measured. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** Responses by latency: bucket i covers [2^(i/2), 2^((i+1)/2)) microseconds. Empty where none was timed. */
  readonly latency: readonly number[];
}

export interface Series {
  readonly bucketMs: number;
  readonly points: readonly SeriesPoint[];
  /** Figures of what it calls, since nothing calls it. */
  readonly isOutgoing: boolean;
}

/** @returns undefined for what is no series. The last bucket is left out: it is not full yet, and would look like a fall. */
export function seriesFrom(json: unknown): Series | undefined {
  if (!isRecord(json) || typeof json.bucketMs !== 'number' || json.bucketMs <= 0) return undefined;
  const { bucketMs } = json;
  const buckets = Array.isArray(json.buckets) ? json.buckets.filter(isRecord) : [];
  const points = buckets.slice(0, -1).map((bucket) => pointFrom(bucket, bucketMs / 1000));
  return { bucketMs, points, isOutgoing: json.outgoing === true };
}

function pointFrom(bucket: Readonly<Record<string, unknown>>, seconds: number): SeriesPoint {
  const { latencyHistogram, start } = bucket;
  const latency = Array.isArray(latencyHistogram) ? latencyHistogram.map(Number) : [];
  return {
    timeMs: typeof start === 'string' ? Date.parse(start) : 0,
    requestsPerSecond: (numberOf(bucket.requests) || numberOf(bucket.connections)) / seconds,
    errorsPerSecond: numberOf(bucket.errorsServer) / seconds,
    dropsPerSecond: numberOf(bucket.dropped) / seconds,
    bytesPerSecond: numberOf(bucket.bytes) / seconds,
    p50Us: percentileUs(latency, 0.5) ?? Number.NaN,
    p99Us: percentileUs(latency, 0.99) ?? Number.NaN,
    latency,
  };
}

function numberOf(value: unknown): number {
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
