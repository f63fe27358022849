// The columns of a flow ring: the fields that filters, merges and aggregates ask for, one typed array each, indexed by
// slot (sequence & slotMask). Values are as on the wire; what a message does not have is its protobuf default.

/** Which of GetFlowsResponse.response_types a slot holds. NONE is a response with neither, such as a heartbeat. */
export const KIND_NONE = 0;
export const KIND_FLOW = 1;
export const KIND_NODE_STATUS = 2;
export const KIND_LOST_EVENTS = 3;

/** Field numbers of flow.Layer4.protocol (ICMPv4 is 3, ICMPv6 4, VRRP 6, IGMP 7); 0 where a flow has none. */
export const PROTOCOL_TCP = 1;
export const PROTOCOL_UDP = 2;
export const PROTOCOL_SCTP = 5;

/** Field numbers of flow.Layer7.record; 0 where a flow has no record. */
export const L7_DNS = 100;
export const L7_HTTP = 101;
export const L7_KAFKA = 102;

/** Set in the tcpFlags column if the TCP header came with flags at all. */
export const HAS_TCP_FLAGS = 0x8000;

/** Values of the isReply column: Flow.is_reply is unset, false (0) or true. */
export const REPLY_UNSET = -1;
export const REPLY_FALSE = 0;
export const REPLY_TRUE = 1;

/** Sum of the element sizes below: what one slot costs. */
export const COLUMN_BYTES_PER_SLOT = 8 * 5 + 4 * 17 + 2 + 1 * 6;

/** Exactly `slots` entries, a power of two; memory is constant: slots * COLUMN_BYTES_PER_SLOT. */
export class FlowColumns {
  readonly slots: number;
  readonly slotMask: number;

  /** Where the message's bytes are: see Slab. */
  readonly offset: Float64Array;
  readonly length: Uint32Array;

  readonly kind: Uint8Array;
  /** GetFlowsResponse.time, or flow.time where the response has none; Unix seconds and nanoseconds within them. */
  readonly timeSeconds: Float64Array;
  readonly timeNanos: Int32Array;
  readonly verdict: Int32Array;
  /** Flow.drop_reason_desc. */
  readonly dropReason: Int32Array;
  /** Flow.traffic_direction: 0 unknown, 1 ingress, 2 egress. */
  readonly direction: Int32Array;
  readonly isReply: Int8Array;
  readonly hasEventType: Uint8Array;
  readonly eventType: Int32Array;
  readonly eventSubType: Int32Array;
  /** Flow.Type: 1 L3/L4, 2 L7, 3 socket. */
  readonly flowType: Int32Array;
  readonly ipVersion: Int32Array;
  readonly protocol: Uint8Array;
  readonly sourcePort: Uint32Array;
  readonly destinationPort: Uint32Array;
  /** Bit n-1 is field n of flow.TCPFlags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128, NS 256; and HAS_TCP_FLAGS. */
  readonly tcpFlags: Uint16Array;
  /** Flow.l7.type: 1 request, 2 response, 3 sample. */
  readonly l7Type: Int32Array;
  readonly l7Kind: Uint8Array;
  readonly httpCode: Uint32Array;
  readonly latencyNs: Float64Array;
  /** Ids of the ring's endpoint dictionary: see EndpointDictionary. */
  readonly sourceId: Uint32Array;
  readonly destinationId: Uint32Array;
  /** Id of the ring's node dictionary: the flow's node name and labels. */
  readonly nodeId: Uint32Array;
  /** FlowDetails.reason; 0 without details. */
  readonly reason: Int32Array;
  /** True if the flow carries FlowDetails. */
  readonly hasDetails: Uint8Array;
  /** FlowDetails.initiator.new_bytes and responder.new_bytes; 0 without details. */
  readonly initiatorNewBytes: Float64Array;
  readonly responderNewBytes: Float64Array;

  constructor(slots: number) {
    if (slots < 1 || (slots & (slots - 1)) !== 0) throw new RangeError(`slots must be a power of two, not ${slots}`);
    this.slots = slots;
    this.slotMask = slots - 1;
    this.offset = new Float64Array(slots);
    this.length = new Uint32Array(slots);
    this.kind = new Uint8Array(slots);
    this.timeSeconds = new Float64Array(slots);
    this.timeNanos = new Int32Array(slots);
    this.verdict = new Int32Array(slots);
    this.dropReason = new Int32Array(slots);
    this.direction = new Int32Array(slots);
    this.isReply = new Int8Array(slots);
    this.hasEventType = new Uint8Array(slots);
    this.eventType = new Int32Array(slots);
    this.eventSubType = new Int32Array(slots);
    this.flowType = new Int32Array(slots);
    this.ipVersion = new Int32Array(slots);
    this.protocol = new Uint8Array(slots);
    this.sourcePort = new Uint32Array(slots);
    this.destinationPort = new Uint32Array(slots);
    this.tcpFlags = new Uint16Array(slots);
    this.l7Type = new Int32Array(slots);
    this.l7Kind = new Uint8Array(slots);
    this.httpCode = new Uint32Array(slots);
    this.latencyNs = new Float64Array(slots);
    this.sourceId = new Uint32Array(slots);
    this.destinationId = new Uint32Array(slots);
    this.nodeId = new Uint32Array(slots);
    this.reason = new Int32Array(slots);
    this.hasDetails = new Uint8Array(slots);
    this.initiatorNewBytes = new Float64Array(slots);
    this.responderNewBytes = new Float64Array(slots);
  }
}
