import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Status } from '#proto/gen/parallax/v1/dashboard.ts';
import { jsonResponse } from './api-answer.ts';

test('an answer has times as RFC 3339, big numbers as text, and nothing that is not in the schema', async () => {
  const status = Status.fromPartial({
    ringFlows: 9_007_199_254_740_993n,
    oldestFlow: { seconds: 1_800_000_000n, nanos: 5_000_000, _unknownFields: { 9: [new Uint8Array([1])] } },
  });
  const answer = await jsonResponse(Status.toJSON(status)).json();
  assert.deepEqual(answer, { ringFlows: '9007199254740993', oldestFlow: '2027-01-15T08:00:00.005Z' });
});
