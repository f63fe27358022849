// Where the next message of a byte stream begins, when only the heads of segments are captured: a message whose length is
// known is stepped over by sequence arithmetic, so that nothing inside a body is taken for a message.
import type { FreshSegment } from './conversation.ts';
import { sequenceDistance } from './tcp-order.ts';

/** Longer bodies are not stepped over: sequence distances are only meaningful below 2^31. */
const MAX_STEP_BYTES = 2 ** 30;

export class MessageCursor {
  private nextAt: number | undefined;

  /**
   * Offset of the first message in this segment: 0 where that is not known, undefined if the segment lies inside a message
   * or the next one begins beyond the captured bytes.
   */
  start(segment: FreshSegment): number | undefined {
    if (this.nextAt === undefined) return 0;
    const distance = sequenceDistance(segment.sequence, this.nextAt);
    if (distance >= segment.payloadLength) return undefined;
    this.nextAt = undefined;
    if (distance < 0) return 0;
    return distance < segment.data.length ? distance : undefined;
  }

  /** `end`: offset in this segment behind the last message, may exceed it; undefined if not known. */
  leaveAt(segment: FreshSegment, end: number | undefined): void {
    const known = end !== undefined && end >= segment.payloadLength && end <= MAX_STEP_BYTES;
    this.nextAt = known ? (segment.sequence + end) >>> 0 : undefined;
  }
}
