import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { BackwardWriter } from './backward-writer.ts';

test('numbers and texts of any length are read as they were written, in a block that grows as it must', () => {
  const writer = new BackwardWriter(1);
  const number = fc.oneof(fc.nat(300), fc.nat(), fc.nat(Number.MAX_SAFE_INTEGER));
  const text = fc.string({ unit: 'binary', maxLength: 80 });
  fc.assert(
    fc.property(fc.array(fc.tuple(number, text)), (pairs) => {
      do {
        writer.restart();
        for (const [number, text] of [...pairs].reverse()) {
          writer.textElement(18, text);
          writer.varint(number);
          writer.varint(8);
        }
      } while (!writer.fits);
      const reader = new BinaryReader(writer.bytes.subarray(writer.at));
      for (const [number, text] of pairs) {
        assert.equal(reader.uint32(), 8);
        assert.equal(Number(reader.uint64()), number);
        assert.equal(reader.uint32(), 18);
        assert.equal(reader.string(), Buffer.from(text).toString());
      }
      assert.equal(reader.pos, reader.len);
    }),
  );
});
