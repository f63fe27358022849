// Turns captured payload heads into L7 events, one state per connection, bounded in connections and in requests that
// wait for an answer. Pure: no clock and no I/O of its own.
import type { L7Event, L7Segment } from './l7-event.ts';

export interface L7Counters {
  readonly segments: number;
  readonly events: number;
}

export class L7Tracker {
  /** Events in the order of the bytes; empty for a segment that says nothing (a body, a retransmission). */
  feed(_segment: L7Segment): L7Event[] {
    return [];
  }

  /** Forgets what waited too long; returns responses held back for a part that never came. Call it about once a second. */
  sweep(_nowNs: bigint): L7Event[] {
    return [];
  }

  /** Forgets a connection that closed. */
  close(_connection: string | number): void {}

  counters(): L7Counters {
    return { segments: 0, events: 0 };
  }
}
