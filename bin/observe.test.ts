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

test('a request asks for what its output shows, as hubble has it', () => {
  const maskOf = (options: Parameters<typeof requestOf>[0]) => requestOf(options, [], []).fieldMask;
  assert.ok(maskOf({})?.includes('source.pod_name'));
  assert.ok(!maskOf({})?.includes('egress_denied_by'));
  assert.ok(maskOf({ printPolicyNames: true })?.includes('egress_denied_by'));
  assert.equal(maskOf({ useDefaultFieldMasks: 'false' }), undefined);
  assert.equal(maskOf({ output: 'json' }), undefined);
  assert.deepEqual(maskOf({ output: 'json', fieldMask: ['verdict'] }), ['verdict']);
  assert.deepEqual(maskOf({ output: 'jsonpb', experimentalFieldMask: ['verdict'] }), ['verdict']);
  assert.throws(() => maskOf({ fieldMask: ['verdict'] }), /with -o json/);
});

test('a number of flows that is none is refused by name', () => {
  assert.throws(() => requestOf({ last: 'ten' }, [], []), /"ten" is no number of flows/);
});
