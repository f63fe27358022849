// Bounds on what a request may ask to be built. A request is refused before anything is compiled, so a hostile one
// costs a count.

import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import { FilterError } from './filter-error.ts';

/** FlowFilters in both lists. A filter text expands to at most 256 alternatives; the rest is room for hand-made lists. */
export const maximumFilters = 1024;
/** Values in all fields of all filters: with 1,024 filters, 64 values each. */
export const maximumValues = 65_536;
/** Characters of all string values: 1 MiB, a quarter of gRPC's default message limit. */
export const maximumCharacters = 1_048_576;

/** Throws FilterError if the lists are larger than this room will build. */
export function boundFilters(...lists: readonly (readonly FlowFilter[])[]): void {
  const filters = lists.flat();
  bound('filters', filters.length, maximumFilters);
  let values = 0;
  let characters = 0;
  for (const filter of filters) {
    for (const field of Object.values(filter)) {
      if (!Array.isArray(field)) continue;
      values += field.length;
      for (const value of field) if (typeof value === 'string') characters += value.length;
    }
  }
  bound('values', values, maximumValues);
  bound('characters', characters, maximumCharacters);
}

function bound(what: string, count: number, most: number): void {
  if (count <= most) return;
  throw new FilterError(
    `filters: the request has ${count} ${what}, at most ${most} are accepted; ask for less or split the request`,
  );
}
