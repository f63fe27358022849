import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EndpointParts, PART_ENDPOINT } from './endpoint-parts.ts';
import { GenerationDictionary, NOT_INTERNED } from './generation-dictionary.ts';

const encoder = new TextEncoder();

function intern(dictionary: GenerationDictionary, key: string): number {
  const bytes = encoder.encode(key);
  const parts = new EndpointParts();
  parts.add(PART_ENDPOINT, 0, bytes.length);
  return dictionary.intern(new DataView(bytes.buffer), 0, parts);
}

function keyOf(dictionary: GenerationDictionary, id: number): string | undefined {
  const [part] = [...dictionary.partsOf(id)];
  return part === undefined ? undefined : Buffer.from(part.content).toString();
}

test('equal keys have one id while they stay in the young generation, and an id leads back to its key', () => {
  const dictionary = new GenerationDictionary(64, 64 * 1024, 1);
  const first = intern(dictionary, 'shop/cart');
  assert.equal(intern(dictionary, 'shop/cart'), first);
  assert.notEqual(intern(dictionary, 'shop/checkout'), first);
  assert.equal(keyOf(dictionary, first), 'shop/cart');
});

test('a key in use is found again after its generation was forgotten, an unused one is not live', () => {
  const dictionary = new GenerationDictionary(16, 16 * 1024, 1);
  const unused = intern(dictionary, 'unused');
  for (let i = 0; i < 60; i++) {
    intern(dictionary, `key-${i}`);
    intern(dictionary, 'in use');
  }
  assert.ok(dictionary.rotations >= 2);
  assert.equal(dictionary.isLive(unused), false);
  assert.equal(keyOf(dictionary, unused), undefined);
  assert.equal(keyOf(dictionary, intern(dictionary, 'in use')), 'in use');
});

test('whatever comes, memory stays the same, live ids lead to their keys and no two live ids share a slot', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { minLength: 1, maxLength: 600 }), fc.integer(), (keys, seed) => {
      const dictionary = new GenerationDictionary(32, 4096, seed);
      const issued = new Map<number, string>();
      for (const key of keys) {
        const id = intern(dictionary, `endpoint-${key}`);
        assert.notEqual(id, NOT_INTERNED);
        issued.set(id, `endpoint-${key}`);
      }
      const live = [...issued.keys()].filter((id) => dictionary.isLive(id));
      for (const id of live) assert.equal(keyOf(dictionary, id), issued.get(id));
      assert.ok(live.length <= dictionary.size && dictionary.size < dictionary.slots);
      assert.ok(dictionary.usedBytes <= 2 * dictionary.keyBytesPerGeneration);
      assert.equal(new Set(live.map((id) => id & (dictionary.slots - 1))).size, live.length);
    }),
    { numRuns: 100 },
  );
});

test('a million distinct keys leave the dictionary within its bound', () => {
  const dictionary = new GenerationDictionary(4096, 256 * 1024, 7);
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  const parts = new EndpointParts();
  parts.add(PART_ENDPOINT, 0, bytes.length);
  for (let i = 0; i < 1_000_000; i++) {
    view.setUint32(4, i);
    dictionary.intern(view, 0, parts);
  }
  assert.equal(dictionary.rotations, Math.ceil(1_000_000 / 4095) - 1);
  assert.ok(dictionary.size <= 2 * 4095);
  assert.ok(dictionary.usedBytes <= 2 * 256 * 1024);
  assert.equal(dictionary.refused, 0);
});

test('a key too large for its share, or of too many parts, is refused and counted', () => {
  const dictionary = new GenerationDictionary(16, 16 * 1024, 1);
  assert.equal(intern(dictionary, 'x'.repeat(100)), NOT_INTERNED);
  const parts = new EndpointParts();
  for (let i = 0; i < 100; i++) parts.add(PART_ENDPOINT, 0, 1);
  assert.equal(dictionary.intern(new DataView(new ArrayBuffer(8)), 0, parts), NOT_INTERNED);
  assert.equal(dictionary.refused, 2);
  assert.equal(dictionary.isLive(NOT_INTERNED), false);
});

test('keys that differ only where the hash does not look are told apart, and a flood of them is refused', () => {
  const dictionary = new GenerationDictionary(1024, 1024 * 1024, 1);
  const alike = (i: number) => `${'a'.repeat(150)}${String(i).padStart(4, '0')}${'b'.repeat(150)}`;
  const ids = Array.from({ length: 200 }, (_, i) => intern(dictionary, alike(i)));
  const interned = ids.filter((id) => id !== NOT_INTERNED);
  assert.equal(new Set(interned).size, interned.length);
  assert.ok(interned.length >= 32 && interned.length < 200, `${interned.length} of 200 colliding keys were interned`);
  assert.equal(dictionary.refused, 200 - interned.length);
});
