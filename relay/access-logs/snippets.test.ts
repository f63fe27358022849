import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { parseAllDocuments } from 'yaml';

const folder = new URL('../../docs/snippets/', import.meta.url);
const require = createRequire(import.meta.url);
const envoy = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps');
const roots = [
  ...['envoy-api', 'xds', 'protoc-gen-validate', 'googleapis'].map((root) => join(envoy, root)),
  dirname(require.resolve('protobufjs/package.json')),
];
const schema = new protobuf.Root();
schema.resolvePath = (_origin, target) =>
  roots.map((root) => join(root, target)).find((path) => existsSync(path)) ?? target;
schema.loadSync([
  'envoy/extensions/access_loggers/grpc/v3/als.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/config/bootstrap/v3/bootstrap.proto',
]);
schema.resolveAll();

type Properties = { readonly [name: string]: unknown };

/** Every object with a type URL, whatever it is in. */
function typedObjects(value: unknown): Properties[] {
  if (!isObject(value)) return Array.isArray(value) ? value.flatMap(typedObjects) : [];
  const inner = Object.values(value).flatMap(typedObjects);
  return '@type' in value ? [value, ...inner] : inner;
}

/** That a message of this type has the fields that are used, and so has every message in it. */
function checkFields(type: protobuf.Type, value: Properties): void {
  for (const [name, inner] of Object.entries(value)) {
    if (name === '@type') continue;
    const field = type.fieldsArray.find((one) => inSnakeCase(one.name) === name);
    assert.ok(field, `${type.fullName} has no field ${name}`);
    if (field instanceof protobuf.MapField || !(field.resolvedType instanceof protobuf.Type)) continue;
    // What an Any holds says itself what it is.
    if (field.resolvedType.fullName.startsWith('.google.protobuf.')) continue;
    for (const one of Array.isArray(inner) ? inner : [inner]) {
      if (isObject(one)) checkFields(field.resolvedType, one);
    }
  }
}

for (const name of readdirSync(folder).filter((one) => one.endsWith('.yaml'))) {
  test(`docs/snippets/${name} is YAML, and Envoy's messages in it have the fields they use`, () => {
    const documents = parseAllDocuments(readFileSync(new URL(name, folder), 'utf8'));
    for (const document of documents) assert.deepEqual(document.errors, []);
    const values: unknown[] = documents.map((document) => document.toJS());
    for (const typed of values.flatMap(typedObjects)) {
      const typeName = String(typed['@type']).replace('type.googleapis.com/', '');
      const type = schema.lookup(typeName);
      if (type instanceof protobuf.Type) checkFields(type, typed);
      // Messages that the npm package has no file for are known by name alone.
      else assert.match(typeName, /^envoy\.extensions\.(upstreams\.http|filters\.http\.router)\.v3\.\w+$/);
    }
    for (const value of values) {
      if (name === 'envoy.yaml') {
        assert.ok(isObject(value));
        checkFields(schema.lookupType('envoy.config.bootstrap.v3.Bootstrap'), value);
      }
    }
  });
}

function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As the .proto file spells it. */
function inSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
