// A draft to the bytes of a GetFlowsResponse: the same bytes that the generated encoder makes of the same flow, without
// an object in between. Written backwards, so read the fields from below. Tags are field << 3 | wire type, with the field
// numbers of proto/flow/flow.proto and proto/observer/observer.proto.

import {
  HAS_TCP_FLAGS,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  REPLY_TRUE,
  REPLY_UNSET,
} from '#observer/columns.ts';
import { Emitter } from '#proto/gen/flow/flow.ts';
import { BackwardWriter } from './backward-writer.ts';
import { writeDetails, writeTimestamp } from './details-encoder.ts';
import type { FlowDraft } from './flow-draft.ts';
import { UUID_BYTES, UuidWriter } from './flow-uuid.ts';
import { writeLayer7, writeTexts } from './layer7-encoder.ts';

/** A flow has 500 to 1,500 bytes. */
const FIRST_CAPACITY = 4096;
const TCP_FLAGS = 9;

export class FlowEncoder {
  readonly #writer = new BackwardWriter(FIRST_CAPACITY);
  readonly #uuids = new UuidWriter();
  readonly #emitter: Uint8Array;
  /** Undefined where the node has no name. */
  readonly #nodeName: Uint8Array | undefined;

  constructor({ nodeName, version }: { readonly nodeName: string; readonly version: string }) {
    this.#emitter = Emitter.encode({ name: 'Parallax', version }).finish();
    this.#nodeName = nodeName === '' ? undefined : Buffer.from(nodeName);
  }

  /** Where the message encoded last lies: bytes[start, end of bytes). Valid until the next encode(). */
  get bytes(): Uint8Array {
    return this.#writer.bytes;
  }

  get start(): number {
    return this.#writer.at;
  }

  encode(draft: FlowDraft): void {
    const writer = this.#writer;
    do {
      writer.restart();
      writeTimestamp(writer, 8010, draft.columns.timeSeconds, draft.columns.timeNanos);
      writer.messageField(8002, this.#nodeName);
      const end = writer.at;
      this.#writeUpper(draft);
      this.#writeLower(draft);
      writer.close(10, end);
    } while (!writer.fits);
  }

  /** Extensions down to l7. */
  #writeUpper(draft: FlowDraft): void {
    const writer = this.#writer;
    const { columns, source, destination } = draft;
    writeDetails(writer, draft);
    writer.textField(800_002, draft.summary);
    writer.varintField(264, draft.cgroupId);
    writer.varintField(256, draft.socketCookie);
    if (draft.traceId !== '') {
      const end = writer.at;
      writer.textField(10, draft.traceId);
      writer.close(10, end);
      writer.close(242, end);
    }
    writer.messageField(226, draft.networkInterface);
    if (columns.isReply !== REPLY_UNSET) {
      const end = writer.at;
      writer.varintField(8, columns.isReply === REPLY_TRUE ? 1 : 0);
      writer.close(210, end);
    }
    writer.varintField(200, columns.dropReason);
    writer.varintField(192, draft.tracePoint);
    writer.varintField(176, columns.direction);
    writer.messageField(170, destination.service);
    writer.messageField(162, source.service);
    const end = writer.at;
    writer.varintField(16, columns.eventSubType);
    writer.varintField(8, columns.eventType);
    writer.close(154, end);
    if (draft.layer7?.layer7 !== undefined) writeLayer7(writer, draft.layer7.layer7);
  }

  /** Names down to time. */
  #writeLower(draft: FlowDraft): void {
    const writer = this.#writer;
    const { columns, source, destination } = draft;
    writeTexts(writer, 114, destination.names);
    writeTexts(writer, 106, source.names);
    writer.messageField(90, this.#nodeName);
    writer.varintField(80, columns.flowType);
    writer.messageField(74, destination.endpoint);
    writer.messageField(66, source.endpoint);
    if (columns.protocol !== 0) this.#writeLayer4(draft);
    const end = writer.at;
    writer.varintField(24, columns.ipVersion);
    writer.textField(18, destination.address);
    writer.textField(10, source.address);
    writer.close(42, end);
    // drop_reason is the older name of drop_reason_desc, with the same numbers.
    writer.varintField(24, columns.dropReason);
    writer.varintField(16, columns.verdict);
    writer.messageField(330, this.#emitter);
    this.#uuids.write(writer);
    writer.varint(UUID_BYTES);
    writer.varint(274);
    writeTimestamp(writer, 10, columns.timeSeconds, columns.timeNanos);
  }

  #writeLayer4({ columns, icmpType, icmpCode }: FlowDraft): void {
    const writer = this.#writer;
    const end = writer.at;
    const { protocol } = columns;
    if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP || protocol === PROTOCOL_SCTP) {
      if ((columns.tcpFlags & HAS_TCP_FLAGS) !== 0) {
        const flagsEnd = writer.at;
        // Nine bools in fields 1 to 9.
        for (let field = TCP_FLAGS; field > 0; field--) {
          if (((columns.tcpFlags >>> (field - 1)) & 1) !== 0) writer.varintField(field << 3, 1);
        }
        writer.close(26, flagsEnd);
      }
      writer.varintField(16, columns.destinationPort);
      writer.varintField(8, columns.sourcePort);
    } else {
      writer.varintField(16, icmpCode);
      writer.varintField(8, icmpType);
    }
    writer.close((protocol << 3) | 2, end);
    writer.close(50, end);
  }
}
