import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from './api-error.ts';
import { ListSplitter } from './list-splitter.ts';

function split(text: string, cuts: readonly number[] = []): { items: unknown[]; rest: unknown } {
  const items: unknown[] = [];
  const splitter = new ListSplitter((item) => items.push(JSON.parse(item)));
  const bytes = Buffer.from(text);
  let from = 0;
  for (const cut of [...cuts.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    splitter.push(bytes.subarray(from, cut));
    from = cut;
  }
  return { items, rest: splitter.end() };
}

test('whatever a list holds and wherever it is cut, its items come one by one and the rest with an empty list', () => {
  const list = fc.record(
    { kind: fc.string(), items: fc.array(fc.jsonValue()), metadata: fc.dictionary(fc.string(), fc.jsonValue()) },
    { requiredKeys: [] },
  );
  const indent = fc.constantFrom(0, 1, 4);
  fc.assert(
    fc.property(list, indent, fc.array(fc.nat(2000), { maxLength: 6 }), (value, spaces, cuts) => {
      const { items, rest } = split(JSON.stringify(value, null, spaces), cuts);
      const parsed = JSON.parse(JSON.stringify(value));
      assert.deepEqual(items, parsed.items ?? []);
      assert.deepEqual(rest, 'items' in parsed ? { ...parsed, items: [] } : parsed);
    }),
    { numRuns: 1000 },
  );
});

test('items elsewhere than in the list itself, and a list that is null, are left where they are', () => {
  assert.deepEqual(split('{"metadata":{"items":[1]},"items":null}'), {
    items: [],
    rest: { metadata: { items: [1] }, items: null },
  });
  assert.deepEqual(split('{"a":"items","b":[{"items":[1,2]}]}').items, []);
});

test('what is not JSON, and what is too long, is refused in words', () => {
  assert.throws(() => split('{"items":[1,2'), ApiError);
  assert.throws(() => split('<html>'), /is not JSON; is this the address of a Kubernetes API server/);
  assert.throws(() => split(`{"items":[{"a":"${'x'.repeat(9 << 20)}"}]}`), /more than the 8 MiB/);
  assert.throws(() => split(`{"other":"${'x'.repeat(100_000)}"}`), /holds too much else/);
});
