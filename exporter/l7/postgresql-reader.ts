// One direction of a PostgreSQL connection from message to message, and what comes before typed messages: the start-up, and
// one byte in answer to a request for encryption.
import type { FreshSegment } from './conversation.ts';
import type { MessageReader, Step } from './message-stream.ts';
import {
  isPgReadable,
  type PgMessage,
  type PgSide,
  type PgStartup,
  parsePgMessage,
  parsePgStartup,
} from './postgresql.ts';

/** So many in a row, or all to the end of the bytes, are no chance. */
const PROOF_MESSAGES = 3;
const STARTUP_HEAD_BYTES = 9;

export interface PgListener {
  startup(startup: PgStartup): void;
  message(segment: FreshSegment, message: PgMessage): void;
  missed(segment: FreshSegment): void;
}

export class PgReader implements MessageReader {
  private readonly side: PgSide;
  private readonly listener: PgListener;
  /** The next byte is no message: it answers whether the connection may be encrypted. */
  isByteDue = false;

  constructor(side: PgSide, listener: PgListener) {
    this.side = side;
    this.listener = listener;
  }

  next(segment: FreshSegment, data: Uint8Array, at: number, isCut: boolean): Step {
    if (this.isByteDue) {
      this.isByteDue = false;
      return at + 1;
    }
    // Of a typed message the first byte is a letter, of a start-up it is its length's.
    if (this.side === 'frontend' && data[at] === 0) return this.startup(data, at, isCut);
    if (!isCut && !isPgReadable(data, at, this.side)) return isLetter(data[at] ?? 0) ? 'more' : 'malformed';
    const message = parsePgMessage(data, at, this.side);
    if (!message) return isCut ? 'unknown' : 'malformed';
    this.listener.message(segment, message);
    return message.end;
  }

  find(data: Uint8Array, from: number): number | undefined {
    // The kernel half copies what begins with a request; a long one has no end to prove it by.
    if (this.side === 'frontend' && from === 0 && parsePgMessage(data, 0, 'frontend')) return 0;
    for (let at = from; at < data.length; at++) if (isLetter(data[at] ?? 0) && this.isProved(data, at)) return at;
    return undefined;
  }

  missed(segment: FreshSegment): boolean {
    this.listener.missed(segment);
    return true;
  }

  private isProved(data: Uint8Array, start: number): boolean {
    let at = start;
    for (let count = 0; count < PROOF_MESSAGES; count++) {
      const message = parsePgMessage(data, at, this.side);
      if (!message || message.end > data.length) return false;
      at = message.end;
      if (at === data.length) return true;
    }
    return true;
  }

  private startup(data: Uint8Array, at: number, isCut: boolean): Step {
    if (data.length - at < STARTUP_HEAD_BYTES && !isCut && parsePgStartup(data, at) === undefined) return 'more';
    const startup = parsePgStartup(data, at);
    if (!startup) return 'malformed';
    this.listener.startup(startup);
    return startup.end;
  }
}

/** Types are letters and digits. */
function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}
