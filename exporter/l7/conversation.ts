// What every protocol's conversation shares: the segment as it comes from the tracker (in order if that could be had, without
// bytes seen before), the way out for events, and the counters.
import type { L7Event, L7Message, TlsHelloMessage } from './l7-event.ts';
import type { WaitingRoom } from './outstanding.ts';
import type { RedactionRules } from './redact.ts';

/** A segment without the bytes of retransmissions; `data` is borrowed. */
export interface FreshSegment {
  readonly fromInitiator: boolean;
  readonly timeNs: bigint;
  readonly sequence: number;
  readonly payloadLength: number;
  readonly data: Uint8Array;
  /** True if a DNS or other datagram, so that each segment stands alone. */
  readonly isDatagram: boolean;
  /** As in L7Segment. */
  readonly nothingMissed: boolean;
  /** As in L7Segment. */
  readonly wholeStream: boolean;
}

export interface Conversation {
  read(segment: FreshSegment): void;
  /** True if bytes before the segment are due that have not been read. */
  isAhead?(segment: FreshSegment): boolean;
  /** Gives up on requests older than `beforeNs`. */
  expire(beforeNs: bigint): void;
  /** Segments were lost, perhaps of this connection. */
  noteLoss?(): void;
}

/** Totals since the start; each says what was not reported and why. */
export interface L7Counters {
  segments: number;
  events: number;
  /** TCP payload bytes seen before: retransmissions. */
  duplicateSegments: number;
  /** Segments of connections whose protocol is not known (yet). */
  unrecognised: number;
  /** Segments of a known protocol that could not be one of its messages where one was due. */
  malformed: number;
  /** Segments whose capture ended inside something we read. */
  truncated: number;
  /** Segments that waited for bytes which were captured after them, and were read in the order of the bytes. */
  reordered: number;
  /** Times that bytes were missing where a message was due; what they held is not reported. */
  gaps: number;
  /** Responses without a request: joined midway, or the request was not captured. */
  unpairedResponses: number;
  /** Requests given up on after the timeout. */
  unanswered: number;
  /** Requests pushed out by newer ones of the same connection. */
  outstandingEvicted: number;
  /** Connections pushed out by newer ones. */
  connectionsEvicted: number;
  /** Connections whose messages were given up because all held more bytes than they may. */
  heldBytesEvicted: number;
  /** Times an HTTP/2 header table had to be forgotten. */
  http2Gaps: number;
  /** HTTP/2 header fields that named something sent before the capture. */
  http2UnknownFields: number;
  /** DNS queries sent again under the same number before an answer came: one request. */
  dnsRetries: number;
}

export function emptyCounters(): L7Counters {
  return {
    segments: 0,
    events: 0,
    duplicateSegments: 0,
    unrecognised: 0,
    malformed: 0,
    truncated: 0,
    reordered: 0,
    gaps: 0,
    unpairedResponses: 0,
    unanswered: 0,
    outstandingEvicted: 0,
    connectionsEvicted: 0,
    heldBytesEvicted: 0,
    http2Gaps: 0,
    http2UnknownFields: 0,
    dnsRetries: 0,
  };
}

export type HttpScheme = 'http' | 'https';

/** One connection's way out: numbers requests and stamps events with what all of them carry. */
export class EventSink {
  readonly counters: L7Counters;
  readonly rules: RedactionRules;
  readonly room: WaitingRoom;
  joinedMidway: boolean;
  private readonly connection: string | number;
  private events: L7Event[] = [];
  private requests = 0;
  private heldBytes = 0;

  /** Of HTTP/1's URLs: HTTP/2 says its own. */
  readonly scheme: HttpScheme;

  constructor(
    connection: string | number,
    rules: RedactionRules,
    counters: L7Counters,
    room: WaitingRoom,
    scheme: HttpScheme = 'http',
  ) {
    this.connection = connection;
    this.scheme = scheme;
    this.joinedMidway = false;
    this.rules = rules;
    this.counters = counters;
    this.room = room;
  }

  /** Returns the request's number. `isPartial`: names in it could not be known. */
  request(segment: Pick<FreshSegment, 'timeNs' | 'fromInitiator'>, message: L7Message, isPartial = false): number {
    this.requests++;
    this.events.push({
      kind: 'request',
      connection: this.connection,
      timeNs: segment.timeNs,
      fromInitiator: segment.fromInitiator,
      requestNumber: this.requests,
      joinedMidway: this.joinedMidway || isPartial,
      message,
    });
    return this.requests;
  }

  /** `request` undefined: the response answers something that was not seen. */
  response(
    segment: Pick<FreshSegment, 'timeNs' | 'fromInitiator'>,
    message: L7Message,
    request: { readonly requestNumber: number; readonly timeNs: bigint } | undefined,
    isPartial = false,
  ): void {
    if (!request) this.counters.unpairedResponses++;
    const isIncomplete = isPartial || !request;
    const latencyNs = request && segment.timeNs - request.timeNs;
    this.events.push({
      kind: 'response',
      connection: this.connection,
      timeNs: segment.timeNs,
      fromInitiator: segment.fromInitiator,
      requestNumber: request?.requestNumber ?? 0,
      joinedMidway: this.joinedMidway || isIncomplete,
      message,
      latencyNs,
    });
  }

  handshake(
    segment: Pick<FreshSegment, 'timeNs' | 'fromInitiator'>,
    message: TlsHelloMessage,
    latencyNs: bigint | undefined,
  ): void {
    this.events.push({
      kind: 'handshake',
      connection: this.connection,
      timeNs: segment.timeNs,
      fromInitiator: segment.fromInitiator,
      requestNumber: 0,
      joinedMidway: this.joinedMidway,
      message,
      latencyNs,
    });
  }

  /** So many bytes more, or fewer, wait in this connection for what is still to come. */
  hold(bytes: number): void {
    this.heldBytes += bytes;
    this.room.heldBytes += bytes;
  }

  /** All that the connection held is gone with it. */
  letGo(): void {
    this.hold(-this.heldBytes);
  }

  drain(): L7Event[] {
    const events = this.events;
    this.events = [];
    this.counters.events += events.length;
    return events;
  }
}
