// Bytes that no kernel of ours writes: cut, of other sizes than they say, of any content. Decoded into something whole or
// refused, and never read beyond their end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConnectionIds } from './connection-ids.ts';
import { ConnectionLedger } from './connection-ledger.ts';
import {
  connectionRecordLayout,
  dropRecordLayout,
  headerLayout,
  l7RecordLayout,
  socketRecordLayout,
} from './layout.ts';
import { decodeRecord } from './records.ts';

const sizes = [connectionRecordLayout, l7RecordLayout, dropRecordLayout, socketRecordLayout].map(
  ({ sizeof }) => sizeof,
);
const decode = (bytes: Uint8Array, offset: number, length: number) =>
  decodeRecord(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset, length, {
    ledger: new ConnectionLedger(),
    ids: new ConnectionIds(),
    dropReasonName: (reason) => `REASON_${reason}`,
  });

const content = fc.oneof(
  fc.uint8Array({ minLength: 0, maxLength: 700 }),
  fc.constantFrom(...sizes).chain((size) => fc.uint8Array({ minLength: size - 2, maxLength: size + 20 })),
);

test('any bytes are a record or none, whatever their length', () => {
  const told = { records: 0 };
  fc.assert(
    fc.property(content, fc.nat(5), (bytes, type) => {
      if (bytes.length > headerLayout.type) bytes[headerLayout.type] = type;
      const record = decode(bytes, 0, bytes.length);
      if (record !== undefined) told.records += 1;
      if (record?.type === 'l7') assert.ok(record.data.length <= bytes.length - l7RecordLayout.sizeof);
    }),
    { numRuns: 3000, seed: 7 },
  );
  assert.ok(told.records > 100, `${told.records} were records: the property says little of so few`);
});

test('a message that says to have more bytes than its record is refused, not read from what lies behind', () => {
  const bytes = new Uint8Array(l7RecordLayout.sizeof + 100).fill(1);
  bytes[headerLayout.type] = 2;
  const view = new DataView(bytes.buffer);
  for (const captured of [0, 10, 11, 65_535]) {
    view.setUint16(l7RecordLayout.captured, captured, true);
    const record = decode(bytes, 0, l7RecordLayout.sizeof + 10);
    assert.equal(record?.type === 'l7' ? record.data.length : -1, captured <= 10 ? captured : -1);
  }
});

test('what is decoded keeps none of the memory that it came from', () => {
  const bytes = new Uint8Array(l7RecordLayout.sizeof + 4).fill(7);
  bytes[headerLayout.type] = 2;
  new DataView(bytes.buffer).setUint16(l7RecordLayout.captured, 4, true);
  const record = decode(bytes, 0, bytes.length);
  bytes.fill(0);
  assert.deepEqual(record?.type === 'l7' ? [...record.data] : [], [7, 7, 7, 7]);
});
