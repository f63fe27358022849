import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BootClock } from './clock.ts';

function fakeClocks() {
  const state = { unix: 1_700_000_000_000_000_000n, boot: 5_000_000_000n, elapsed: 0 };
  return {
    state,
    clock: new BootClock({ unixNs: () => state.unix, bootNs: () => state.boot, elapsedMs: () => state.elapsed }),
  };
}

test('boot time becomes Unix time', () => {
  const { clock } = fakeClocks();
  assert.equal(clock.toUnixNs(4_000_000_001), 1_699_999_999_000_000_001n);
  assert.deepEqual(clock.toTimestamp(4_000_000_001), { seconds: 1_699_999_999n, nanos: 1 });
});

test('a stepped clock is followed after a second', () => {
  const { state, clock } = fakeClocks();
  clock.toUnixNs(0);
  state.unix += 3_600_000_000_000n;
  state.elapsed = 999;
  assert.equal(clock.toUnixNs(5_000_000_000), 1_700_000_000_000_000_000n);
  state.elapsed = 1000;
  assert.equal(clock.toUnixNs(5_000_000_000), 1_700_003_600_000_000_000n);
});
