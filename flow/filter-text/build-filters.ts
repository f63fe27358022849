// Terms to the allow and deny lists of a request. A FlowFilter can't say "either end", so each such term doubles the
// alternatives; the product is bounded.

import { FlowFilter } from '#proto/gen/flow/flow.ts';
import type { Side } from '../filter/clause.ts';
import { type FilterKey, findFilterKey } from './keys.ts';
import type { FilterTerm } from './term.ts';

/** 8 terms about either end. */
export const maximumAlternatives = 256;

export interface FilterLists {
  readonly whitelist: FlowFilter[];
  readonly blacklist: FlowFilter[];
}

/**
 * Terms of one key and side are alternatives, terms of different ones must all match; every negated term leaves flows
 * out by itself. Throws RangeError for a value its key refuses and for more than 256 alternatives.
 */
export function filtersOfTerms(terms: readonly FilterTerm[]): FilterLists {
  const wanted = mergeTerms(terms.filter((term) => !term.negated));
  const unwanted = terms.filter((term) => term.negated);
  return {
    whitelist: wanted.length === 0 ? [] : alternativesOf(wanted),
    blacklist: unwanted.flatMap((term) => alternativesOf([term])),
  };
}

/** One term for each key and side, and namespace and pod in one: a filter's pod field holds both. */
function mergeTerms(terms: readonly FilterTerm[]): FilterTerm[] {
  const merged = new Map<string, FilterTerm>();
  for (const term of terms) {
    const place = `${term.side} ${term.key}`;
    merged.set(place, { ...term, values: [...(merged.get(place)?.values ?? []), ...term.values] });
  }
  for (const side of ['either', 'from', 'to'] as const) {
    const namespaces = merged.get(`${side} namespace`);
    const pods = merged.get(`${side} pod`);
    if (namespaces === undefined || pods === undefined) continue;
    merged.delete(`${side} namespace`);
    const values = pods.values.flatMap((pod) => podsInNamespaces(pod, namespaces.values));
    if (values.length === 0)
      throw new RangeError(`no pod of ${pods.values.join(', ')} is in namespace ${namespaces.values.join(', ')}`);
    merged.set(`${side} pod`, { ...pods, values });
  }
  return [...merged.values()];
}

function podsInNamespaces(pod: string, namespaces: readonly string[]): string[] {
  const slash = pod.indexOf('/');
  if (slash <= 0) return namespaces.map((namespace) => `${namespace}/${pod.slice(slash + 1)}`);
  return namespaces.includes(pod.slice(0, slash)) ? [pod] : [];
}

function alternativesOf(terms: readonly FilterTerm[]): FlowFilter[] {
  let alternatives: (readonly { key: FilterKey; values: readonly string[]; side: Side }[])[] = [[]];
  for (const term of terms) {
    const key = findFilterKey(term.key);
    if (key === undefined) throw new RangeError(`${JSON.stringify(term.key)} is no filter key`);
    const sides: readonly Side[] =
      !key.hasSides || term.side === 'from'
        ? ['source']
        : term.side === 'to'
          ? ['destination']
          : ['source', 'destination'];
    if (alternatives.length * sides.length > maximumAlternatives)
      throw new RangeError(
        `the terms about either end make more than ${maximumAlternatives} alternatives; say from: or to: in some of them`,
      );
    alternatives = alternatives.flatMap((chosen) =>
      sides.map((side) => [...chosen, { key, values: term.values, side }]),
    );
  }
  return alternatives.map((chosen) => {
    const filter = FlowFilter.fromPartial({});
    for (const { key, values, side } of chosen) key.fill(filter, values, side);
    return filter;
  });
}
