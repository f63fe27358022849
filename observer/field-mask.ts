// Field masks over serialised flows: keeps the named fields of GetFlowsResponse.flow by cutting bytes, without decoding.
// Names become field numbers through the descriptors that buf built from proto/. Unknown fields are cut, as are the fields
// that are not named; what stands beside the flow (node name, time, lost events) stays.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { WIRE_BYTES, WireReader } from './wire-reader.ts';

/** A path that is not a field of flow.Flow, or goes through a list. */
export class FieldMaskError extends Error {
  constructor(path: string, rule: string) {
    super(`field mask path "${path.slice(0, 200)}": ${rule}; paths are those of flow.Flow, such as "source.pod_name"`);
    this.name = 'FieldMaskError';
  }
}

/** Fields to keep by number; undefined keeps the field whole. */
type Kept = Map<number, Kept | undefined>;

const MAX_PATHS = 256;
const RESPONSE_FLOW_TAG = (1 << 3) | WIRE_BYTES;

let flowDescriptor: DescMessage | undefined;

function describeFlow(): DescMessage {
  if (flowDescriptor === undefined) {
    // Few ask for a mask, and a start is no place to load what reads descriptors.
    const require = createRequire(import.meta.url);
    const { createFileRegistry, fromBinary }: typeof import('@bufbuild/protobuf') = require('@bufbuild/protobuf');
    const { FileDescriptorSetSchema }: typeof import('@bufbuild/protobuf/wkt') = require('@bufbuild/protobuf/wkt');
    const set = fromBinary(
      FileDescriptorSetSchema,
      readFileSync(new URL('../proto/descriptors.binpb', import.meta.url)),
    );
    flowDescriptor = createFileRegistry(set).getMessage('flow.Flow');
    if (flowDescriptor === undefined) throw new Error('proto/descriptors.binpb does not describe flow.Flow');
  }
  return flowDescriptor;
}

export class FieldMask {
  readonly #kept: Kept;
  readonly #reader = new WireReader();

  /** @throws FieldMaskError */
  constructor(paths: readonly string[]) {
    if (paths.length > MAX_PATHS) throw new FieldMaskError('', `more than ${MAX_PATHS} paths`);
    this.#kept = new Map();
    for (const path of paths) addPath(this.#kept, path);
  }

  /**
   * Writes the masked form of source[start, end), a serialised GetFlowsResponse, to target and returns the position after
   * it; never longer than the source.
   * @throws MalformedMessageError
   */
  apply(source: Uint8Array, start: number, end: number, target: Uint8Array, position: number): number {
    const reader = this.#reader;
    reader.reset(source, start, end);
    let at = position;
    while (reader.position < end) {
      const fieldStart = reader.position;
      const tag = reader.tag();
      if (tag === RESPONSE_FLOW_TAG) {
        target[at++] = tag;
        at = this.#writeKept(this.#kept, target, at);
      } else {
        reader.skip(tag);
        at = copyBytes(source, fieldStart, reader.position, target, at);
      }
    }
    return at;
  }

  /** Reads a length-prefixed message and writes what is kept of it, with its new length before it. */
  #writeKept(kept: Kept, target: Uint8Array, position: number): number {
    const reader = this.#reader;
    const outerEnd = reader.end;
    const lengthStart = reader.position;
    const end = reader.contentEnd();
    const lengthBytes = reader.position - lengthStart;
    reader.end = end;
    const contentStart = position + lengthBytes;
    let at = contentStart;
    while (reader.position < end) {
      const fieldStart = reader.position;
      const tag = reader.tag();
      const field = tag >>> 3;
      const below = kept.get(field);
      if (below !== undefined && (tag & 7) === WIRE_BYTES) {
        at = copyBytes(reader.bytes, fieldStart, reader.position, target, at);
        at = this.#writeKept(below, target, at);
        continue;
      }
      reader.skip(tag);
      if (below === undefined && kept.has(field)) {
        at = copyBytes(reader.bytes, fieldStart, reader.position, target, at);
      }
    }
    reader.end = outerEnd;
    const length = at - contentStart;
    const written = writeVarint(target, position, length);
    if (written !== contentStart) target.copyWithin(written, contentStart, at);
    return written + length;
  }
}

function addPath(root: Kept, path: string): void {
  let kept = root;
  let message: DescMessage | undefined = describeFlow();
  const names = path.split('.');
  for (const [i, name] of names.entries()) {
    if (message === undefined) throw new FieldMaskError(path, `"${names[i - 1]}" has no fields of its own`);
    const field: DescField | undefined = message.fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw new FieldMaskError(path, `${message.typeName} has no field "${name}"`);
    const isLast = i === names.length - 1;
    if (isLast) {
      kept.set(field.number, undefined);
      return;
    }
    if (kept.has(field.number) && kept.get(field.number) === undefined) return;
    const below: Kept = kept.get(field.number) ?? new Map();
    kept.set(field.number, below);
    kept = below;
    message = field.fieldKind === 'message' ? field.message : undefined;
  }
}

function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, position: number): number {
  if (end - start > 64) {
    target.set(source.subarray(start, end), position);
    return position + end - start;
  }
  let at = position;
  for (let i = start; i < end; i++) target[at++] = source[i] as number;
  return at;
}

function writeVarint(target: Uint8Array, position: number, value: number): number {
  let rest = value;
  let at = position;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}
