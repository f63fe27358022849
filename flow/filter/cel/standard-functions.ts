// Signatures of CEL's standard functions whose types don't depend on each other's (the others are in check-type.ts).
// Comparisons and arithmetic take both sides of one type: 1 < 2u is an error, as in Hubble.

import type { SimpleKind } from './cel-type.ts';

export interface Signature {
  /** For a method the first one is the receiver. */
  readonly parameters: readonly SimpleKind[];
  readonly result: SimpleKind;
}

const ordered: readonly SimpleKind[] = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'];
const numbers: readonly SimpleKind[] = ['int', 'uint', 'double'];

const each = (kinds: readonly SimpleKind[], signature: (kind: SimpleKind) => Signature) => kinds.map(signature);
const comparison = each(ordered, (kind) => ({ parameters: [kind, kind], result: 'bool' }));
const arithmetic = (kinds: readonly SimpleKind[]) =>
  each(kinds, (kind) => ({ parameters: [kind, kind], result: kind }));
const conversion = (result: SimpleKind, from: readonly SimpleKind[]) =>
  each(from, (kind) => ({ parameters: [kind], result }));
const logic: readonly Signature[] = [{ parameters: ['bool', 'bool'], result: 'bool' }];
const textTest: readonly Signature[] = [{ parameters: ['string', 'string'], result: 'bool' }];
const dateGetter: readonly Signature[] = [
  { parameters: ['timestamp'], result: 'int' },
  { parameters: ['timestamp', 'string'], result: 'int' },
];
const timeGetter: readonly Signature[] = [...dateGetter, { parameters: ['duration'], result: 'int' }];
const size: readonly Signature[] = each(['string', 'bytes'], (kind) => ({ parameters: [kind], result: 'int' }));

/** Called as f(a, b), operators included. */
export const globalFunctions: ReadonlyMap<string, readonly Signature[]> = new Map<string, readonly Signature[]>([
  ['_&&_', logic],
  ['_||_', logic],
  ['!_', [{ parameters: ['bool'], result: 'bool' }]],
  ['@not_strictly_false', [{ parameters: ['bool'], result: 'bool' }]],
  ['_<_', comparison],
  ['_<=_', comparison],
  ['_>_', comparison],
  ['_>=_', comparison],
  [
    '_+_',
    [
      ...arithmetic(['int', 'uint', 'double', 'string', 'bytes', 'duration']),
      { parameters: ['timestamp', 'duration'], result: 'timestamp' },
      { parameters: ['duration', 'timestamp'], result: 'timestamp' },
    ],
  ],
  [
    '_-_',
    [
      ...arithmetic([...numbers, 'duration']),
      { parameters: ['timestamp', 'timestamp'], result: 'duration' },
      { parameters: ['timestamp', 'duration'], result: 'timestamp' },
    ],
  ],
  ['_*_', arithmetic(numbers)],
  ['_/_', arithmetic(numbers)],
  ['_%_', arithmetic(['int', 'uint'])],
  ['-_', each(['int', 'double'], (kind) => ({ parameters: [kind], result: kind }))],
  ['size', size],
  ['matches', textTest],
  ['int', conversion('int', ['int', 'uint', 'double', 'string', 'timestamp', 'duration'])],
  ['uint', conversion('uint', ['int', 'uint', 'double', 'string'])],
  ['double', conversion('double', ['int', 'uint', 'double', 'string'])],
  ['string', conversion('string', ['string', 'bool', 'int', 'uint', 'double', 'bytes', 'timestamp', 'duration'])],
  ['bytes', conversion('bytes', ['bytes', 'string'])],
  ['bool', conversion('bool', ['bool', 'string'])],
  ['timestamp', conversion('timestamp', ['timestamp', 'string', 'int'])],
  ['duration', conversion('duration', ['duration', 'string', 'int'])],
]);

/** Called as a.f(b). */
export const methods: ReadonlyMap<string, readonly Signature[]> = new Map<string, readonly Signature[]>([
  ['contains', textTest],
  ['startsWith', textTest],
  ['endsWith', textTest],
  ['matches', textTest],
  ['size', size],
  ['getFullYear', dateGetter],
  ['getMonth', dateGetter],
  ['getDate', dateGetter],
  ['getDayOfMonth', dateGetter],
  ['getDayOfWeek', dateGetter],
  ['getDayOfYear', dateGetter],
  ['getHours', timeGetter],
  ['getMinutes', timeGetter],
  ['getSeconds', timeGetter],
  ['getMilliseconds', timeGetter],
]);
