// The one error of filters: which field, which value, which rule it breaks and how to mend it.

import type { FlowFilter } from '#proto/gen/flow/flow.ts';

/** A filter that can't be built. The message is whole: show it as it is. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

/** The error for one value of one field. `rule` reads on from the value ("is no port"), `mend` is an instruction. */
export function badValue(
  field: keyof FlowFilter,
  value: string,
  rule: string,
  mend: string,
  cause?: unknown,
): FilterError {
  const message = `filter ${protoName(field)}: ${quote(value)} ${rule}; ${mend}`;
  return new FilterError(message, cause === undefined ? undefined : { cause });
}

/** Longest piece of a bad value repeated in a message: enough to recognise it, short enough for a gRPC status. */
const shownCharacters = 200;

function quote(value: string): string {
  const shown = value.length > shownCharacters ? `${value.slice(0, shownCharacters)}...` : value;
  return JSON.stringify(shown);
}

function protoName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
