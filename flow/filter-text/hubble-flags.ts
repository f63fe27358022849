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
  // The CLI joins what follows --not into one filter, as it does with the other flags: right for one term only.
  const isPlainDeny = unwanted.length <= 1 && areFlagsEnough(unwanted);
  return [
    ...(areFlagsEnough(wanted)
      ? wanted.flatMap((term) => flagsOf(term, []))
      : whitelist.flatMap((filter) => ['--allowlist', json(filter)])),
    // --not is about the next flag alone, so that every value has its own.
    ...(isPlainDeny
      ? unwanted.flatMap((term) => flagsOf(term, ['--not']))
      : blacklist.flatMap((filter) => ['--denylist', json(filter)])),
  ];
}

/** Keys that say who an end is. The CLI refuses several of them about one end, or folds a namespace into the other. */
const namingKeys: ReadonlySet<string> = new Set(['namespace', 'pod', 'service', 'ip', 'fqdn']);

/**
 * The CLI joins its flags into one filter for either end as source and one as destination, which differs from ours with
 * two keys about either end; and it refuses a key about either end beside the same one about the source or destination
 * (flows_filter.go: conflicts).
 */
function areFlagsEnough(terms: readonly FilterTerm[]): boolean {
  if (!terms.every(hasPlainFlag)) return false;
  const claims = new Set(terms.filter(({ key }) => findFilterKey(key)?.hasSides === true).map(claimOf));
  const list = [...claims].map((claim) => claim.split(' '));
  if (list.filter(([side]) => side === 'either').length > 1) return false;
  return list.every(([side, key = ''], index) =>
    list.every(([otherSide, other = ''], at) => {
      if (at === index) return true;
      const isAboutSameEnd = side === otherSide || side === 'either' || otherSide === 'either';
      return !isAboutSameEnd || !(key === other || (namingKeys.has(key) && namingKeys.has(other)));
    }),
  );
}

function claimOf({ side, key }: FilterTerm): string {
  return `${side} ${key}`;
}

/** Keys that the CLI has no flag for, or whose flag reads values otherwise (--cluster is about nodes in some releases). */
const keysWithoutFlag: ReadonlySet<string> = new Set([
  ...['reply', 'dns', 'tcp.flags', 'ip.version', 'encrypted', 'interface', 'http.status', 'cluster', 'process'],
]);

function hasPlainFlag({ key, values }: FilterTerm): boolean {
  if (key === 'http.header') return values.every((value) => value.includes(':'));
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
    case 'http.header':
      // The CLI keeps the blank behind the colon as part of the value.
      return value.replace(/:\s+/, ':');
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
