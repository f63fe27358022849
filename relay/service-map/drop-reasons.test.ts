import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DropReason } from '#proto/gen/flow/flow.ts';
import { dropReasonNumber, dropReasonOf } from './drop-reasons.ts';

test("the kernel's name of a reason wins over Hubble's word, and Hubble's word stands where the kernel told none", () => {
  const { POLICY_DENIED } = DropReason;
  assert.equal(dropReasonOf(dropReasonNumber('NETFILTER_DROP', POLICY_DENIED)), 'NETFILTER_DROP');
  assert.equal(dropReasonNumber('NETFILTER_DROP', 0), dropReasonNumber('NETFILTER_DROP', POLICY_DENIED));
  assert.equal(dropReasonOf(dropReasonNumber('', POLICY_DENIED)), 'POLICY_DENIED');
});

test('made-up names beyond the bound fall back to the word', () => {
  for (let index = 0; index < 1000; index += 1) dropReasonNumber(`MADE_UP_${index}`, DropReason.POLICY_DENIED);
  assert.equal(dropReasonOf(dropReasonNumber('ONE_MORE', DropReason.POLICY_DENIED)), 'POLICY_DENIED');
});
