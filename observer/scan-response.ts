// One pass over the bytes of a GetFlowsResponse that finds the fields of the ring's columns and the ranges of its
// endpoints, without decoding the rest. Field numbers are those of proto/observer/observer.proto and proto/flow/flow.proto.
// Where a singular message occurs twice the last one wins whole, as in the generated decoder. What is inside fields that
// no column needs is not looked at, so it may still fail to decode later.
// Long because the fields of two messages stand here in one switch each: split up, a field and its column would be in two places.

import { HAS_TCP_FLAGS, KIND_FLOW, KIND_LOST_EVENTS, KIND_NODE_STATUS, KIND_NONE, REPLY_UNSET } from './columns.ts';
import {
  EndpointParts,
  PART_DNS_NAME,
  PART_ENDPOINT,
  PART_IP,
  PART_NODE_LABEL,
  PART_NODE_NAME,
  PART_SERVICE,
} from './endpoint-parts.ts';
import { MalformedMessageError, WIRE_BYTES, WIRE_VARINT, WireReader } from './wire-reader.ts';

export const FLOW_DETAILS_TYPE_URL = 'type.googleapis.com/parallax.v1.FlowDetails';
const FLOW_DETAILS_TYPE_URL_BYTES = new TextEncoder().encode(FLOW_DETAILS_TYPE_URL);

/** What a scan found; see FlowColumns for the meaning of each field. Reused from message to message. */
export class ScannedResponse {
  kind = KIND_NONE;
  hasTime = false;
  timeSeconds = 0;
  timeNanos = 0;
  verdict = 0;
  dropReason = 0;
  direction = 0;
  isReply = REPLY_UNSET;
  hasEventType = false;
  eventType = 0;
  eventSubType = 0;
  flowType = 0;
  ipVersion = 0;
  protocol = 0;
  sourcePort = 0;
  destinationPort = 0;
  tcpFlags = 0;
  l7Type = 0;
  l7Kind = 0;
  httpCode = 0;
  latencyNs = 0;
  hasDetails = false;
  reason = 0;
  initiatorNewBytes = 0;
  responderNewBytes = 0;
  readonly source = new EndpointParts();
  readonly destination = new EndpointParts();
  readonly node = new EndpointParts();
}

const varintTag = (field: number) => (field << 3) | WIRE_VARINT;
const bytesTag = (field: number) => (field << 3) | WIRE_BYTES;

const RESPONSE_FLOW = bytesTag(1);
const RESPONSE_NODE_STATUS = bytesTag(2);
const RESPONSE_LOST_EVENTS = bytesTag(3);
const RESPONSE_TIME = bytesTag(1001);

const FLOW_TIME = bytesTag(1);
const FLOW_VERDICT = varintTag(2);
const FLOW_IP = bytesTag(5);
const FLOW_L4 = bytesTag(6);
const FLOW_SOURCE = bytesTag(8);
const FLOW_DESTINATION = bytesTag(9);
const FLOW_TYPE = varintTag(10);
const FLOW_NODE_NAME = bytesTag(11);
const FLOW_SOURCE_NAMES = bytesTag(13);
const FLOW_DESTINATION_NAMES = bytesTag(14);
const FLOW_L7 = bytesTag(15);
const FLOW_EVENT_TYPE = bytesTag(19);
const FLOW_SOURCE_SERVICE = bytesTag(20);
const FLOW_DESTINATION_SERVICE = bytesTag(21);
const FLOW_DIRECTION = varintTag(22);
const FLOW_DROP_REASON_DESC = varintTag(25);
const FLOW_IS_REPLY = bytesTag(26);
const FLOW_NODE_LABELS = bytesTag(37);
const FLOW_EXTENSIONS = bytesTag(150000);

/** Field 1 and 2 as messages, strings or varints: shared by the small messages below. */
const ONE_BYTES = bytesTag(1);
const TWO_BYTES = bytesTag(2);
const THREE_BYTES = bytesTag(3);
const ONE_VARINT = varintTag(1);
const TWO_VARINT = varintTag(2);
const THREE_VARINT = varintTag(3);

/** Scans messages one after another; holds no state between them but the reused result. */
export class ResponseScanner {
  readonly result = new ScannedResponse();
  readonly #reader = new WireReader();
  /** Seconds and nanoseconds of the Timestamp read last. */
  #seconds = 0;
  #nanos = 0;

  /**
   * Scans bytes[start, end) and returns `result`, which the next scan overwrites.
   * @throws MalformedMessageError
   */
  scan(bytes: Uint8Array, start: number, end: number): ScannedResponse {
    const reader = this.#reader;
    const result = this.result;
    reader.reset(bytes, start, end);
    result.kind = KIND_NONE;
    result.hasTime = false;
    result.timeSeconds = 0;
    result.timeNanos = 0;
    this.#clearFlow();
    let flowSeconds = 0;
    let flowNanos = 0;
    let flowHasTime = false;
    while (reader.position < end) {
      const tag = reader.tag();
      switch (tag) {
        case RESPONSE_FLOW: {
          const messageEnd = this.#enter();
          this.#clearFlow();
          flowHasTime = this.#scanFlow();
          flowSeconds = this.#seconds;
          flowNanos = this.#nanos;
          reader.end = messageEnd;
          result.kind = KIND_FLOW;
          break;
        }
        case RESPONSE_NODE_STATUS:
        case RESPONSE_LOST_EVENTS:
          reader.position = reader.contentEnd();
          this.#clearFlow();
          flowHasTime = false;
          result.kind = tag === RESPONSE_NODE_STATUS ? KIND_NODE_STATUS : KIND_LOST_EVENTS;
          break;
        case RESPONSE_TIME:
          this.#scanTimestamp();
          result.hasTime = true;
          result.timeSeconds = this.#seconds;
          result.timeNanos = this.#nanos;
          break;
        default:
          reader.skip(tag);
      }
    }
    if (!result.hasTime && flowHasTime) {
      result.hasTime = true;
      result.timeSeconds = flowSeconds;
      result.timeNanos = flowNanos;
    }
    return result;
  }

  /** Narrows the reader to the message whose length comes next, and returns the end to restore afterwards. */
  #enter(): number {
    const reader = this.#reader;
    const outerEnd = reader.end;
    reader.end = reader.contentEnd();
    return outerEnd;
  }

  #clearFlow(): void {
    const result = this.result;
    result.verdict = 0;
    result.dropReason = 0;
    result.direction = 0;
    result.isReply = REPLY_UNSET;
    result.hasEventType = false;
    result.eventType = 0;
    result.eventSubType = 0;
    result.flowType = 0;
    result.ipVersion = 0;
    this.#clearL4();
    this.#clearL7();
    this.#clearDetails();
    result.source.clear();
    result.destination.clear();
    result.node.clear();
  }

  #clearL4(): void {
    const result = this.result;
    result.protocol = 0;
    result.sourcePort = 0;
    result.destinationPort = 0;
    result.tcpFlags = 0;
  }

  #clearL7(): void {
    const result = this.result;
    result.l7Type = 0;
    result.l7Kind = 0;
    result.httpCode = 0;
    result.latencyNs = 0;
  }

  #clearDetails(): void {
    const result = this.result;
    result.hasDetails = false;
    result.reason = 0;
    result.initiatorNewBytes = 0;
    result.responderNewBytes = 0;
  }

  /** Returns whether the flow has a time; it is then in #seconds and #nanos. */
  #scanFlow(): boolean {
    const reader = this.#reader;
    const result = this.result;
    let hasTime = false;
    let seconds = 0;
    let nanos = 0;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      switch (tag) {
        case FLOW_TIME:
          this.#scanTimestamp();
          seconds = this.#seconds;
          nanos = this.#nanos;
          hasTime = true;
          break;
        case FLOW_VERDICT:
          result.verdict = reader.int32();
          break;
        case FLOW_IP:
          this.#scanIp();
          break;
        case FLOW_L4:
          this.#scanL4();
          break;
        case FLOW_SOURCE:
          this.#setPart(result.source, PART_ENDPOINT);
          break;
        case FLOW_DESTINATION:
          this.#setPart(result.destination, PART_ENDPOINT);
          break;
        case FLOW_TYPE:
          result.flowType = reader.int32();
          break;
        case FLOW_NODE_NAME:
          this.#setPart(result.node, PART_NODE_NAME);
          break;
        case FLOW_NODE_LABELS:
          this.#addPart(result.node, PART_NODE_LABEL);
          break;
        case FLOW_SOURCE_NAMES:
          this.#addPart(result.source, PART_DNS_NAME);
          break;
        case FLOW_DESTINATION_NAMES:
          this.#addPart(result.destination, PART_DNS_NAME);
          break;
        case FLOW_L7:
          this.#scanL7();
          break;
        case FLOW_EVENT_TYPE:
          this.#scanEventType();
          break;
        case FLOW_SOURCE_SERVICE:
          this.#setPart(result.source, PART_SERVICE);
          break;
        case FLOW_DESTINATION_SERVICE:
          this.#setPart(result.destination, PART_SERVICE);
          break;
        case FLOW_DIRECTION:
          result.direction = reader.int32();
          break;
        case FLOW_DROP_REASON_DESC:
          result.dropReason = reader.int32();
          break;
        case FLOW_IS_REPLY:
          this.#scanIsReply();
          break;
        case FLOW_EXTENSIONS:
          this.#scanExtensions();
          break;
        default:
          reader.skip(tag);
      }
    }
    this.#seconds = seconds;
    this.#nanos = nanos;
    return hasTime;
  }

  #setPart(parts: EndpointParts, kind: number): void {
    const reader = this.#reader;
    const end = reader.contentEnd();
    parts.set(kind, reader.position, end);
    reader.position = end;
  }

  #addPart(parts: EndpointParts, kind: number): void {
    const reader = this.#reader;
    const end = reader.contentEnd();
    parts.add(kind, reader.position, end);
    reader.position = end;
  }

  #scanTimestamp(): void {
    const reader = this.#reader;
    const outerEnd = this.#enter();
    this.#seconds = 0;
    this.#nanos = 0;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === ONE_VARINT) this.#seconds = reader.int64();
      else if (tag === TWO_VARINT) this.#nanos = reader.int32();
      else reader.skip(tag);
    }
    reader.end = outerEnd;
  }

  #scanIp(): void {
    const reader = this.#reader;
    const { source, destination } = this.result;
    const outerEnd = this.#enter();
    this.result.ipVersion = 0;
    source.remove(PART_IP);
    destination.remove(PART_IP);
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === ONE_BYTES) this.#setPart(source, PART_IP);
      else if (tag === TWO_BYTES) this.#setPart(destination, PART_IP);
      else if (tag === THREE_VARINT) this.result.ipVersion = reader.int32();
      else reader.skip(tag);
    }
    reader.end = outerEnd;
  }

  #scanL4(): void {
    const reader = this.#reader;
    const outerEnd = this.#enter();
    this.#clearL4();
    while (reader.position < reader.end) {
      const tag = reader.tag();
      const field = tag >>> 3;
      if ((tag & 7) === WIRE_BYTES && field >= 1 && field <= 7) {
        this.#clearL4();
        this.result.protocol = field;
        this.#scanPorts(field);
      } else reader.skip(tag);
    }
    reader.end = outerEnd;
  }

  /** TCP, UDP and SCTP have ports in fields 1 and 2; the others have nothing that a column holds. */
  #scanPorts(protocol: number): void {
    const reader = this.#reader;
    const result = this.result;
    if (protocol !== 1 && protocol !== 2 && protocol !== 5) {
      reader.position = reader.contentEnd();
      return;
    }
    const outerEnd = this.#enter();
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === ONE_VARINT) result.sourcePort = reader.varint();
      else if (tag === TWO_VARINT) result.destinationPort = reader.varint();
      else if (tag === THREE_BYTES && protocol === 1) this.#scanTcpFlags();
      else reader.skip(tag);
    }
    reader.end = outerEnd;
  }

  #scanTcpFlags(): void {
    const reader = this.#reader;
    const outerEnd = this.#enter();
    let flags = HAS_TCP_FLAGS;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      const field = tag >>> 3;
      if ((tag & 7) === WIRE_VARINT && field <= 9) {
        const bit = 1 << (field - 1);
        flags = reader.bool() ? flags | bit : flags & ~bit;
      } else reader.skip(tag);
    }
    this.result.tcpFlags = flags;
    reader.end = outerEnd;
  }

  #scanL7(): void {
    const reader = this.#reader;
    const result = this.result;
    const outerEnd = this.#enter();
    this.#clearL7();
    while (reader.position < reader.end) {
      const tag = reader.tag();
      const field = tag >>> 3;
      if (tag === ONE_VARINT) result.l7Type = reader.int32();
      else if (tag === TWO_VARINT) result.latencyNs = reader.uint64();
      else if ((tag & 7) === WIRE_BYTES && field >= 100 && field <= 102) {
        result.l7Kind = field;
        result.httpCode = 0;
        if (field === 101) this.#scanHttp();
        else reader.position = reader.contentEnd();
      } else reader.skip(tag);
    }
    reader.end = outerEnd;
  }

  #scanHttp(): void {
    const reader = this.#reader;
    const outerEnd = this.#enter();
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === ONE_VARINT) this.result.httpCode = reader.varint();
      else reader.skip(tag);
    }
    reader.end = outerEnd;
  }

  #scanEventType(): void {
    const reader = this.#reader;
    const result = this.result;
    const outerEnd = this.#enter();
    result.hasEventType = true;
    result.eventType = 0;
    result.eventSubType = 0;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === ONE_VARINT) result.eventType = reader.int32();
      else if (tag === TWO_VARINT) result.eventSubType = reader.int32();
      else reader.skip(tag);
    }
    reader.end = outerEnd;
  }

  #scanIsReply(): void {
    const reader = this.#reader;
    const outerEnd = this.#enter();
    let isReply = 0;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === ONE_VARINT) isReply = reader.bool() ? 1 : 0;
      else reader.skip(tag);
    }
    this.result.isReply = isReply;
    reader.end = outerEnd;
  }

  /** google.protobuf.Any: the value counts only if the type is ours, whichever of the two comes first. */
  #scanExtensions(): void {
    const reader = this.#reader;
    const outerEnd = this.#enter();
    const anyEnd = reader.end;
    this.#clearDetails();
    let isDetails = false;
    let valueStart = -1;
    let valueEnd = -1;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === ONE_BYTES) {
        const end = reader.contentEnd();
        isDetails = isFlowDetailsUrl(reader.bytes, reader.position, end);
        reader.position = end;
      } else if (tag === TWO_BYTES) {
        valueEnd = reader.contentEnd();
        valueStart = reader.position;
        reader.position = valueEnd;
      } else reader.skip(tag);
    }
    if (isDetails) {
      this.result.hasDetails = true;
      if (valueStart >= 0) this.#scanDetails(valueStart, valueEnd);
    }
    reader.position = anyEnd;
    reader.end = outerEnd;
  }

  /** An extension is opaque to the protocol, so one that is malformed costs its columns and not the flow. */
  #scanDetails(start: number, end: number): void {
    const reader = this.#reader;
    const result = this.result;
    reader.position = start;
    reader.end = end;
    try {
      while (reader.position < reader.end) {
        const tag = reader.tag();
        if (tag === ONE_VARINT) result.reason = reader.int32();
        else if (tag === TWO_BYTES) result.initiatorNewBytes = this.#scanNewBytes();
        else if (tag === THREE_BYTES) result.responderNewBytes = this.#scanNewBytes();
        else reader.skip(tag);
      }
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.#clearDetails();
    }
  }

  /** parallax.v1.Traffic.new_bytes. */
  #scanNewBytes(): number {
    const reader = this.#reader;
    const outerEnd = this.#enter();
    let newBytes = 0;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === THREE_VARINT) newBytes = reader.uint64();
      else reader.skip(tag);
    }
    reader.end = outerEnd;
    return newBytes;
  }
}

function isFlowDetailsUrl(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== FLOW_DETAILS_TYPE_URL_BYTES.length) return false;
  for (let i = 0; i < FLOW_DETAILS_TYPE_URL_BYTES.length; i++) {
    if (bytes[start + i] !== FLOW_DETAILS_TYPE_URL_BYTES[i]) return false;
  }
  return true;
}
