import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestOf } from './observe.ts';

test('a request carries what hubble would send for the same flags', () => {
  const numberOf = (options: Parameters<typeof requestOf>[0]): bigint => requestOf(options, [], []).number;
  assert.equal(numberOf({}), 20n);
  assert.equal(numberOf({ all: true }), 2n ** 64n - 1n);
  assert.equal(numberOf({ last: '7' }), 7n);
  assert.equal(numberOf({ follow: true }), 0n);
  assert.equal(numberOf({ since: '5m' }), 0n);
  assert.equal(requestOf({ first: '3' }, [], []).first, true);
  assert.equal(requestOf({ follow: true }, [], []).follow, true);
});

test('a number of flows that is none is refused by name', () => {
  assert.throws(() => requestOf({ last: 'ten' }, [], []), /"ten" is no number of flows/);
});
