// Generated messages as JSON for people and scripts: 64-bit integers as text, times as RFC 3339, durations as seconds, and
// nothing of how messages are kept in memory.

import { formatTimestamp } from '#flow/timestamp.ts';

/** @param value what a message's toJSON gives. @param indent spaces a level; none for one line */
export function plainJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, plainValue, indent);
}

function plainValue(key: string, value: unknown): unknown {
  if (key === '_unknownFields') return undefined;
  if (typeof value === 'bigint') return String(value);
  if (!isTime(value)) return value;
  const [seconds, nanos] = [BigInt(value.seconds), value.nanos];
  return isDuration(key) ? `${seconds}.${String(nanos).padStart(9, '0')}s` : formatTimestamp({ seconds, nanos });
}

function isTime(value: unknown): value is { readonly seconds: bigint | string; readonly nanos: number } {
  if (typeof value !== 'object' || value === null || !('seconds' in value) || !('nanos' in value)) return false;
  const { seconds, nanos } = value;
  return typeof nanos === 'number' && (typeof seconds === 'bigint' || typeof seconds === 'string');
}

/** Protobuf's Duration has the shape of its Timestamp: the names of Envoy's fields tell them apart. */
function isDuration(key: string): boolean {
  return key === 'duration' || key.startsWith('timeTo');
}
