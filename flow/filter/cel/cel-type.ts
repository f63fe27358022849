// Types of CEL expressions and when one fits another (github.com/google/cel-spec, "Gradual type checking").

import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

export type SimpleKind =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'timestamp'
  | 'duration'
  | 'type'
  /** Known only while running. */
  | 'dyn'
  /** Element of an empty literal: becomes whatever it meets. */
  | 'open';

export type CelType =
  | { readonly kind: SimpleKind }
  | { readonly kind: 'wrapper'; readonly of: CelType }
  | { readonly kind: 'list'; readonly element: CelType }
  | { readonly kind: 'map'; readonly key: CelType; readonly value: CelType }
  | { readonly kind: 'message'; readonly message: DescMessage };

export const simple = (kind: SimpleKind): CelType => ({ kind });
export const listOf = (element: CelType): CelType => ({ kind: 'list', element });
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', key, value });

/** The type both fit, or undefined: a wrapper takes its value, messages and wrappers null, dyn everything. */
export function joinTypes(a: CelType, b: CelType): CelType | undefined {
  if (a.kind === 'open') return b;
  if (b.kind === 'open') return a;
  if (a.kind === 'dyn' || b.kind === 'dyn') return simple('dyn');
  if (a.kind === 'null' && takesNull(b)) return b;
  if (b.kind === 'null' && takesNull(a)) return a;
  if (a.kind === 'wrapper') return joinTypes(a.of, b.kind === 'wrapper' ? b.of : b) && a;
  if (b.kind === 'wrapper') return joinTypes(a, b.of) && b;
  if (a.kind === 'list' && b.kind === 'list') {
    const element = joinTypes(a.element, b.element);
    return element && listOf(element);
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = joinTypes(a.key, b.key);
    const value = joinTypes(a.value, b.value);
    return key && value && mapOf(key, value);
  }
  if (a.kind === 'message' && b.kind === 'message') return a.message.typeName === b.message.typeName ? a : undefined;
  return a.kind === b.kind ? a : undefined;
}

function takesNull(type: CelType): boolean {
  return ['message', 'wrapper', 'timestamp', 'duration', 'null'].includes(type.kind);
}

export function showType(type: CelType): string {
  switch (type.kind) {
    case 'wrapper':
      return `wrapper(${showType(type.of)})`;
    case 'list':
      return `list(${showType(type.element)})`;
    case 'map':
      return `map(${showType(type.key)}, ${showType(type.value)})`;
    case 'message':
      return type.message.typeName;
    case 'open':
      return 'dyn';
    default:
      return type.kind;
  }
}

export function typeOfField(field: DescField): CelType {
  switch (field.fieldKind) {
    case 'scalar':
      return typeOfScalar(field.scalar);
    case 'enum':
      return simple('int');
    case 'message':
      return typeOfMessage(field.message);
    case 'list':
      if (field.listKind === 'scalar') return listOf(typeOfScalar(field.scalar));
      return listOf(field.listKind === 'enum' ? simple('int') : typeOfMessage(field.message));
    case 'map': {
      const value =
        field.mapKind === 'scalar'
          ? typeOfScalar(field.scalar)
          : field.mapKind === 'enum'
            ? simple('int')
            : typeOfMessage(field.message);
      return mapOf(typeOfScalar(field.mapKey), value);
    }
  }
}

const wellKnownTypes: ReadonlyMap<string, CelType> = new Map([
  ['google.protobuf.Any', simple('dyn')],
  ['google.protobuf.Timestamp', simple('timestamp')],
  ['google.protobuf.Duration', simple('duration')],
  ...(
    [
      ['Bool', 'bool'],
      ['Int32', 'int'],
      ['Int64', 'int'],
      ['UInt32', 'uint'],
      ['UInt64', 'uint'],
      ['Float', 'double'],
      ['Double', 'double'],
      ['String', 'string'],
      ['Bytes', 'bytes'],
    ] as const
  ).map(([name, kind]): [string, CelType] => [`google.protobuf.${name}Value`, { kind: 'wrapper', of: simple(kind) }]),
]);

export function typeOfMessage(message: DescMessage): CelType {
  return wellKnownTypes.get(message.typeName) ?? { kind: 'message', message };
}

function typeOfScalar(scalar: ScalarType): CelType {
  switch (scalar) {
    case ScalarType.BOOL:
      return simple('bool');
    case ScalarType.STRING:
      return simple('string');
    case ScalarType.BYTES:
      return simple('bytes');
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return simple('double');
    case ScalarType.UINT32:
    case ScalarType.UINT64:
    case ScalarType.FIXED32:
    case ScalarType.FIXED64:
      return simple('uint');
    default:
      return simple('int');
  }
}
