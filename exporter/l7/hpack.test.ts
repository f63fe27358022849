import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder, MAX_TABLE_BYTES } from './hpack.ts';
import { HUFFMAN_LENGTHS, STATIC_TABLE } from './hpack-tables.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const lines = (decoder: HpackDecoder, block: Uint8Array) =>
  decoder.decode(block).fields.map((field) => `${field.name}: ${field.value}`);

// RFC 7541 appendix C.4: requests with Huffman coding on one connection.
const C4 = [
  '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
  '8286 84be 5886 a8eb 1064 9cbf',
  '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
];

test('the examples of RFC 7541 appendix C.4 decode', () => {
  const decoder = new HpackDecoder();
  const [first, second, third] = C4.map((block) => lines(decoder, hex(block)));
  assert.deepEqual(first, [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com']);
  assert.deepEqual(second?.slice(3), [':authority: www.example.com', 'cache-control: no-cache']);
  assert.deepEqual(third, [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ]);
});

test('after a missed block, old entries are unknown and new ones are right', () => {
  const decoder = new HpackDecoder();
  decoder.decode(hex(C4[0] ?? ''));
  decoder.forget();
  const second = decoder.decode(hex(C4[1] ?? ''));
  assert.equal(second.unknown, 1);
  assert.ok(second.fields.some((field) => field.name === 'cache-control' && field.value === 'no-cache'));
  // Index 62 is now cache-control, 63 was the authority of before.
  assert.deepEqual(lines(decoder, hex('be')), ['cache-control: no-cache']);
  assert.equal(decoder.decode(hex('bf')).unknown, 1);
});

test('a block that was cut decodes as far as it goes and costs the table', () => {
  const decoder = new HpackDecoder();
  const cut = decoder.decode(hex('8286 8441 8cf1 e3'), false);
  assert.deepEqual(
    cut.fields.map((field) => field.name),
    [':method', ':scheme', ':path'],
  );
  assert.equal(cut.intact, false);
});

test('a resized table evicts as the peer does', () => {
  const decoder = new HpackDecoder();
  decoder.decode(hex(C4[0] ?? ''));
  assert.deepEqual(decoder.decode(hex('20')).fields, []);
  assert.equal(decoder.decode(hex('be')).unknown, 1);
});

test('the tables are those of the RFC: 61 entries, and a Huffman code without holes', () => {
  assert.equal(STATIC_TABLE.length, 61);
  assert.deepEqual(STATIC_TABLE[60], ['www-authenticate', '']);
  assert.equal(HUFFMAN_LENGTHS.length, 257);
  assert.equal(
    HUFFMAN_LENGTHS.reduce((sum, length) => sum + 2 ** -length, 0),
    1,
  );
});

test('arbitrary bytes never throw and never grow the table beyond its bound', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 8 }), (blocks) => {
      const decoder = new HpackDecoder();
      for (const block of blocks) {
        const { fields } = decoder.decode(block);
        const bytes = fields.reduce((sum, field) => sum + field.value.length, 0);
        assert.ok(bytes <= fields.length * (MAX_TABLE_BYTES + 2000 * 2));
      }
    }),
  );
});
