// DNS over TCP (RFC 1035 section 4.2.2): messages, each behind its length in two bytes, however the segments are cut.
import type { FreshSegment } from './conversation.ts';
import { readUint16 } from './latin1.ts';
import type { MessageReader, Step } from './message-stream.ts';

const LENGTH_BYTES = 2;
const HEADER_BYTES = 12;
/** A long answer is read as far as this: its header, question and first records. */
const MAX_READ_BYTES = 4096;

export class DnsOverTcpReader implements MessageReader {
  private readonly onMessage: (segment: FreshSegment, bytes: Uint8Array) => boolean;

  /** `onMessage` says whether the bytes were a message. */
  constructor(onMessage: (segment: FreshSegment, bytes: Uint8Array) => boolean) {
    this.onMessage = onMessage;
  }

  next(segment: FreshSegment, data: Uint8Array, at: number, isCut: boolean): Step {
    const length = readUint16(data, at);
    if (length === undefined) return isCut ? 'malformed' : 'more';
    if (length < HEADER_BYTES) return 'malformed';
    const start = at + LENGTH_BYTES;
    if (data.length < start + Math.min(length, MAX_READ_BYTES) && !isCut) return 'more';
    return this.onMessage(segment, data.subarray(start, start + length)) ? start + length : 'malformed';
  }

  /** Two bytes of length prove nothing; but what is captured begins with a message more often than not. */
  find(_data: Uint8Array, from: number): number | undefined {
    return from === 0 ? 0 : undefined;
  }

  missed(): boolean {
    return true;
  }
}
