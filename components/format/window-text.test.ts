import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldText } from './window-text.ts';

test('a window is told with what of it there is, once that is known and less', () => {
  assert.equal(heldText(900, 0), '15 min');
  assert.equal(heldText(900, 900_000), '15 min');
  assert.equal(heldText(900, 860_000), '15 min', 'a bucket that is not full yet is no lack');
  assert.equal(heldText(900, 245_000), '4 min of 15 min');
  assert.equal(heldText(90, 12_400), '12 s of 90 s');
});
