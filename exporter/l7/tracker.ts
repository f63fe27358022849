// Turns captured payload heads into L7 events: one conversation per connection, bounded in connections and in requests
// that wait for an answer. Pure: no clock and no I/O of its own; time is what segments and sweeps say.
import type { Conversation, FreshSegment, HttpScheme, L7Counters } from './conversation.ts';
import { EventSink, emptyCounters } from './conversation.ts';
import type { L7Protocol } from './detect.ts';
import { detectProtocol, unmistakable } from './detect.ts';
import { DnsConversation } from './dns-conversation.ts';
import { Http1Conversation } from './http1-conversation.ts';
import { HTTP2_PREFACE } from './http2.ts';
import { Http2Conversation } from './http2-conversation.ts';
import type { L7Event, L7Segment } from './l7-event.ts';
import { startsWith } from './latin1.ts';
import type { WaitingRoom } from './outstanding.ts';
import { PostgresqlConversation } from './postgresql-conversation.ts';
import type { RedactionRules } from './redact.ts';
import { DEFAULT_REDACTION } from './redact.ts';
import { RedisConversation } from './redis-conversation.ts';
import { SegmentOrder, type WaitingBytes } from './segment-order.ts';
import { SeenRanges } from './tcp-order.ts';
import { TlsConversation } from './tls-conversation.ts';

export interface L7TrackerOptions {
  /** Connections remembered, for TCP and UDP each. Default 8192. */
  readonly maxConnections?: number;
  /**
   * Bytes that all connections hold, itself counted as 2 KiB: halves of messages, requests that wait, header tables. Default
   * 64 MiB, of which 16,384 connections take half; 2,500 busy ones of HTTP/2 with tables of 4 KiB and 50 requests fill it.
   * Beyond, the one not used for longest is forgotten. Segments that wait for others are bounded apart: see SegmentOrder.
   */
  readonly maxHeldBytes?: number;
  /** A request that waits longer is given up on: unanswered. */
  readonly timeoutNs?: bigint;
  /** A connection silent for longer is forgotten; later segments of it join midway. */
  readonly idleNs?: bigint;
  readonly redaction?: RedactionRules;
  /** Of HTTP/1's URLs. Default http: what packets tell was not encrypted. */
  readonly scheme?: HttpScheme;
}

interface Connection {
  readonly sink: EventSink;
  protocol: L7Protocol;
  conversation: Conversation;
  order: SegmentOrder;
  readonly seenFromInitiator: SeenRanges;
  readonly seenFromResponder: SeenRanges;
  lastNs: bigint;
}

/** A conversation, its readers, its ranges and their places in maps. */
const CONNECTION_BYTES = 2048;
/** Later than any clock says. */
const FOREVER_NS = 2n ** 63n;

type Connections = Map<string | number, Connection>;

export class L7Tracker {
  private readonly maxConnections: number;
  private readonly maxHeldBytes: number;
  private readonly timeoutNs: bigint;
  private readonly idleNs: bigint;
  private readonly redaction: RedactionRules;
  private readonly scheme: HttpScheme;
  private readonly totals: L7Counters = emptyCounters();
  private readonly room: WaitingRoom = { taken: 0, heldBytes: 0 };
  private readonly waitingBytes: WaitingBytes = { taken: 0 };
  /** Connections some of whose segments wait for bytes before them, longest first. */
  private readonly outOfOrder = new Set<Connection>();
  /** In order of use, least recent first. UDP apart: each DNS query is a connection and would push out the others. */
  private readonly connections: { readonly tcp: Connections; readonly udp: Connections } = {
    tcp: new Map(),
    udp: new Map(),
  };

  constructor(options: L7TrackerOptions = {}) {
    this.maxConnections = options.maxConnections ?? 8192;
    this.maxHeldBytes = options.maxHeldBytes ?? 64 * 1024 * 1024;
    this.timeoutNs = options.timeoutNs ?? 60_000_000_000n;
    this.idleNs = options.idleNs ?? 600_000_000_000n;
    this.redaction = options.redaction ?? DEFAULT_REDACTION;
    this.scheme = options.scheme ?? 'http';
  }

  /**
   * Events in the order of the bytes; empty for a segment that says nothing (a body, a retransmission) or waits for bytes
   * before it. Among them may be some of other connections, which have waited in vain.
   */
  feed(segment: L7Segment): L7Event[] {
    const overdue = this.outOfOrder.size > 0 ? this.giveUpOverdue(segment.timeNs) : [];
    const events = this.read(segment);
    return overdue.length === 0 ? events : [...overdue, ...events];
  }

  private read(segment: L7Segment): L7Event[] {
    this.totals.segments++;
    if (segment.data.length === 0) return [];
    const connection = this.connectionOf(segment);
    if (!connection) {
      this.totals.unrecognised++;
      return [];
    }
    connection.lastNs = segment.timeNs;
    const fresh = freshPart(segment, connection);
    if (!fresh) {
      this.totals.duplicateSegments++;
      return [];
    }
    this.switchProtocol(connection, fresh);
    connection.order.take(fresh);
    if (connection.order.isWaiting) this.outOfOrder.add(connection);
    else this.outOfOrder.delete(connection);
    const events = connection.sink.drain();
    if (this.room.heldBytes > this.maxHeldBytes) this.evictHeld();
    return events;
  }

  /**
   * Gives up on requests that waited too long and forgets silent connections. Returns responses that were held back for a
   * part that never came. Call it about once a second; walks all connections.
   */
  sweep(nowNs: bigint): L7Event[] {
    const events = this.giveUpOverdue(nowNs);
    for (const connections of [this.connections.tcp, this.connections.udp]) {
      for (const [id, connection] of connections) {
        const isIdle = connection.lastNs < nowNs - this.idleNs;
        connection.conversation.expire(isIdle ? nowNs : nowNs - this.timeoutNs);
        events.push(...connection.sink.drain());
        if (!isIdle) continue;
        connections.delete(id);
        this.outOfOrder.delete(connection);
        connection.sink.letGo();
      }
    }
    return events;
  }

  /** Says that captured segments were lost before they came here: what rests on having seen all is checked anew. */
  noteLoss(): void {
    for (const connection of this.connections.tcp.values()) connection.conversation.noteLoss?.();
  }

  /** Forgets a connection that closed; returns what was held back. Ids must not be reused without it. */
  close(id: string | number, transport: 'tcp' | 'udp' = 'tcp'): L7Event[] {
    const connection = this.connections[transport].get(id);
    if (!connection) return [];
    this.connections[transport].delete(id);
    this.outOfOrder.delete(connection);
    return giveUp(connection);
  }

  /** A copy; `connections` is how many are remembered now, `heldBytes` what they hold. */
  counters(): Readonly<L7Counters> & { readonly connections: number; readonly heldBytes: number } {
    const { tcp, udp } = this.connections;
    return { ...this.totals, connections: tcp.size + udp.size, heldBytes: this.room.heldBytes };
  }

  private giveUpOverdue(nowNs: bigint): L7Event[] {
    const events: L7Event[] = [];
    for (const connection of this.outOfOrder) {
      connection.order.giveUpOverdue(nowNs);
      events.push(...connection.sink.drain());
      if (connection.order.isWaiting) break;
      this.outOfOrder.delete(connection);
    }
    return events;
  }

  private connectionOf(segment: L7Segment): Connection | undefined {
    const connections = this.connections[segment.transport];
    const known = connections.get(segment.connection);
    if (known) {
      connections.delete(segment.connection);
      connections.set(segment.connection, known);
      return known;
    }
    const protocol = detectProtocol(segment);
    if (!protocol) return undefined;
    const sink = new EventSink(segment.connection, this.redaction, this.totals, this.room, this.scheme);
    sink.hold(CONNECTION_BYTES);
    const conversation = converse(protocol, sink, segment.data);
    const connection: Connection = {
      sink,
      protocol,
      conversation,
      order: new SegmentOrder(conversation, this.totals, this.waitingBytes),
      seenFromInitiator: new SeenRanges(),
      seenFromResponder: new SeenRanges(),
      lastNs: segment.timeNs,
    };
    connections.set(segment.connection, connection);
    this.evict(connections);
    return connection;
  }

  private evict(connections: Connections): void {
    for (const [id, oldest] of connections) {
      if (connections.size <= this.maxConnections) return;
      this.evictOne(connections, id, oldest);
      this.totals.connectionsEvicted++;
    }
  }

  /** A connection not used for long has the least to lose: its answers have most likely come. */
  private evictHeld(): void {
    const { tcp, udp } = this.connections;
    while (this.room.heldBytes > this.maxHeldBytes) {
      const [oldestTcp] = tcp;
      const [oldestUdp] = udp;
      if (oldestTcp && (!oldestUdp || oldestTcp[1].lastNs <= oldestUdp[1].lastNs)) this.evictOne(tcp, ...oldestTcp);
      else if (oldestUdp) this.evictOne(udp, ...oldestUdp);
      else return;
      this.totals.heldBytesEvicted++;
    }
  }

  /** Its held responses have no one to be returned to; they are lost with it, and counted as one connection. */
  private evictOne(connections: Connections, id: string | number, connection: Connection): void {
    connections.delete(id);
    this.outOfOrder.delete(connection);
    giveUp(connection);
  }

  private switchProtocol(connection: Connection, fresh: FreshSegment): void {
    if (fresh.isDatagram || connection.protocol === 'tls' || connection.protocol === 'http2') return;
    const protocol = unmistakable(fresh.data);
    if (!protocol) return;
    // An upgrade's last answer comes in the new protocol, if at all.
    connection.order.giveUp(FOREVER_NS);
    connection.conversation.expire(FOREVER_NS);
    connection.sink.letGo();
    connection.sink.hold(CONNECTION_BYTES);
    connection.protocol = protocol;
    connection.conversation = converse(protocol, connection.sink, fresh.data);
    connection.order = new SegmentOrder(connection.conversation, this.totals, this.waitingBytes);
  }
}

function giveUp(connection: Connection): L7Event[] {
  connection.order.giveUp(FOREVER_NS);
  connection.conversation.expire(FOREVER_NS);
  connection.sink.letGo();
  return connection.sink.drain();
}

function converse(protocol: L7Protocol, sink: EventSink, data: Uint8Array): Conversation {
  switch (protocol) {
    case 'http1':
      return new Http1Conversation(sink);
    case 'http2':
      return new Http2Conversation(sink, startsWith(data, HTTP2_PREFACE.slice(0, 16)));
    case 'dns':
      return new DnsConversation(sink);
    case 'tls':
      return new TlsConversation(sink);
    case 'redis':
      return new RedisConversation(sink);
    case 'postgresql':
      return new PostgresqlConversation(sink);
  }
}

/** The segment without bytes seen before; undefined if all were. */
function freshPart(segment: L7Segment, connection: Connection): FreshSegment | undefined {
  const { fromInitiator, timeNs, payloadLength, data } = segment;
  const isDatagram = segment.transport === 'udp';
  const { nothingMissed = false, wholeStream = false } = segment;
  if (isDatagram) {
    return { fromInitiator, timeNs, sequence: 0, payloadLength, data, isDatagram, nothingMissed, wholeStream };
  }
  const seen = fromInitiator ? connection.seenFromInitiator : connection.seenFromResponder;
  const bytes = Math.max(payloadLength, data.length);
  const overlap = seen.overlap(segment.sequence, bytes);
  if (overlap >= bytes || overlap >= data.length) return undefined;
  return {
    fromInitiator,
    timeNs,
    sequence: (segment.sequence + overlap) >>> 0,
    payloadLength: bytes - overlap,
    data: overlap === 0 ? data : data.subarray(overlap),
    isDatagram,
    nothingMissed,
    wholeStream,
  };
}
