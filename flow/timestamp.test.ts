import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatTimestamp,
  msOfTimestamp,
  nanosOfTimestamp,
  parseTimestamp,
  timestampOfMs,
  timestampOfNanos,
} from './timestamp.ts';

test('nanoseconds survive the way to Timestamp, to text and back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -62_135_596_800_000_000_000n, max: 253_402_300_799_999_999_999n }), (timeNs) => {
      const timestamp = timestampOfNanos(timeNs);
      assert.equal(nanosOfTimestamp(timestamp), timeNs);
      assert.deepEqual(parseTimestamp(formatTimestamp(timestamp) ?? ''), timestamp);
    }),
  );
});

test('a fraction has 0, 3, 6 or 9 digits', () => {
  const text = (nanos: number) => formatTimestamp({ seconds: 0n, nanos });
  assert.equal(text(0), '1970-01-01T00:00:00Z');
  assert.equal(text(120_000_000), '1970-01-01T00:00:00.120Z');
  assert.equal(text(1_000), '1970-01-01T00:00:00.000001Z');
  assert.equal(text(9_099_783), '1970-01-01T00:00:00.009099783Z');
});

test('offsets are taken off, impossible dates and times out of range refused', () => {
  assert.deepEqual(parseTimestamp('1970-01-01T01:00:00.5+01:00'), { seconds: 0n, nanos: 500_000_000 });
  for (const bad of ['2026-02-31T00:00:00Z', '2026-01-01T25:00:00Z', '2026-01-01', 'now', '2026-01-01T00:00:00'])
    assert.equal(parseTimestamp(bad), undefined, bad);
  assert.equal(formatTimestamp({ seconds: 253_402_300_800n, nanos: 0 }), undefined);
  assert.equal(formatTimestamp({ seconds: 0n, nanos: -1 }), undefined);
});

test('milliseconds round down, before the epoch too', () => {
  assert.deepEqual(timestampOfMs(-1.5), { seconds: -1n, nanos: 998_000_000 });
  assert.equal(msOfTimestamp({ seconds: -1n, nanos: 998_999_999 }), -2);
});
