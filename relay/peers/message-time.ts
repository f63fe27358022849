// Kind and time of a serialised GetFlowsResponse, from its outermost fields: all that the merge asks of a message.

import { KIND_FLOW, KIND_LOST_EVENTS, KIND_NODE_STATUS, KIND_NONE } from '#observer/columns.ts';
import { WIRE_BYTES, WIRE_VARINT, WireReader } from '#observer/wire-reader.ts';

const FLOW = (1 << 3) | WIRE_BYTES;
const NODE_STATUS = (2 << 3) | WIRE_BYTES;
const LOST_EVENTS = (3 << 3) | WIRE_BYTES;
const TIME = (1001 << 3) | WIRE_BYTES;
const SECONDS = (1 << 3) | WIRE_VARINT;
const NANOS = (2 << 3) | WIRE_VARINT;

/** Reused from message to message. */
export class MessageTimeReader {
  /** KIND_NONE for a heartbeat. */
  kind = KIND_NONE;
  hasTime = false;
  /** Unix seconds, and nanoseconds within them. */
  seconds = 0;
  nanos = 0;
  readonly #reader = new WireReader();

  /** @throws MalformedMessageError */
  read(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    this.kind = KIND_NONE;
    this.hasTime = false;
    let flowStart = 0;
    let flowEnd = 0;
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag === TIME) this.#readTimestamp();
      else if (tag === FLOW) {
        this.kind = KIND_FLOW;
        flowEnd = reader.contentEnd();
        flowStart = reader.position;
        reader.position = flowEnd;
      } else {
        if (tag === NODE_STATUS) this.kind = KIND_NODE_STATUS;
        else if (tag === LOST_EVENTS) this.kind = KIND_LOST_EVENTS;
        reader.skip(tag);
      }
    }
    if (!this.hasTime && this.kind === KIND_FLOW) this.#readFlowTime(bytes, flowStart, flowEnd);
  }

  /** An observer that leaves the response's time out has it in the flow, where it is field 1 too. */
  #readFlowTime(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    while (reader.position < end && !this.hasTime) {
      const tag = reader.tag();
      if (tag === FLOW) this.#readTimestamp();
      else reader.skip(tag);
    }
  }

  #readTimestamp(): void {
    const reader = this.#reader;
    const outerEnd = reader.end;
    reader.end = reader.contentEnd();
    this.seconds = 0;
    this.nanos = 0;
    this.hasTime = true;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === SECONDS) this.seconds = reader.int64();
      else if (tag === NANOS) this.nanos = reader.int32();
      else reader.skip(tag);
    }
    reader.end = outerEnd;
  }
}
