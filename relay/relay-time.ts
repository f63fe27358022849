// The relay's clock, and times as the merge wants them: nanoseconds since an epoch near the start of the process. Unix
// nanoseconds do not fit a double, which rounds them to 256; the distance to a near epoch is exact for 104 days.

import type { FlowTime } from '#observer/time.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';

/** Unix milliseconds. */
export type Clock = () => number;

export class RelayTime {
  readonly #clock: Clock;
  readonly #epochSeconds: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#epochSeconds = Math.floor(clock() / 1000);
  }

  nowMs(): number {
    return this.#clock();
  }

  nowNs(): number {
    return (this.#clock() - this.#epochSeconds * 1000) * 1e6;
  }

  fromUnix(seconds: number, nanos: number): number {
    return (seconds - this.#epochSeconds) * 1e9 + nanos;
  }

  toTimestamp(timeNs: number): Timestamp {
    const seconds = Math.floor(timeNs / 1e9);
    return { seconds: BigInt(seconds + this.#epochSeconds), nanos: Math.floor(timeNs - seconds * 1e9) };
  }

  toFlowTime(timeNs: number): FlowTime | undefined {
    if (!Number.isFinite(timeNs)) return undefined;
    const seconds = Math.floor(timeNs / 1e9);
    return { seconds: seconds + this.#epochSeconds, nanos: Math.floor(timeNs - seconds * 1e9) };
  }

  now(): Timestamp {
    return this.toTimestamp(this.nowNs());
  }

  toUnixMs(timeNs: number): number {
    return this.#epochSeconds * 1000 + timeNs / 1e6;
  }

  /** For people. Peers may say any time; most have no date. */
  toText(timeNs: number): string {
    const date = new Date(this.toUnixMs(timeNs));
    return Number.isNaN(date.getTime()) ? 'a time beyond all dates' : date.toISOString();
  }
}
