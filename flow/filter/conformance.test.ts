// 3,207 filters with the answers of Hubble v1.19.4's own filter code (fixtures/filters.jsonl.gz, one JSON object a line:
// whitelist, blacklist, flow, expect).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Flow, FlowFilter } from '#proto/gen/flow/flow.ts';
import { compileFilters } from './compile.ts';
import { FilterError } from './filter-error.ts';
import { loadCel } from './prepare.ts';

interface Vector {
  readonly id: string;
  readonly whitelist: readonly unknown[];
  readonly blacklist: readonly unknown[];
  readonly flow: unknown;
  readonly expect: boolean | 'error';
  readonly about: string;
}

const lines = gunzipSync(readFileSync(new URL('fixtures/filters.jsonl.gz', import.meta.url)))
  .toString()
  .trimEnd();
const vectors: Vector[] = lines.split('\n').map((line) => JSON.parse(line));
const cel = await loadCel();

function answer(vector: Vector): boolean | 'error' {
  const filters = (list: readonly unknown[]) => list.map((filter) => FlowFilter.fromJSON(filter));
  try {
    return compileFilters(filters(vector.whitelist), filters(vector.blacklist), cel).matches(
      Flow.fromJSON(vector.flow),
    );
  } catch (error) {
    if (error instanceof FilterError) return 'error';
    throw error;
  }
}

test('every filter answers as Hubble does', () => {
  assert.equal(vectors.length, 3207);
  const different = vectors.filter((vector) => answer(vector) !== vector.expect);
  assert.deepEqual(
    different.map(({ id, about, expect }) => ({ id, about, expect })),
    [],
  );
});

test('the order of values and of filters changes no answer', () => {
  const reversed = (filter: unknown): unknown =>
    Object.fromEntries(
      Object.entries(Object(filter)).map(([field, values]) => [
        field,
        Array.isArray(values) ? values.toReversed() : values,
      ]),
    );
  const different = vectors.filter((vector) => {
    const whitelist = vector.whitelist.map(reversed).toReversed();
    const blacklist = vector.blacklist.map(reversed).toReversed();
    return answer({ ...vector, whitelist, blacklist }) !== vector.expect;
  });
  assert.deepEqual(
    different.map(({ id, about }) => ({ id, about })),
    [],
  );
});
