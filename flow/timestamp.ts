// Points in time: nanoseconds since the Unix epoch (bigint), protobuf Timestamp, RFC 3339 text. Only UTC.

import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';

const nanosPerSecond = 1_000_000_000n;
const nanosPerMs = 1_000_000n;

/** Nanoseconds since the epoch. */
export function nanosOfTimestamp(timestamp: Timestamp): bigint {
  return timestamp.seconds * nanosPerSecond + BigInt(timestamp.nanos);
}

/** Before the epoch too, nanos is from 0 to 999,999,999. */
export function timestampOfNanos(timeNs: bigint): Timestamp {
  const nanos = ((timeNs % nanosPerSecond) + nanosPerSecond) % nanosPerSecond;
  return { seconds: (timeNs - nanos) / nanosPerSecond, nanos: Number(nanos) };
}

/** Whole milliseconds since the epoch, rounded down. */
export function msOfTimestamp(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}

export function timestampOfMs(timeMs: number): Timestamp {
  return timestampOfNanos(BigInt(Math.floor(timeMs)) * nanosPerMs);
}

/**
 * RFC 3339 in UTC, as protobuf JSON writes it: no fraction, or 3, 6 or 9 digits. Undefined outside the years 1 to
 * 9999, where neither protobuf nor RFC 3339 has a text.
 */
export function formatTimestamp(timestamp: Timestamp): string | undefined {
  const second = formatSecond(timestamp);
  if (second === undefined) return undefined;
  const digits = String(timestamp.nanos).padStart(9, '0');
  const fraction = digits.replace(/(?:000){1,3}$/, '');
  return `${second}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** "2026-11-22T20:42:37", or undefined outside the years 1 to 9999. */
function formatSecond({ seconds, nanos }: Timestamp): string | undefined {
  const inRange = seconds >= -62_135_596_800n && seconds <= 253_402_300_799n && nanos >= 0 && nanos < 1e9;
  return inRange ? new Date(Number(seconds) * 1000).toISOString().slice(0, 19) : undefined;
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[-+]\d\d:\d\d)$/;

/** RFC 3339 with any offset; digits beyond nanoseconds are cut. Undefined if the text is no such time. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const [matched, date = '', time = '', fraction = '', offset = ''] = rfc3339.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const utcMs = Date.parse(`${date}T${time}Z`);
  // Date.parse rolls 31 February over into March instead of refusing it.
  if (Number.isNaN(utcMs) || !new Date(utcMs).toISOString().startsWith(`${date}T${time}`)) return undefined;
  return { seconds: BigInt(utcMs / 1000 - offsetSeconds(offset)), nanos: Number(fraction.padEnd(9, '0')) };
}

function offsetSeconds(offset: string): number {
  if (offset.toUpperCase() === 'Z') return 0;
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  return (offset.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}
