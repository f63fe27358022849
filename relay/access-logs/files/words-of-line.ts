// Values of log lines: what "-" stands for, times in the forms that proxies write. Pure.

import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';

/** Undefined for what proxies write where there is nothing. */
export function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text !== 'string' || text === '' || text === '-' ? undefined : text;
}

/** Undefined for "-" and for what is no number; haproxy writes -1 for a time that it did not come to. */
export function numberOf(value: unknown): number | undefined {
  const text = lastOf(value);
  if (text === undefined) return undefined;
  const number = Number(text);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** The last of a list as nginx writes it, one for each server that it tried: "a, b", or "a : b" after an internal redirect. */
export function lastOf(list: unknown): string | undefined {
  return textOf(
    textOf(list)
      ?.split(/, | : /)
      .at(-1)
      ?.trim(),
  );
}

/** "UF,URX" as a list. */
export function flagList(value: unknown): string[] {
  const text = textOf(value);
  if (text === undefined) return [];
  return text
    .split(',')
    .filter((code) => /^[A-Z][A-Z0-9_]{1,31}$/.test(code))
    .slice(0, 16);
}

/** RFC 3339, or seconds since the epoch with a fraction. */
export function timeOf(value: unknown): Timestamp | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  const ms = /^\d{9,11}(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  return timestampOf(ms);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** haproxy's accept date in local time, "23/Nov/2026:14:05:09.120", and the common log format's, with an offset. */
export function accessDateOf(text: string): Timestamp | undefined {
  const parts =
    /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2})(?:\.(\d{3}))?(?: ([+-]\d{2})(\d{2}))?$/.exec(text);
  const month = months.indexOf(parts?.[2] ?? '');
  if (parts === null || month < 0) return undefined;
  const [, day, , year, hour, minute, second, ms = '000', offsetHours, offsetMinutes] = parts;
  const date = `${year}-${String(month + 1).padStart(2, '0')}-${day}T${hour}:${minute}:${second}.${ms}`;
  return timestampOf(Date.parse(offsetHours === undefined ? date : `${date}${offsetHours}:${offsetMinutes}`));
}

/** Undefined for times that no Timestamp can have. */
function timestampOf(ms: number): Timestamp | undefined {
  if (!Number.isFinite(ms) || ms < 0 || ms > 253_402_300_799_999) return undefined;
  const us = Math.round(ms * 1000);
  return { seconds: BigInt(Math.floor(us / 1e6)), nanos: (us % 1e6) * 1000 };
}
