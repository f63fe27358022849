// Requests of one connection that wait for their response: bounded, oldest first.

/** As many streams as nginx and gRPC servers allow at a time; x about 400 bytes of kept text: 50 KiB a connection at worst. */
export const MAX_OUTSTANDING = 128;

export interface Waiting {
  readonly timeNs: bigint;
}

export class Outstanding<Key, Value extends Waiting> {
  private readonly waiting = new Map<Key, Value>();

  get size(): number {
    return this.waiting.size;
  }

  /** Adds at the end; returns how many of the oldest had to go. */
  add(key: Key, value: Value): number {
    this.waiting.delete(key);
    this.waiting.set(key, value);
    let evicted = 0;
    for (const oldest of this.waiting.keys()) {
      if (this.waiting.size <= MAX_OUTSTANDING) break;
      this.waiting.delete(oldest);
      evicted++;
    }
    return evicted;
  }

  get(key: Key): Value | undefined {
    return this.waiting.get(key);
  }

  take(key: Key): Value | undefined {
    const value = this.waiting.get(key);
    this.waiting.delete(key);
    return value;
  }

  oldest(): Value | undefined {
    return this.waiting.values().next().value;
  }

  takeOldest(): Value | undefined {
    const key = this.waiting.keys().next();
    return key.done ? undefined : this.take(key.value);
  }

  clear(): number {
    const count = this.waiting.size;
    this.waiting.clear();
    return count;
  }

  /** Removes those older than `beforeNs`, oldest first. */
  expire(beforeNs: bigint): Value[] {
    const expired: Value[] = [];
    for (const [key, value] of this.waiting) {
      if (value.timeNs >= beforeNs) break;
      this.waiting.delete(key);
      expired.push(value);
    }
    return expired;
  }
}
