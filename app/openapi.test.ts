// docs/openapi.yaml says what the routes serve: neither leaves one out, and what it gives as an example holds.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

interface Described {
  readonly $ref?: string;
  readonly name?: string;
  readonly in?: string;
  readonly schema?: object;
  readonly example?: unknown;
  readonly responses?: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly Described[];
}

const document = parse(readFileSync(join(import.meta.dirname, '..', 'docs', 'openapi.yaml'), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
};

/** "GET /api/flows" */
const served = globSync('api/**/route.ts', { cwd: import.meta.dirname }).flatMap((file) => {
  const source = readFileSync(join(import.meta.dirname, file), 'utf8');
  return [...source.matchAll(/^export const (GET|POST|PUT|DELETE)\b/gm)].map(([, verb]) => `${verb} /${dirname(file)}`);
});
const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, operation]) => ({ name: `${verb.toUpperCase()} ${path}`, operation })),
);

describe('openapi.yaml', () => {
  it('has every route of app/api and no other', () => {
    assert.deepEqual(operations.map(({ name }) => name).sort(), [...served].sort());
  });

  it('refers to nothing that is not in it', () => {
    for (const reference of referencesIn(document)) assert.notEqual(at(reference), undefined, reference);
  });

  it('says of every operation that it can be refused, and when the relay is away', () => {
    for (const { name, operation } of operations)
      for (const status of ['200', '403', ...(name.endsWith('watch') ? [] : ['503'])])
        assert.ok(operation.responses?.[status], `${name} has no ${status}`);
  });

  it('gives examples and defaults that its schemas accept', () => {
    const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } });
    ajv.addSchema(document, 'api');
    let seen = 0;
    for (const { schema, values, place } of examplesIn(document, '#')) {
      const isValid = ajv.compile({ ...schema, $id: `api${place.replaceAll(/[^a-zA-Z0-9/]/g, '_')}` });
      for (const value of values) {
        seen += 1;
        assert.ok(isValid(value), `${place}: ${JSON.stringify(value)}: ${ajv.errorsText(isValid.errors)}`);
      }
    }
    assert.ok(seen > 5);
  });
});

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value))
    if (key === '$ref') yield String(inner);
    else yield* referencesIn(inner);
}

function at(reference: string): unknown {
  const path = reference.replace(/^#\//, '').split('/');
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}

/** Where a schema stands beside examples, or holds its own default. */
function* examplesIn(
  value: unknown,
  place: string,
): Generator<{ readonly schema: object; readonly values: readonly unknown[]; readonly place: string }> {
  if (typeof value !== 'object' || value === null) return;
  const { schema, example, default: absent, type } = value as Record<string, unknown>;
  if (typeof schema === 'object' && schema !== null && example !== undefined)
    yield { schema, values: [example], place };
  if (typeof type === 'string' && absent !== undefined) yield { schema: value, values: [absent], place };
  for (const [key, inner] of Object.entries(value)) yield* examplesIn(inner, `${place}/${key}`);
}
