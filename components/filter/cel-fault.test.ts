import assert from 'node:assert/strict';
import { test } from 'node:test';
import { celFault } from './cel-fault.ts';

test('an expression that cannot be read is told with its place and in words', () => {
  assert.match(celFault('cel:"_flow.verdict =="'), /^cel: found = .*\(character 15, behind _flow\.verdict/);
  assert.match(celFault('cel:"_flow.verdicts == 1"'), /no field verdicts/);
  assert.match(celFault('verdict:dropped -cel:_flow.verdict'), /its type is int, not bool/);
  assert.match(celFault('cel:"1 +* 2"'), /character 3/);
});

test('one that is still being written is judged too, and one that can be read is silent', () => {
  assert.match(celFault('cel:"_flow.nod'), /no field nod/);
  assert.equal(celFault('cel:"_flow.verdict == Verdict.DROPPED" pod:web'), '');
  assert.equal(celFault('cel:'), '');
  assert.ok(celFault(`cel:"${'('.repeat(3_000)}"`).length < 300);
});
