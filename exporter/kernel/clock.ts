// The one place that turns the kernel's boot clock into Unix time. The difference is sampled anew while it is used, so
// that a stepped clock or a suspended machine is followed within a second.

import { performance } from 'node:perf_hooks';
import { libbpf } from './libbpf.ts';

const CLOCK_REALTIME = 0;
const CLOCK_BOOTTIME = 7;
const RESAMPLE_MS = 1000;

/** Reads the two clocks, nanoseconds. */
export interface ClockPair {
  unixNs(): bigint;
  bootNs(): bigint;
  /** For deciding when to sample again. */
  elapsedMs(): number;
}

export class BootClock {
  readonly #clocks: ClockPair;
  #offsetNs = 0n;
  /** The same as two numbers. */
  readonly #offset = { seconds: 0, nanos: 0 };
  #sampledMs = Number.NEGATIVE_INFINITY;

  constructor(clocks: ClockPair = kernelClocks()) {
    this.#clocks = clocks;
  }

  toUnixNs(bootNs: number): bigint {
    this.sample();
    return this.#offsetNs + BigInt(bootNs);
  }

  /** Follows the clocks, if it has been a while. */
  sample(): void {
    const now = this.#clocks.elapsedMs();
    if (now - this.#sampledMs < RESAMPLE_MS) return;
    this.#offsetNs = sampleOffset(this.#clocks);
    this.#sampledMs = now;
    this.#offset.seconds = Number(this.#offsetNs / 1_000_000_000n);
    this.#offset.nanos = Number(this.#offsetNs % 1_000_000_000n);
  }

  /** The same without big numbers, as of the latest sample(), for whoever turns many times: puts the result into `time`. */
  toUnixTime(bootNs: number, time: { seconds: number; nanos: number }): void {
    const bootSeconds = Math.floor(bootNs / 1e9);
    // From 48 days on, the quotient may have been rounded up: then this is a nanosecond less than none.
    const nanos = bootNs - bootSeconds * 1e9 + this.#offset.nanos;
    const carry = Math.floor(nanos / 1e9);
    time.seconds = this.#offset.seconds + bootSeconds + carry;
    time.nanos = nanos - carry * 1e9;
  }

  nowBootNs(): number {
    return Number(this.#clocks.bootNs());
  }

  /** As google.protobuf.Timestamp has it. */
  toTimestamp(bootNs: number): { seconds: bigint; nanos: number } {
    const unixNs = this.toUnixNs(bootNs);
    return { seconds: unixNs / 1_000_000_000n, nanos: Number(unixNs % 1_000_000_000n) };
  }
}

/** Unix minus boot time, from the closest of five tries: a try can be interrupted between its two readings. */
function sampleOffset(clocks: ClockPair): bigint {
  let best = { width: 1n << 62n, offset: 0n };
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = clocks.bootNs();
    const unix = clocks.unixNs();
    const after = clocks.bootNs();
    if (after - before < best.width) best = { width: after - before, offset: unix - (before + after) / 2n };
  }
  return best.offset;
}

function kernelClocks(): ClockPair {
  const timespec = Buffer.alloc(16);
  const read = (clock: number) => {
    libbpf().clockGettime(clock, timespec);
    return timespec.readBigInt64LE(0) * 1_000_000_000n + timespec.readBigInt64LE(8);
  };
  return {
    unixNs: () => read(CLOCK_REALTIME),
    bootNs: () => read(CLOCK_BOOTTIME),
    elapsedMs: () => performance.now(),
  };
}
