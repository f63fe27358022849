// Sequence arithmetic of one direction of a TCP connection: distances modulo 2^32, and which bytes were seen before, so
// that a retransmission counts once.

/** Bytes from `from` to `to`, negative if `to` lies before it (RFC 9293 section 3.4). */
export function sequenceDistance(from: number, to: number): number {
  return (to - from) | 0;
}

interface Range {
  readonly start: number;
  readonly bytes: number;
}

/** A retransmission follows within a few segments of the same direction that carry L7 heads; older ones count twice. */
const REMEMBERED_RANGES = 8;

export class SeenRanges {
  private readonly ranges: Range[] = [];
  private next = 0;

  /**
   * How many leading bytes of this payload were seen already: `bytes` for a plain retransmission, less for one that was
   * sent again together with new data. Remembers the payload.
   */
  overlap(sequence: number, bytes: number): number {
    let seen = 0;
    for (const range of this.ranges) {
      const into = sequenceDistance(range.start, sequence);
      if (into >= 0 && into < range.bytes) seen = Math.max(seen, Math.min(bytes, range.bytes - into));
    }
    if (seen < bytes) {
      this.ranges[this.next] = { start: sequence, bytes };
      this.next = (this.next + 1) % REMEMBERED_RANGES;
    }
    return seen;
  }
}
