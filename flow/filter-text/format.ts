// Terms back to text, in one canonical way: parsing it gives the same terms.

import { findFilterKey } from './keys.ts';
import type { FilterTerm } from './term.ts';

export function formatFilterText(terms: readonly FilterTerm[]): string {
  return terms.map(formatTerm).join(' ');
}

export function formatTerm(term: FilterTerm): string {
  const side = term.side === 'either' || findFilterKey(term.key)?.hasSides === false ? '' : `${term.side}:`;
  return `${term.negated ? '-' : ''}${side}${term.key}:${term.values.map(formatValue).join(',')}`;
}

/** Quoted where a bare value would end early or be taken for a quote. */
export function formatValue(value: string): string {
  return value !== '' && /^[^\s,"][^\s,]*$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
