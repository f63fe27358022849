// The aggregate behind the service map: takes each flow of the ring once, gives the map of any window up to five
// minutes. One owner, nothing awaits, time comes in. It keeps what each view saw apart and counts once when it is read:
// see choose-view.ts.

import { L7_DNS, L7_HTTP, L7_KAFKA, REPLY_TRUE, REPLY_UNSET } from '#observer/columns.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { MapScope, type Series, type ServiceMap } from '#proto/gen/parallax/v1/dashboard.ts';
import * as bucket from './buckets.ts';
import { buildMap } from './build-map.ts';
import type { Sighting } from './choose-view.ts';
import { dropReasonNumber } from './drop-reasons.ts';
import type { EndSource } from './end-table.ts';
import { type FlowExtras, FlowExtrasScanner } from './flow-extras.ts';
import { latencyBucket } from './latency-histogram.ts';
import { type MapRecord, REPLY_POINTS, RecordTable } from './record-table.ts';
import { type SeriesSubject, seriesOf } from './series.ts';

export interface ServiceMapOptions {
  readonly ring: FlowRing;
  readonly ends: EndSource;
  /** Default 5 s. A window moves by a bucket. */
  readonly bucketMs?: number;
  /** Default 60: with 5 s each, the longest window is five minutes. */
  readonly bucketCount?: number;
  /**
   * Records (opener, server, port, protocol, view) kept, a power of two. Default 32,768. With all of them active in
   * all 60 buckets, at 84 bytes a row, that is 165 MB; with a thousand connections at a time it stays below 10 MB.
   */
  readonly maxRecords?: number;
}

const DROPPED_VERDICT = 2;
const L7_FLOW = 2;
const L7_REQUEST = 1;
const L7_RESPONSE = 2;
const SYN = 2;
const ACK = 16;
const OPENED = 1;
/** Flow.Type of a socket-level event: never the packets' view. */
const SOCKET_FLOW = 3;
const EPHEMERAL_PORT = 32_768;
const SERVFAIL = 2;

export class ServiceMapAggregate {
  /** Flows older than the longest window when they came. They are on no map. */
  tooOld = 0;
  /** Flows that came when the records were at their bound: counted on "other" of their namespaces, while that has room. */
  folded = 0;
  readonly #ring: FlowRing;
  readonly #ends: EndSource;
  readonly #buckets: bucket.Buckets;
  readonly #records: RecordTable;
  readonly #extras = new FlowExtrasScanner();
  #newestBucket = Number.NEGATIVE_INFINITY;
  #coveredFromMs = Number.POSITIVE_INFINITY;
  #lastFoldedBucket = Number.NEGATIVE_INFINITY;

  constructor(options: ServiceMapOptions) {
    this.#ring = options.ring;
    this.#ends = options.ends;
    this.#buckets = new bucket.Buckets(options.bucketMs ?? 5000, options.bucketCount ?? 60);
    this.#records = new RecordTable(options.maxRecords ?? 32_768);
  }

  /** Counts the flow of that sequence, which must be in the ring. */
  add(sequence: number, nowMs: number): void {
    const columns = this.#ring.columns;
    const slot = this.#ring.slotOf(sequence);
    const timeMs = Math.min(nowMs, this.#ring.timeMs(sequence));
    const number = this.#buckets.numberOf(timeMs);
    this.#advance(this.#buckets.numberOf(nowMs));
    if (number <= this.#newestBucket - this.#buckets.count) {
      this.tooOld += 1;
      return;
    }
    const isL7 = columns.flowType[slot] === L7_FLOW;
    const isDropped = columns.verdict[slot] === DROPPED_VERDICT;
    const hasExtras = (isL7 && columns.l7Kind[slot] !== L7_HTTP) || columns.hasDetails[slot] === 1;
    const extras = hasExtras && (isL7 || isDropped) ? this.#extras.scan(this.#ring.messageAt(sequence)) : undefined;
    const isReply = this.#isReply(slot);
    const record = this.#recordOf(sequence, slot, isReply, isL7, extras?.isAccessLog ?? false, number);
    if (record < 0) return;
    const writer = this.#buckets.open(number);
    const base = writer.baseOf(record);
    const counters = writer.counters;
    increase(counters, base + bucket.FLOWS, 1);
    if (isDropped) {
      const count = extras?.dropCount ?? 1;
      increase(counters, base + bucket.DROPPED, count);
      // A flow may stand for many drops: flows = forwarded + dropped stays true.
      increase(counters, base + bucket.FLOWS, count - 1);
      const reason = dropReasonNumber(extras?.dropReason ?? '', columns.dropReason[slot] as number);
      this.#buckets.addDrops(writer, record, reason, count);
      this.#noteDrop(record, reason, timeMs);
    } else increase(counters, base + bucket.FORWARDED, 1);
    if (!isDropped && this.#isOpening(slot, isReply)) increase(counters, base + bucket.CONNECTIONS, 1);
    const bytes = (columns.initiatorNewBytes[slot] as number) + (columns.responderNewBytes[slot] as number);
    increase(counters, base + bucket.BYTES, bytes);
    if (timeMs > (counters[base + bucket.LAST_SEEN_MS] as number)) counters[base + bucket.LAST_SEEN_MS] = timeMs;
    if (isL7) this.#countMessage(writer, base, record, slot, extras);
    this.coverFrom(timeMs);
  }

  /** Tells that flows from this time on were offered to this aggregate, whether or not any was counted. */
  coverFrom(timeMs: number): void {
    if (timeMs < this.#coveredFromMs) this.#coveredFromMs = timeMs;
  }

  /**
   * The map of the last `windowSeconds`, at most the longest window; 0 means 60. Cost: rows of the buckets in it.
   * @param namespaces leaves out what has no end in any of them
   */
  map(
    windowSeconds: number,
    nowMs: number,
    scope: MapScope = MapScope.MAP_SCOPE_WORKLOAD,
    namespaces?: ReadonlySet<string>,
  ): ServiceMap {
    const { bucketMs } = this.#buckets;
    const { windowMs, from, to } = this.#window(windowSeconds, nowMs);
    const coveredFromMs = Math.max(from * bucketMs, this.#coveredFromMs);
    const map = buildMap(this.#sightings(from, to, namespaces), scope, bucketMs);
    map.windowSeconds = Math.round(windowMs / 1000);
    map.coveredMs = Math.max(0, Math.round(nowMs - coveredFromMs));
    map.folded ||= this.#lastFoldedBucket >= from;
    return map;
  }

  /** The course of one vertex or edge over the same window. Cost: as a map, and the rows of what was asked for. */
  series(
    windowSeconds: number,
    nowMs: number,
    scope: MapScope,
    wanted: SeriesSubject,
    namespaces?: ReadonlySet<string>,
  ): Series {
    const { from, to } = this.#window(windowSeconds, nowMs);
    const covered = Math.max(from, this.#buckets.numberOf(this.#coveredFromMs));
    return seriesOf(this.#sightings(from, to, namespaces), this.#buckets, { from: covered, to }, scope, wanted);
  }

  #window(windowSeconds: number, nowMs: number): { windowMs: number; from: number; to: number } {
    const { bucketMs, count } = this.#buckets;
    const windowMs = Math.min((windowSeconds === 0 ? 60 : windowSeconds) * 1000, bucketMs * count);
    const to = this.#buckets.numberOf(nowMs);
    // The current bucket is not full yet, so a window is up to one bucket short; one of a single bucket takes two.
    return { windowMs, from: to - Math.min(count - 1, Math.max(1, Math.ceil(windowMs / bucketMs) - 1)), to };
  }

  #sightings(from: number, to: number, namespaces: ReadonlySet<string> | undefined): Sighting[] {
    const sightings: Sighting[] = [];
    for (const [index, totals] of this.#buckets.sum(from, to)) {
      const record = this.#records.at(index);
      if (record !== undefined && hasEndIn(record, namespaces)) sightings.push({ index, record, totals });
    }
    return sightings;
  }

  #advance(number: number): void {
    if (number <= this.#newestBucket) return;
    this.#newestBucket = number;
    this.#records.forgetBefore(number - this.#buckets.count + 1);
  }

  #recordOf(
    sequence: number,
    slot: number,
    isReply: boolean,
    isL7: boolean,
    isAccessLog: boolean,
    number: number,
  ): number {
    const columns = this.#ring.columns;
    const opener = this.#ends.endOf(sequence, !isReply);
    const server = this.#ends.endOf(sequence, isReply);
    const port = (isReply ? columns.sourcePort[slot] : columns.destinationPort[slot]) as number;
    const protocol = columns.protocol[slot] as number;
    const direction = columns.flowType[slot] === SOCKET_FLOW ? 0 : (columns.direction[slot] as number);
    const node = this.#ends.nodeNumber(columns.nodeId[slot] as number);
    // A request and its response are one view, whatever event sub-types they carry.
    const point = isL7 ? 0 : this.#pointOf(slot, isReply);
    let index = this.#records.find(opener, server, port, protocol, direction, node, point, isL7, isAccessLog);
    if (index < 0) {
      const others = [this.#ends.otherOf(opener), this.#ends.otherOf(server)] as const;
      index = this.#records.findOther(...others, direction, isL7, isAccessLog);
      this.folded += 1;
      this.#lastFoldedBucket = number;
    }
    const record = this.#records.at(index);
    if (record !== undefined && record.lastBucket < number) {
      if (record.lastBucket === 0) record.firstBucket = number;
      record.lastBucket = number;
    }
    return index;
  }

  #noteDrop(index: number, reason: number, timeMs: number): void {
    const record = this.#records.at(index);
    if (record === undefined) return;
    record.dropSpans ??= new Map();
    const span = record.dropSpans.get(reason);
    if (span === undefined || timeMs - span.lastMs > this.#buckets.bucketMs * this.#buckets.count) {
      record.dropSpans.set(reason, { firstMs: timeMs, lastMs: timeMs });
    } else span.lastMs = Math.max(span.lastMs, timeMs);
  }
  /** Requests, responses and their outcome, of an L7 flow. */
  #countMessage(
    writer: bucket.BucketWriter,
    base: number,
    record: number,
    slot: number,
    extras: FlowExtras | undefined,
  ): void {
    const { l7Type, l7Kind, httpCode, latencyNs } = this.#ring.columns;
    const kind = l7Kind[slot] as number;
    const owner = this.#records.at(record);
    if (owner !== undefined && owner.l7Protocol === '') owner.l7Protocol = l7Name(kind, extras);
    if (owner !== undefined && extras !== undefined && extras.mesh !== 0) owner.mesh = extras.mesh;
    if (l7Type[slot] === L7_REQUEST) increase(writer.counters, base + bucket.REQUESTS, 1);
    if (l7Type[slot] !== L7_RESPONSE) return;
    increase(writer.counters, base + bucket.RESPONSES, 1);
    const code = httpCode[slot] as number;
    const dnsCode = extras?.dnsCode ?? 0;
    const isServerError = code >= 500 || dnsCode === SERVFAIL || extras?.isOperationError === true;
    const isClientError = !isServerError && (code >= 400 || dnsCode !== 0);
    if (isServerError) increase(writer.counters, base + bucket.SERVER_ERRORS, 1);
    if (isClientError) increase(writer.counters, base + bucket.CLIENT_ERRORS, 1);
    const latency = latencyNs[slot] as number;
    if (latency > 0) this.#buckets.addLatency(writer, record, latencyBucket(latency));
  }

  /**
   * Where on its node the flow was seen. Our exporters account a connection once a node, so theirs is one point; Hubble's
   * agents report one packet at several. The sub-type of a drop is its reason, so no place.
   */
  #pointOf(slot: number, isReply: boolean): number {
    const { eventType, eventSubType, verdict, hasDetails } = this.#ring.columns;
    if (hasDetails[slot] === 1) return 0;
    const place = verdict[slot] === DROPPED_VERDICT ? 0 : (eventSubType[slot] as number) & 0xff;
    return ((eventType[slot] as number) & 0xff) * 256 + place + (isReply ? REPLY_POINTS : 0);
  }

  /** Where the observer does not say, a SYN+ACK is a reply, and so is what goes from a service's port to an ephemeral one. */
  #isReply(slot: number): boolean {
    const { isReply, tcpFlags, sourcePort, destinationPort } = this.#ring.columns;
    if (isReply[slot] !== REPLY_UNSET) return isReply[slot] === REPLY_TRUE;
    const flags = (tcpFlags[slot] as number) & (SYN | ACK);
    if (flags !== 0 && flags !== ACK) return flags === (SYN | ACK);
    const from = sourcePort[slot] as number;
    return from > 0 && from < EPHEMERAL_PORT && (destinationPort[slot] as number) >= EPHEMERAL_PORT;
  }

  /** Our exporters say when a connection opened; of others a SYN without ACK says it. */
  #isOpening(slot: number, isReply: boolean): boolean {
    const { hasDetails, reason, tcpFlags } = this.#ring.columns;
    if (hasDetails[slot] === 1) return reason[slot] === OPENED;
    return !isReply && ((tcpFlags[slot] as number) & (SYN | ACK)) === SYN;
  }
}

function hasEndIn({ opener, server }: MapRecord, namespaces: ReadonlySet<string> | undefined): boolean {
  return namespaces === undefined || namespaces.has(opener.namespace) || namespaces.has(server.namespace);
}

function increase(counters: Float64Array, at: number, by: number): void {
  counters[at] = (counters[at] as number) + by;
}

function l7Name(kind: number, extras: FlowExtras | undefined): string {
  if (extras !== undefined && extras.operationProtocol !== '') return extras.operationProtocol;
  if (kind === L7_HTTP) return 'HTTP';
  if (kind === L7_DNS) return 'DNS';
  return kind === L7_KAFKA ? 'Kafka' : '';
}
