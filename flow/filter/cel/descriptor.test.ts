import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowDescriptorSet } from './flow-descriptor.ts';
import { flowDescriptorBase64 } from './generate-descriptor.mjs';

test('the embedded descriptor is what proto/ compiles to now', () => {
  assert.equal(flowDescriptorSet, flowDescriptorBase64(), 'run node flow/filter/cel/generate-descriptor.mjs');
});
