import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPrinter, outputFormats } from '#flow/text/printer.ts';
import { visibleFields } from '#flow/text/visible-fields.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { generateFlows } from '../bench/flows/generate.ts';
import { FieldMask } from './field-mask.ts';
import { responseArbitrary } from './response-arbitrary.ts';

const formats = outputFormats.filter((format) => format !== 'json' && format !== 'jsonpb');

/** Lines of a flow, whole and cut down to the fields that lines are made of. */
function compare(bytes: Uint8Array): void {
  for (const style of [{ nodeName: true, policyNames: true }, { ipTranslation: false }]) {
    const masked = new Uint8Array(bytes.length);
    const end = new FieldMask(visibleFields(style)).apply(bytes, 0, bytes.length, masked, 0);
    assert.ok(end <= bytes.length);
    for (const format of formats) {
      const print = (message: Uint8Array) => createPrinter({ ...style, format })(GetFlowsResponse.decode(message));
      assert.deepEqual(print(masked.subarray(0, end)), print(bytes));
    }
  }
}

test('the lines of a flow are the same when it was cut down to the fields that lines show', () => {
  for (const flow of generateFlows({ count: 100 })) compare(flow);
  fc.assert(
    fc.property(responseArbitrary, (response) => compare(GetFlowsResponse.encode(response).finish())),
    { numRuns: 150 },
  );
});
