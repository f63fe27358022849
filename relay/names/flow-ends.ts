// What a serialised GetFlowsResponse says of its two ends, and where: one pass over the fields of the flow, nothing is
// decoded or allocated. Ranges are positions in the array that was scanned.

import { WIRE_BYTES, WIRE_VARINT, WireReader } from '#observer/wire-reader.ts';

const varintTag = (field: number) => (field << 3) | WIRE_VARINT;
const bytesTag = (field: number) => (field << 3) | WIRE_BYTES;

const RESPONSE_FLOW = bytesTag(1);
const FLOW_TIME = bytesTag(1);
const FLOW_IP = bytesTag(5);
const FLOW_L4 = bytesTag(6);
const FLOW_SOURCE = bytesTag(8);
const FLOW_DESTINATION = bytesTag(9);
const FLOW_NODE_NAME = bytesTag(11);
const FLOW_SOURCE_SERVICE = bytesTag(20);
const FLOW_DESTINATION_SERVICE = bytesTag(21);
const FLOW_EXTENSIONS = bytesTag(150000);
const IP_SOURCE = bytesTag(1);
const IP_DESTINATION = bytesTag(2);
const ENDPOINT_IDENTITY = varintTag(2);
const ENDPOINT_NAMESPACE = bytesTag(3);
const ENDPOINT_LABELS = bytesTag(4);
const ENDPOINT_POD_NAME = bytesTag(5);
const ENDPOINT_WORKLOADS = bytesTag(6);
const ENDPOINT_CLUSTER_NAME = bytesTag(7);

/** Fields of an Endpoint, as bits. */
export const HAS_IDENTITY = 1;
export const HAS_NAMESPACE = 2;
export const HAS_LABELS = 4;
export const HAS_POD_NAME = 8;
export const HAS_WORKLOADS = 16;
export const HAS_CLUSTER_NAME = 32;
export const HAS_ALL = 63;

/** One end. Ranges are empty where the flow has no such field. */
export class FlowEnd {
  ipStart = 0;
  ipEnd = 0;
  /** The endpoint's field from its tag, and its content. */
  tagAt = 0;
  start = 0;
  end = 0;
  /** Which fields are filled: HAS_ bits. */
  has = 0;
  identity = 0;
  namespaceStart = 0;
  namespaceEnd = 0;
  podNameStart = 0;
  podNameEnd = 0;
  clusterNameStart = 0;
  clusterNameEnd = 0;
  hasService = false;

  clear(): void {
    this.ipStart = 0;
    this.ipEnd = 0;
    this.tagAt = 0;
    this.start = 0;
    this.end = 0;
    this.has = 0;
    this.identity = 0;
    this.namespaceEnd = 0;
    this.namespaceStart = 0;
    this.podNameStart = 0;
    this.podNameEnd = 0;
    this.clusterNameStart = 0;
    this.clusterNameEnd = 0;
    this.hasService = false;
  }
}

/** Reused from flow to flow. */
export class FlowEnds {
  /** False for other messages, and for flows in which a field comes twice: those are left alone. */
  isPlain = false;
  readonly source = new FlowEnd();
  readonly destination = new FlowEnd();
  /** The flow's field from its tag, and its content. */
  flowTag = 0;
  flowStart = 0;
  flowEnd = 0;
  unixMs = 0;
  nodeNameStart = 0;
  nodeNameEnd = 0;
  l4Start = 0;
  l4End = 0;
  /** The whole extension field; equal where there is none. */
  extensionTag = 0;
  extensionEnd = 0;
  /** Content of the extension. */
  extensionStart = 0;

  readonly #reader = new WireReader();

  /** @throws MalformedMessageError */
  scan(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    this.isPlain = false;
    while (reader.position < end) {
      const tagAt = reader.position;
      const tag = reader.tag();
      if (tag !== RESPONSE_FLOW) {
        reader.skip(tag);
        continue;
      }
      const contentEnd = reader.contentEnd();
      this.flowTag = tagAt;
      this.flowStart = reader.position;
      this.flowEnd = contentEnd;
      this.isPlain = true;
      reader.end = contentEnd;
      this.#scanFlow();
      reader.end = end;
    }
  }

  #scanFlow(): void {
    const reader = this.#reader;
    const { source, destination } = this;
    source.clear();
    destination.clear();
    this.unixMs = 0;
    this.nodeNameStart = 0;
    this.nodeNameEnd = 0;
    this.l4Start = 0;
    this.l4End = 0;
    this.extensionTag = 0;
    this.extensionEnd = 0;
    while (reader.position < reader.end) {
      const tagAt = reader.position;
      const tag = reader.tag();
      if ((tag & 7) !== WIRE_BYTES) {
        reader.skip(tag);
        continue;
      }
      const contentEnd = reader.contentEnd();
      switch (tag) {
        case FLOW_TIME:
          this.#time(contentEnd);
          break;
        case FLOW_IP:
          this.#addresses(contentEnd);
          break;
        case FLOW_SOURCE:
          this.#endpoint(source, tagAt, contentEnd);
          break;
        case FLOW_DESTINATION:
          this.#endpoint(destination, tagAt, contentEnd);
          break;
        case FLOW_L4:
          this.l4Start = reader.position;
          this.l4End = contentEnd;
          break;
        case FLOW_NODE_NAME:
          this.nodeNameStart = reader.position;
          this.nodeNameEnd = contentEnd;
          break;
        case FLOW_SOURCE_SERVICE:
          source.hasService = true;
          break;
        case FLOW_DESTINATION_SERVICE:
          destination.hasService = true;
          break;
        case FLOW_EXTENSIONS:
          if (this.extensionEnd !== 0) this.isPlain = false;
          this.extensionTag = tagAt;
          this.extensionStart = reader.position;
          this.extensionEnd = contentEnd;
          break;
        default:
      }
      reader.position = contentEnd;
    }
  }

  #time(end: number): void {
    const reader = this.#reader;
    let seconds = 0;
    let nanos = 0;
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag === varintTag(1)) seconds = reader.int64();
      else if (tag === varintTag(2)) nanos = reader.int32();
      else reader.skip(tag);
    }
    this.unixMs = seconds * 1000 + nanos / 1e6;
  }

  #addresses(end: number): void {
    const reader = this.#reader;
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag !== IP_SOURCE && tag !== IP_DESTINATION) {
        reader.skip(tag);
        continue;
      }
      const one = tag === IP_SOURCE ? this.source : this.destination;
      const contentEnd = reader.contentEnd();
      one.ipStart = reader.position;
      one.ipEnd = contentEnd;
      reader.position = contentEnd;
    }
  }

  #endpoint(one: FlowEnd, tagAt: number, end: number): void {
    const reader = this.#reader;
    // Readers differ in what they make of a message that comes twice.
    if (one.end !== 0) this.isPlain = false;
    one.tagAt = tagAt;
    one.start = reader.position;
    one.end = end;
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag === ENDPOINT_IDENTITY) {
        one.identity = reader.varint();
        if (one.identity !== 0) one.has |= HAS_IDENTITY;
        continue;
      }
      if ((tag & 7) !== WIRE_BYTES) {
        reader.skip(tag);
        continue;
      }
      const contentEnd = reader.contentEnd();
      const { position } = reader;
      if (contentEnd > position || tag === ENDPOINT_WORKLOADS) {
        switch (tag) {
          case ENDPOINT_NAMESPACE:
            one.has |= HAS_NAMESPACE;
            one.namespaceStart = position;
            one.namespaceEnd = contentEnd;
            break;
          case ENDPOINT_LABELS:
            one.has |= HAS_LABELS;
            break;
          case ENDPOINT_POD_NAME:
            one.has |= HAS_POD_NAME;
            one.podNameStart = position;
            one.podNameEnd = contentEnd;
            break;
          case ENDPOINT_WORKLOADS:
            one.has |= HAS_WORKLOADS;
            break;
          case ENDPOINT_CLUSTER_NAME:
            one.has |= HAS_CLUSTER_NAME;
            one.clusterNameStart = position;
            one.clusterNameEnd = contentEnd;
            break;
          default:
        }
      }
      reader.position = contentEnd;
    }
  }
}
