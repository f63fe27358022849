// For tests: the bytes of one direction of a connection as the segments that a capture would make of them.
import type { L7Event, L7Hint, L7Segment } from '../l7-event.ts';
import type { L7Tracker } from '../tracker.ts';

export class CutStream {
  private readonly tracker: L7Tracker;
  private readonly hint: L7Hint;
  private sequences = { true: 2 ** 32 - 100, false: 2 ** 32 - 50 };
  timeNs = 0n;

  constructor(tracker: L7Tracker, hint: L7Hint) {
    this.tracker = tracker;
    this.hint = hint;
  }

  /** Feeds bytes cut behind each of `lengths` (cyclic); `lost`: indexes of segments that are not captured. */
  feed(fromInitiator: boolean, bytes: Uint8Array, lengths: readonly number[], lost: readonly number[] = []): L7Event[] {
    const segments = this.cut(fromInitiator, bytes, lengths);
    return segments.flatMap((segment, index) => (lost.includes(index) ? [] : this.tracker.feed(segment)));
  }

  /** The next segments of one direction. */
  cut(fromInitiator: boolean, bytes: Uint8Array, lengths: readonly number[]): L7Segment[] {
    const segments: L7Segment[] = [];
    const side = `${fromInitiator}` as const;
    for (let at = 0; at < bytes.length; ) {
      const data = bytes.slice(at, at + Math.max(1, lengths[segments.length % lengths.length] ?? bytes.length));
      const sequence = this.sequences[side];
      this.sequences[side] = (sequence + data.length) >>> 0;
      at += data.length;
      this.timeNs += 1n;
      const { hint, timeNs } = this;
      const payloadLength = data.length;
      segments.push({ connection: 1, fromInitiator, timeNs, sequence, payloadLength, data, hint, transport: 'tcp' });
    }
    return segments;
  }
}

/** What an event says, without times. */
export function saying({ kind, requestNumber, message }: L7Event): string {
  switch (message.protocol) {
    case 'http':
      return `${kind} ${requestNumber} ${message.method} ${message.url} ${message.code}`;
    case 'dns':
      return `${kind} ${requestNumber} ${message.query} ${message.rcode} ${message.addresses}`;
    case 'tls':
      return `${kind} ${message.serverName}`;
    default:
      return `${kind} ${requestNumber} ${message.name} [${message.detail}] ${message.status}`;
  }
}
