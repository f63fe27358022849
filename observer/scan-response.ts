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
import { MalformedMessageError, WireReader } from './wire-reader.ts';

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

// Tags below are numbers, field << 3 | wire type (0 varint, 2 bytes): a constant of a module is loaded, and compared with
// what it may not be yet, each time it is asked for, and a switch over such constants is a chain of comparisons.

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
        case 10: {
          // flow
          const messageEnd = this.#enter();
          this.#clearFlow();
          flowHasTime = this.#scanFlow();
          flowSeconds = this.#seconds;
          flowNanos = this.#nanos;
          reader.end = messageEnd;
          result.kind = KIND_FLOW;
          break;
        }
        case 18: // node_status
        case 26: // lost_events
          reader.position = reader.contentEnd();
          this.#clearFlow();
          flowHasTime = false;
          result.kind = tag === 18 ? KIND_NODE_STATUS : KIND_LOST_EVENTS;
          break;
        case 8010: {
          // time
          const messageEnd = this.#enter();
          this.#scanTimestamp();
          reader.end = messageEnd;
          result.hasTime = true;
          result.timeSeconds = this.#seconds;
          result.timeNanos = this.#nanos;
          break;
        }
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
    const flowEnd = reader.end;
    while (reader.position < flowEnd) {
      const tag = reader.tag();
      if ((tag & 7) !== 2) {
        this.#scanFlowNumber(tag);
        continue;
      }
      // Read in one place for all fields that have a length: a loop that calls it in twenty is too large to be inlined.
      const end = reader.contentEnd();
      const start = reader.position;
      reader.end = end;
      switch (tag >>> 3) {
        case 1: // time
          this.#scanTimestamp();
          seconds = this.#seconds;
          nanos = this.#nanos;
          hasTime = true;
          break;
        case 5: // ip
          this.#scanIp();
          break;
        case 6: // l4
          this.#scanL4();
          break;
        case 8: // source
          result.source.set(PART_ENDPOINT, start, end);
          break;
        case 9: // destination
          result.destination.set(PART_ENDPOINT, start, end);
          break;
        case 11: // node_name
          result.node.set(PART_NODE_NAME, start, end);
          break;
        case 37: // node_labels
          result.node.add(PART_NODE_LABEL, start, end);
          break;
        case 13: // source_names
          result.source.add(PART_DNS_NAME, start, end);
          break;
        case 14: // destination_names
          result.destination.add(PART_DNS_NAME, start, end);
          break;
        case 15: // l7
          this.#scanL7();
          break;
        case 19: // event_type
          this.#scanEventType();
          break;
        case 20: // source_service
          result.source.set(PART_SERVICE, start, end);
          break;
        case 21: // destination_service
          result.destination.set(PART_SERVICE, start, end);
          break;
        case 26: // is_reply
          this.#scanIsReply();
          break;
        default:
          if (tag >>> 3 === 150000) this.#scanExtensions();
      }
      reader.position = end;
      reader.end = flowEnd;
    }
    this.#seconds = seconds;
    this.#nanos = nanos;
    return hasTime;
  }

  #scanFlowNumber(tag: number): void {
    const reader = this.#reader;
    const result = this.result;
    switch (tag) {
      case 16: // verdict
        result.verdict = reader.int32();
        break;
      case 80: // type
        result.flowType = reader.int32();
        break;
      case 176: // direction
        result.direction = reader.int32();
        break;
      case 200: // drop_reason_desc
        result.dropReason = reader.int32();
        break;
      default:
        reader.skip(tag);
    }
  }

  #setPart(parts: EndpointParts, kind: number): void {
    const reader = this.#reader;
    const end = reader.contentEnd();
    parts.set(kind, reader.position, end);
    reader.position = end;
  }

  #scanTimestamp(): void {
    const reader = this.#reader;
    this.#seconds = 0;
    this.#nanos = 0;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === 8) this.#seconds = reader.int64();
      else if (tag === 16) this.#nanos = reader.int32();
      else reader.skip(tag);
    }
  }

  #scanIp(): void {
    const reader = this.#reader;
    const { source, destination } = this.result;
    this.result.ipVersion = 0;
    source.remove(PART_IP);
    destination.remove(PART_IP);
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === 10) this.#setPart(source, PART_IP);
      else if (tag === 18) this.#setPart(destination, PART_IP);
      else if (tag === 24) this.result.ipVersion = reader.int32();
      else reader.skip(tag);
    }
  }

  #scanL4(): void {
    const reader = this.#reader;
    this.#clearL4();
    while (reader.position < reader.end) {
      const tag = reader.tag();
      const field = tag >>> 3;
      if ((tag & 7) === 2 && field >= 1 && field <= 7) {
        this.#clearL4();
        this.result.protocol = field;
        this.#scanPorts(field);
      } else reader.skip(tag);
    }
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
      if (tag === 8) result.sourcePort = reader.varint();
      else if (tag === 16) result.destinationPort = reader.varint();
      else if (tag === 26 && protocol === 1) this.#scanTcpFlags();
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
      if ((tag & 7) === 0 && field <= 9) {
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
    this.#clearL7();
    while (reader.position < reader.end) {
      const tag = reader.tag();
      const field = tag >>> 3;
      if (tag === 8) result.l7Type = reader.int32();
      else if (tag === 16) result.latencyNs = reader.uint64();
      else if ((tag & 7) === 2 && field >= 100 && field <= 102) {
        result.l7Kind = field;
        result.httpCode = 0;
        if (field === 101) this.#scanHttp();
        else reader.position = reader.contentEnd();
      } else reader.skip(tag);
    }
  }

  #scanHttp(): void {
    const reader = this.#reader;
    const outerEnd = this.#enter();
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === 8) this.result.httpCode = reader.varint();
      else reader.skip(tag);
    }
    reader.end = outerEnd;
  }

  #scanEventType(): void {
    const reader = this.#reader;
    const result = this.result;
    result.hasEventType = true;
    result.eventType = 0;
    result.eventSubType = 0;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === 8) result.eventType = reader.int32();
      else if (tag === 16) result.eventSubType = reader.int32();
      else reader.skip(tag);
    }
  }

  #scanIsReply(): void {
    const reader = this.#reader;
    let isReply = 0;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === 8) isReply = reader.bool() ? 1 : 0;
      else reader.skip(tag);
    }
    this.result.isReply = isReply;
  }

  /** google.protobuf.Any: the value counts only if the type is ours, whichever of the two comes first. */
  #scanExtensions(): void {
    const reader = this.#reader;
    const anyEnd = reader.end;
    this.#clearDetails();
    let isDetails = false;
    let valueStart = -1;
    let valueEnd = -1;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === 10) {
        const end = reader.contentEnd();
        isDetails = isFlowDetailsUrl(reader.bytes, reader.position, end);
        reader.position = end;
      } else if (tag === 18) {
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
        if (tag === 8) result.reason = reader.int32();
        else if (tag === 18) result.initiatorNewBytes = this.#scanNewBytes();
        else if (tag === 26) result.responderNewBytes = this.#scanNewBytes();
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
      if (tag === 24) newBytes = reader.uint64();
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
