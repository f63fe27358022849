import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capabilities, missingCapabilities } from './capabilities.ts';

const bits = (...numbers: number[]) => numbers.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
const namesMissing = (effective: bigint) => missingCapabilities(effective).map(({ name }) => name);

test('a process without rights lacks all that capture uses, root lacks none', () => {
  assert.deepEqual(
    namesMissing(0n),
    capabilities.map(({ name }) => name),
  );
  assert.deepEqual(namesMissing((1n << 41n) - 1n), []);
});

test('CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, not for CAP_NET_ADMIN', () => {
  assert.deepEqual(namesMissing(bits(21, 19, 2)), ['NET_ADMIN']);
});

test('what is helpful and missing is named alone', () => {
  assert.deepEqual(namesMissing(bits(39, 38, 12, 2)), ['SYS_PTRACE']);
});
