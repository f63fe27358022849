// Where in the bytes of a serialised GetFlowsResponse lie the flow, its ends and its extension, and which policy fields the
// source filled. One pass over the fields of the flow; nothing is decoded.

import { WIRE_BYTES, WIRE_VARINT, WireReader } from '#observer/wire-reader.ts';

const varintTag = (field: number) => (field << 3) | WIRE_VARINT;
const bytesTag = (field: number) => (field << 3) | WIRE_BYTES;

const RESPONSE_FLOW = bytesTag(1);
const FLOW_VERDICT = varintTag(2);
const FLOW_L4 = bytesTag(6);
const FLOW_DROP_REASON = varintTag(25);
const FLOW_L7 = bytesTag(15);
const FLOW_DIRECTION = varintTag(22);
const FLOW_MATCH_TYPE = varintTag(23);
const FLOW_IS_REPLY = bytesTag(26);
const FLOW_EXTENSIONS = bytesTag(150000);
const POLICY_FIELDS: ReadonlySet<number> = new Set([21001, 21002, 21004, 21005].map(bytesTag));
/** IP, source, destination, their names and services: what tells one end from another. */
const END_FIELDS: ReadonlySet<number> = new Set([5, 8, 9, 13, 14, 20, 21].map(bytesTag));
const ANY_TYPE_URL = bytesTag(1);
const ANY_VALUE = bytesTag(2);
const DETAILS_REASON = varintTag(1);
const DETAILS_RESPONDER = bytesTag(3);
const DETAILS_POLICY = bytesTag(12);
const TRAFFIC_PACKETS = varintTag(2);
const TCP_FLAGS = bytesTag(3);
const FLAGS_RST = varintTag(3);
const DETAILS_NAME = 'parallax.v1.FlowDetails';
const TCP = 1;
const UDP = 2;
const SCTP = 5;

/** Reused from flow to flow. Ranges are positions in the array that was scanned. */
export class FlowLayout {
  isFlow = false;
  /** The flow's content, and the first byte of its tag. */
  flowTag = 0;
  flowStart = 0;
  flowEnd = 0;
  /** The whole extension field, tag included; equal where there is none. */
  extensionTag = 0;
  extensionEnd = 0;
  /** Content of the extension's value, where it is FlowDetails. */
  detailsStart = 0;
  detailsEnd = 0;
  hasOtherExtension = false;
  /** Some policy field is filled, or the details hold an explanation already. */
  hasPolicyNames = false;
  hasExplanation = false;
  hasMatchType = false;
  hasL7 = false;
  verdict = 0;
  dropReason = 0;
  direction = 0;
  isReply = false;
  reason = 0;
  /** The side that was asked has sent something. */
  hasAnswer = false;
  /** Equal for flows that a set of policies answers equally, but for their requests. */
  key = '';

  readonly #reader = new WireReader();
  /** The scanned bytes, as what makes text of them: kept while flows come from the same chunk. */
  #text: Buffer = Buffer.alloc(0);

  /** @throws MalformedMessageError */
  scan(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    if (this.#text.buffer !== bytes.buffer || this.#text.byteOffset !== bytes.byteOffset || this.#text.length < end)
      this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.isFlow = false;
    while (reader.position < end) {
      const tagAt = reader.position;
      const tag = reader.tag();
      if (tag !== RESPONSE_FLOW) {
        reader.skip(tag);
        continue;
      }
      const contentEnd = reader.contentEnd();
      this.isFlow = true;
      this.flowTag = tagAt;
      this.flowStart = reader.position;
      this.flowEnd = contentEnd;
      reader.end = contentEnd;
      this.#scanFlow();
      reader.end = end;
    }
  }

  #scanFlow(): void {
    const reader = this.#reader;
    this.#clear();
    let ends = '';
    // Fields that lie side by side are made text together.
    let runStart = 0;
    let runEnd = 0;
    let l4Start = 0;
    let l4End = 0;
    while (reader.position < reader.end) {
      const tagAt = reader.position;
      const tag = reader.tag();
      if (tag === FLOW_VERDICT) this.verdict = reader.varint();
      else if (tag === FLOW_DROP_REASON) this.dropReason = reader.varint();
      else if (tag === FLOW_DIRECTION) this.direction = reader.varint();
      else if (tag === FLOW_MATCH_TYPE) this.hasMatchType = reader.varint() !== 0;
      else if ((tag & 7) !== WIRE_BYTES) reader.skip(tag);
      else {
        const contentEnd = reader.contentEnd();
        const contentStart = reader.position;
        if (tag === FLOW_L4) {
          l4Start = contentStart;
          l4End = contentEnd;
        } else if (tag === FLOW_L7) this.hasL7 = true;
        else if (tag === FLOW_IS_REPLY) this.isReply = this.#boolWithin(contentEnd);
        else if (tag === FLOW_EXTENSIONS) this.#extension(tagAt, contentEnd);
        else if (END_FIELDS.has(tag)) {
          if (tagAt !== runEnd) {
            ends += this.#latin1(runStart, runEnd);
            runStart = tagAt;
          }
          runEnd = contentEnd;
        } else if (POLICY_FIELDS.has(tag)) this.hasPolicyNames = true;
        reader.position = contentEnd;
      }
    }
    ends += this.#latin1(runStart, runEnd);
    const transport = l4Start === l4End ? '' : this.#transport(l4Start, l4End);
    const seen = `${this.isReply ? 'r' : ''}${this.hasL7 ? '7' : ''}${this.hasAnswer ? 'a' : ''}`;
    const origin = this.detailsEnd > this.detailsStart && !this.hasOtherExtension ? 'packets' : '';
    this.key = `${this.verdict} ${this.direction} ${seen} ${origin} ${transport} ${ends}`;
  }

  #latin1(start: number, end: number): string {
    return this.#text.toString('latin1', start, end);
  }

  #clear(): void {
    this.extensionTag = 0;
    this.extensionEnd = 0;
    this.detailsStart = 0;
    this.detailsEnd = 0;
    this.hasOtherExtension = false;
    this.hasPolicyNames = false;
    this.hasExplanation = false;
    this.hasMatchType = false;
    this.hasL7 = false;
    this.verdict = 0;
    this.dropReason = 0;
    this.direction = 0;
    this.isReply = false;
    this.reason = 0;
    this.hasAnswer = false;
  }

  /** A BoolValue. */
  #boolWithin(end: number): boolean {
    const reader = this.#reader;
    return this.#within(end, () => {
      let value = false;
      while (reader.position < end) {
        const tag = reader.tag();
        if (tag === varintTag(1)) value = reader.bool();
        else reader.skip(tag);
      }
      return value;
    });
  }

  /** Protocol and the port of the side that was asked; the other side's port differs for every connection. */
  #transport(start: number, end: number): string {
    const reader = this.#reader;
    reader.position = start;
    return this.#within(end, () => {
      const tag = reader.tag();
      const protocol = tag >>> 3;
      if ((tag & 7) !== WIRE_BYTES || (protocol !== TCP && protocol !== UDP && protocol !== SCTP))
        return `${protocol} ${this.#latin1(start, end)}`;
      const contentEnd = reader.contentEnd();
      const wanted = varintTag(this.isReply ? 1 : 2);
      let port = 0;
      let reset = '';
      while (reader.position < contentEnd) {
        const field = reader.tag();
        if (field === wanted) port = reader.varint();
        else if (field === TCP_FLAGS && protocol === TCP) reset = this.#resetWithin(reader.contentEnd()) ? ' RST' : '';
        else reader.skip(field);
      }
      return `${protocol} ${port}${reset}`;
    });
  }

  #resetWithin(end: number): boolean {
    const reader = this.#reader;
    return this.#within(end, () => {
      let isReset = false;
      while (reader.position < end) {
        const tag = reader.tag();
        if (tag === FLAGS_RST) isReset = reader.bool();
        else reader.skip(tag);
      }
      return isReset;
    });
  }

  #extension(tagAt: number, end: number): void {
    const reader = this.#reader;
    // The last one counts; one before it is left where it is, and readers skip it as well.
    this.extensionTag = tagAt;
    this.extensionEnd = end;
    this.detailsStart = 0;
    this.detailsEnd = 0;
    this.reason = 0;
    this.hasAnswer = false;
    this.hasExplanation = false;
    let url = '';
    this.#within(end, () => {
      while (reader.position < end) {
        const tag = reader.tag();
        if (tag === ANY_TYPE_URL || tag === ANY_VALUE) {
          const contentEnd = reader.contentEnd();
          if (tag === ANY_TYPE_URL) url = this.#latin1(reader.position, contentEnd);
          else {
            this.detailsStart = reader.position;
            this.detailsEnd = contentEnd;
          }
          reader.position = contentEnd;
        } else reader.skip(tag);
      }
    });
    this.hasOtherExtension = url.slice(url.lastIndexOf('/') + 1) !== DETAILS_NAME;
    if (!this.hasOtherExtension && this.detailsStart < this.detailsEnd) this.#details();
  }

  #details(): void {
    const reader = this.#reader;
    reader.position = this.detailsStart;
    this.#within(this.detailsEnd, () => {
      while (reader.position < this.detailsEnd) {
        const tag = reader.tag();
        if (tag === DETAILS_REASON) this.reason = reader.varint();
        else if (tag === DETAILS_RESPONDER) this.hasAnswer = this.#hasPackets(reader.contentEnd());
        else {
          if (tag === DETAILS_POLICY) this.hasExplanation = true;
          reader.skip(tag);
        }
      }
    });
  }

  #hasPackets(end: number): boolean {
    const reader = this.#reader;
    return this.#within(end, () => {
      let has = false;
      while (reader.position < end) {
        const tag = reader.tag();
        if (tag === TRAFFIC_PACKETS) has = reader.bool();
        else reader.skip(tag);
      }
      return has;
    });
  }

  /** Runs `read` with the reader bounded by `end`, inside the present bound. */
  #within<Result>(end: number, read: () => Result): Result {
    const reader = this.#reader;
    const outerEnd = reader.end;
    reader.end = Math.min(outerEnd, end);
    const result = read();
    reader.end = outerEnd;
    return result;
  }
}
