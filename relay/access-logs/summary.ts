// What the records of a sliding window tell, kept up to date record by record: requests by status class and quantiles over
// time, and by route. Records count when they came, since a proxy's own clock may say anything.

import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { type AccessLogRecord, AccessLogSummary, type RouteFigures } from '#proto/gen/parallax/v1/access_log.ts';
import { DurationHistogram } from './duration-histogram.ts';
import { commonOf } from './make-record.ts';
import { pathOf, responseStatus } from './record-filter.ts';
import { methodName } from './words.ts';

/** Points of the timeline. */
const bucketCount = 60;
/** Routes told, most requests first. */
const maxRoutes = 50;
/** Routes kept in one bucket, some 300 bytes each: 5 MB a page at most. Requests of others are in the timeline alone. */
const maxRoutesPerBucket = 300;
const statusClasses = 6;

interface Route {
  readonly service: string;
  readonly route: string;
  requests: number;
  clientErrors: number;
  serverErrors: number;
  flagged: number;
  readonly durations: DurationHistogram;
}

interface Bucket {
  readonly index: number;
  readonly classes: number[];
  readonly durations: DurationHistogram;
  readonly routes: Map<string, Route>;
}

export class Summary {
  readonly #windowSeconds: number;
  readonly #bucketMs: number;
  #buckets: Bucket[] = [];

  constructor(windowSeconds: number) {
    this.#windowSeconds = windowSeconds;
    this.#bucketMs = (windowSeconds * 1000) / bucketCount;
  }

  /** @param record one that is final. @param receivedMs Unix milliseconds, not before those of earlier calls */
  add(record: AccessLogRecord, receivedMs: number): void {
    const bucket = this.#bucketAt(receivedMs);
    const status = responseStatus(record);
    const statusClass = Math.min(statusClasses - 1, Math.floor(status / 100));
    bucket.classes[statusClass] = (bucket.classes[statusClass] ?? 0) + 1;
    const us = record.durationUs === undefined ? undefined : Number(record.durationUs);
    if (us !== undefined) bucket.durations.add(us);
    const route = routeOf(bucket, record);
    if (route === undefined) return;
    route.requests += 1;
    if (status >= 400 && status < 500) route.clientErrors += 1;
    if (status >= 500 || (status === 0 && record.responseFlags.length > 0)) route.serverErrors += 1;
    if (record.responseFlags.length > 0) route.flagged += 1;
    if (us !== undefined) route.durations.add(us);
  }

  summarise(nowMs: number): AccessLogSummary {
    this.#forget(nowMs);
    const [first] = this.#buckets;
    const coveredMs =
      first === undefined ? 0 : Math.min(this.#windowSeconds * 1000, nowMs - first.index * this.#bucketMs);
    return {
      ...AccessLogSummary.create(),
      windowSeconds: this.#windowSeconds,
      coveredMs: Math.max(0, Math.round(coveredMs)),
      requests: BigInt(this.#buckets.reduce((sum, { classes }) => sum + total(classes), 0)),
      timeline: this.#buckets.map(({ index, classes, durations }) => ({
        start: toTimestamp(index * this.#bucketMs),
        durationMs: Math.round(this.#bucketMs),
        statusClasses: classes.map(BigInt),
        p50Us: durations.quantile(0.5),
        p90Us: durations.quantile(0.9),
        p99Us: durations.quantile(0.99),
      })),
      routes: this.#routes(),
    };
  }

  #bucketAt(nowMs: number): Bucket {
    const index = Math.floor(nowMs / this.#bucketMs);
    const last = this.#buckets.at(-1);
    if (last !== undefined && last.index >= index) return last;
    const bucket: Bucket = {
      index,
      classes: Array.from({ length: statusClasses }, () => 0),
      durations: new DurationHistogram(),
      routes: new Map(),
    };
    this.#buckets.push(bucket);
    this.#forget(nowMs);
    return bucket;
  }

  #forget(nowMs: number): void {
    const oldest = Math.floor(nowMs / this.#bucketMs) - bucketCount;
    if ((this.#buckets[0]?.index ?? Number.POSITIVE_INFINITY) > oldest) return;
    this.#buckets = this.#buckets.filter(({ index }) => index > oldest);
  }

  #routes(): RouteFigures[] {
    const sums = new Map<string, Route>();
    for (const bucket of this.#buckets) {
      for (const [key, route] of bucket.routes) {
        const sum = sums.get(key);
        if (sum === undefined) sums.set(key, copyOf(route));
        else addTo(sum, route);
      }
    }
    return [...sums.values()]
      .sort((a, b) => b.requests - a.requests)
      .slice(0, maxRoutes)
      .map(({ durations, ...route }) => ({
        service: route.service,
        route: route.route,
        requests: BigInt(route.requests),
        clientErrors: BigInt(route.clientErrors),
        serverErrors: BigInt(route.serverErrors),
        flagged: BigInt(route.flagged),
        p50Us: durations.quantile(0.5),
        p99Us: durations.quantile(0.99),
      }));
  }
}

function routeOf(bucket: Bucket, record: AccessLogRecord): Route | undefined {
  const { service } = record;
  const name = commonOf(record)?.routeName || firstSegment(record);
  const key = `${service} ${name}`;
  const known = bucket.routes.get(key);
  if (known !== undefined) return known;
  if (bucket.routes.size >= maxRoutesPerBucket) return undefined;
  const made = {
    ...{ service, route: name, requests: 0, clientErrors: 0, serverErrors: 0, flagged: 0 },
    durations: new DurationHistogram(),
  };
  bucket.routes.set(key, made);
  return made;
}

/** Paths have no end of variety; their first part mostly names what is asked for. */
function firstSegment(record: AccessLogRecord): string {
  if (record.entry?.$case === 'tcp') return 'TCP';
  const segment = pathOf(record).split('/', 2)[1] ?? '';
  return `${methodName(record)} /${segment.slice(0, 64)}`;
}

function copyOf(route: Route): Route {
  const durations = new DurationHistogram();
  durations.addAll(route.durations);
  return { ...route, durations };
}

function addTo(sum: Route, route: Route): void {
  sum.requests += route.requests;
  sum.clientErrors += route.clientErrors;
  sum.serverErrors += route.serverErrors;
  sum.flagged += route.flagged;
  sum.durations.addAll(route.durations);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function toTimestamp(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.floor((ms - seconds * 1000) * 1e6) };
}
