// Requests of one connection that wait for their response: bounded, oldest first.

import type { HttpMessage, OperationMessage } from './l7-event.ts';

/**
 * Of one connection. A pipelining client or a busy HTTP/2 connection has hundreds under way; where answers come in order, one
 * request that is forgotten shifts the pairing of all behind it.
 */
export const MAX_OUTSTANDING = 4096;
/** Of all connections of a tracker; what text they may keep is bounded in bytes: see L7TrackerOptions. */
export const MAX_OUTSTANDING_IN_ALL = 131_072;
/** What a request takes besides its text. */
const REQUEST_BYTES = 300;
/** And a header field. */
const HEADER_BYTES = 60;

/** Shared by all connections of a tracker. */
export interface WaitingRoom {
  /** Requests. */
  taken: number;
  /** All that connections hold for what is still to come. */
  heldBytes: number;
}

/** The account of one connection: EventSink is one. */
export interface Holder {
  readonly room: WaitingRoom;
  /** So many bytes more, or fewer, are held. */
  hold(bytes: number): void;
}

export interface Waiting {
  readonly timeNs: bigint;
  /** Of text that it keeps. */
  textBytes: number;
}

export class Outstanding<Key, Value extends Waiting> {
  private readonly holder: Holder;
  private readonly waiting = new Map<Key, Value>();

  constructor(holder: Holder) {
    this.holder = holder;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** Adds at the end; returns how many of the oldest had to go. */
  add(key: Key, value: Value): number {
    this.take(key);
    const { room } = this.holder;
    this.waiting.set(key, value);
    room.taken++;
    this.holder.hold(REQUEST_BYTES + value.textBytes);
    let evicted = 0;
    for (const oldest of this.waiting.keys()) {
      if (this.waiting.size <= MAX_OUTSTANDING && room.taken <= MAX_OUTSTANDING_IN_ALL) break;
      this.take(oldest);
      evicted++;
    }
    return evicted;
  }

  get(key: Key): Value | undefined {
    return this.waiting.get(key);
  }

  take(key: Key): Value | undefined {
    const value = this.waiting.get(key);
    if (value === undefined) return undefined;
    this.waiting.delete(key);
    this.holder.room.taken--;
    this.holder.hold(-REQUEST_BYTES - value.textBytes);
    return value;
  }

  /** One that waits keeps more text now. */
  grow(value: Value, bytes: number): void {
    value.textBytes += bytes;
    this.holder.hold(bytes);
  }

  oldest(): Value | undefined {
    return this.waiting.values().next().value;
  }

  takeOldest(): Value | undefined {
    const key = this.waiting.keys().next();
    return key.done ? undefined : this.take(key.value);
  }

  /** Removes all but the newest; returns how many. */
  keepNewest(): number {
    const gone = Math.max(0, this.waiting.size - 1);
    for (let i = 0; i < gone; i++) this.takeOldest();
    return gone;
  }

  /** Removes those older than `beforeNs`, oldest first. */
  expire(beforeNs: bigint): Value[] {
    const expired: Value[] = [];
    for (const [key, value] of this.waiting) {
      if (value.timeNs >= beforeNs) break;
      this.take(key);
      expired.push(value);
    }
    return expired;
  }
}

/** What it takes to keep the text of a message, about. */
export function textBytesOf(message: HttpMessage | OperationMessage): number {
  if (message.protocol !== 'http') return message.name.length + message.detail.length;
  let bytes = message.url.length + message.traceId.length;
  for (const { value } of message.headers) bytes += HEADER_BYTES + value.length;
  return bytes;
}
