import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBytes, parseTime } from './quantity.ts';

test('amounts of bytes take binary units and refuse anything else by name', () => {
  assert.deepEqual(
    ['0', '12', '4K', '256M', '1GiB', '2mb'].map(parseBytes),
    [0, 12, 4096, 268_435_456, 1_073_741_824, 2_097_152],
  );
  for (const text of ['', 'M', '-1', '1.5M', '3T', '1e9'])
    assert.throws(() => parseBytes(text), /is no amount of bytes/);
});

test('times are durations before now or dates', () => {
  const now = Date.parse('2026-11-22T10:00:00Z');
  const before = (ms: number): bigint => BigInt(now - ms) * 1_000_000n;
  assert.equal(parseTime('3s', now), before(3000));
  assert.equal(parseTime('1h43m', now), before((60 + 43) * 60_000));
  assert.equal(parseTime('250ms', now), before(250));
  assert.equal(parseTime('2026-11-22T09:59:00Z', now), before(60_000));
  for (const text of ['', 'soon', '5', 's5']) assert.throws(() => parseTime(text, now), /is no time/);
});
