// Requests of one connection that wait for their response: bounded, oldest first.

/**
 * Of one connection. A pipelining client or a busy HTTP/2 connection has hundreds under way; where answers come in order, one
 * request that is forgotten shifts the pairing of all behind it.
 */
export const MAX_OUTSTANDING = 4096;
/** Of all connections of a tracker: x about 400 bytes of kept text = 50 MiB. */
export const MAX_OUTSTANDING_IN_ALL = 131_072;

/** Shared by all connections of a tracker. */
export interface WaitingRoom {
  taken: number;
}

export interface Waiting {
  readonly timeNs: bigint;
}

export class Outstanding<Key, Value extends Waiting> {
  private readonly room: WaitingRoom;
  private readonly waiting = new Map<Key, Value>();

  constructor(room: WaitingRoom) {
    this.room = room;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** Adds at the end; returns how many of the oldest had to go. */
  add(key: Key, value: Value): number {
    this.take(key);
    this.waiting.set(key, value);
    this.room.taken++;
    let evicted = 0;
    for (const oldest of this.waiting.keys()) {
      if (this.waiting.size <= MAX_OUTSTANDING && this.room.taken <= MAX_OUTSTANDING_IN_ALL) break;
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
    if (this.waiting.delete(key)) this.room.taken--;
    return value;
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
