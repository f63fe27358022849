// Terms as flags of `hubble observe`, to copy. Where flags can't say the same, the filters themselves go into
// --allowlist and --denylist.

import { FlowFilter } from '#proto/gen/flow/flow.ts';
import { filtersOfTerms } from './build-filters.ts';
import { findFilterKey } from './keys.ts';
import type { FilterTerm } from './term.ts';
import { patternOfText } from './text-pattern.ts';

/** One argument an entry, not quoted for a shell. Throws RangeError as filtersOfTerms. */
export function toHubbleFlags(terms: readonly FilterTerm[]): string[] {
  const wanted = terms.filter((term) => !term.negated);
  const unwanted = terms.filter((term) => term.negated);
  const { whitelist, blacklist } = filtersOfTerms(terms);
  // The CLI joins its flags into one filter for either end as source and one as destination, which differs from ours
  // with two keys about either end; and it joins what follows --not into one filter, which differs with two keys.
  const isPlainAllow =
    new Set(wanted.filter(isAboutEitherEnd).map(({ key }) => key)).size <= 1 && wanted.every(hasPlainFlag);
  const isPlainDeny = unwanted.length <= 1 && unwanted.every(hasPlainFlag);
  return [
    ...(isPlainAllow
      ? wanted.flatMap((term) => flagsOf(term, []))
      : whitelist.flatMap((filter) => ['--allowlist', json(filter)])),
    ...(isPlainDeny
      ? unwanted.flatMap((term) => flagsOf(term, ['--not']))
      : blacklist.flatMap((filter) => ['--denylist', json(filter)])),
  ];
}

function isAboutEitherEnd(term: FilterTerm): boolean {
  return term.side === 'either' && findFilterKey(term.key)?.hasSides === true;
}

/** Keys that the CLI has no flag for, or whose flag reads values otherwise. */
const keysWithoutFlag = new Set(['reply', 'dns', 'tcp.flags', 'ip.version', 'encrypted', 'interface', 'http.status']);

function hasPlainFlag({ key }: FilterTerm): boolean {
  return !keysWithoutFlag.has(key);
}

function flagsOf(term: FilterTerm, before: readonly string[]): string[] {
  const key = findFilterKey(term.key);
  if (key === undefined) return [];
  const side = term.side === 'either' || !key.hasSides ? '' : `${term.side}-`;
  return term.values.flatMap((value) => [...before, `--${side}${key.flag}`, flagValue(key.name, value)]);
}

function flagValue(key: string, value: string): string {
  switch (key) {
    case 'pod':
    case 'service':
      return value.includes('/') ? value : `/${value}`;
    case 'verdict':
    case 'drop':
      return value.toUpperCase();
    case 'http.path':
    case 'http.url':
      return patternOfText(value);
    default:
      return value;
  }
}

function json(filter: FlowFilter): string {
  const fields = Object.entries(Object(FlowFilter.toJSON(filter)));
  return JSON.stringify(Object.fromEntries(fields.map(([name, value]) => [snakeCase(name), value])));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
