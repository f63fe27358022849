// The kernel's timer ticks, which the tables' times are in: how long one is, and how many have passed.

import { addressOf, checkResult, libbpf } from './libbpf.ts';

/** Its resolution is one tick (clock_getres(2)): 4 ms where CONFIG_HZ is 250. */
const CLOCK_MONOTONIC_COARSE = 6;
const FRAME = Buffer.alloc(14);

let known: number | undefined;

/** Nanoseconds of a tick. */
export function jiffyNs(): number {
  if (known === undefined) {
    const timespec = Buffer.alloc(16);
    checkResult(libbpf().clockResolution(CLOCK_MONOTONIC_COARSE, timespec), 'asking how long a timer tick is');
    known = Number(timespec.readBigInt64LE(0)) * 1e9 + Number(timespec.readBigInt64LE(8));
  }
  return known;
}

/** The kernel's count of ticks, its lower 32 bits; `programFd` is read_jiffies of flow.bpf.c. */
export function readJiffies(programFd: number): number {
  // struct bpf_test_run_opts (libbpf 1.1): input at 8, its length at 24, what the program returned at 56.
  const options = Buffer.alloc(80);
  options.writeBigUInt64LE(80n, 0);
  options.writeBigUInt64LE(addressOf(FRAME), 8);
  options.writeUInt32LE(FRAME.length, 24);
  checkResult(libbpf().testRun(programFd, options), "reading the kernel's timer ticks");
  return options.readUInt32LE(56);
}

/** Nanoseconds from one count to another, each of 32 bits: up to 24 days at 1000 Hz. 0 where `from` is later. */
export function jiffiesBetween(from: number, to: number): number {
  return Math.max(0, (to - from) | 0) * jiffyNs();
}
