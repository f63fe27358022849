// Times as columns have them: Unix seconds as a double, and nanoseconds within the second.

import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';

export interface FlowTime {
  readonly seconds: number;
  readonly nanos: number;
}

/** True if the first time is after the second. */
export function isLater(seconds: number, nanos: number, otherSeconds: number, otherNanos: number): boolean {
  return seconds > otherSeconds || (seconds === otherSeconds && nanos > otherNanos);
}

export function fromTimestamp(timestamp: Timestamp): FlowTime {
  return { seconds: Number(timestamp.seconds), nanos: timestamp.nanos };
}

export function toTimestamp(time: FlowTime): Timestamp {
  return { seconds: BigInt(time.seconds), nanos: time.nanos };
}

/** @param milliseconds since the Unix epoch, as Date.now() has it */
export function fromMilliseconds(milliseconds: number): FlowTime {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: Math.floor((milliseconds - seconds * 1000) * 1e6) };
}
