import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';
import { plainJson } from './plain-json.ts';

test('times, durations and large numbers are written as protobuf writes them', () => {
  const record = AccessLogRecord.fromPartial({
    number: 9_007_199_254_740_993n,
    received: { seconds: 1_700_000_000n, nanos: 5 },
    entry: { $case: 'http', value: { commonProperties: { duration: { seconds: 1n, nanos: 500_000_000 } } } },
  });
  const read = JSON.parse(plainJson(AccessLogRecord.toJSON(record)));
  assert.equal(read.number, '9007199254740993');
  assert.equal(read.received, '2023-11-14T22:13:20.000000005Z');
  assert.equal(read.http.commonProperties.duration, '1.500000000s');
});
