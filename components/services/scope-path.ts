// Where the reader stands on the map: the cluster, namespace, workload or pod that was stepped into. It is told by terms
// of the filter, so that map, table and link agree, and stepping out is taking terms away.

import { formatValue } from '#flow/filter-text/format.ts';
import { type Term, terms, withTerms } from '../filter/terms.ts';
import type { MapScope, StepTarget } from '../map/map-view-types.ts';

const LEVELS = ['cluster', 'namespace', 'workload', 'pod'] as const;
type Level = (typeof LEVELS)[number];

/** What is shown inside of each. */
const INNER: Readonly<Record<Level, MapScope>> = {
  cluster: 'namespace',
  namespace: 'workload',
  workload: 'pod',
  pod: 'process',
};

export interface Crumb {
  readonly level: Level;
  readonly name: string;
  /** What to look at to stand here: without what lies deeper. */
  readonly filter: string;
  readonly scope: MapScope;
}

export interface Standing {
  readonly filter: string;
  readonly scope: MapScope;
}

/** Outermost first. */
export function crumbsOf(filter: string): Crumb[] {
  const all = terms(filter);
  return LEVELS.flatMap((level, depth) => {
    const term = all.find((each) => levelOf(each) === level);
    if (term === undefined) return [];
    const deeper = (each: Term) => depthOf(levelOf(each)) > depth;
    const name = level === 'pod' ? (term.value.split('/').at(-1) ?? '') : term.value;
    return [{ level, name, filter: joined(all.filter((each) => !deeper(each))), scope: INNER[level] }];
  });
}

/** Outside of everything that was stepped into. */
export function outermost(filter: string): string {
  return joined(terms(filter).filter((each) => levelOf(each) === undefined));
}

export function steppedInto(filter: string, target: StepTarget): Standing {
  const { kind, namespace, name } = target;
  const texts = new Map<Level, string>();
  for (const term of terms(filter)) {
    const level = levelOf(term);
    if (level !== undefined) texts.set(level, term.text);
  }
  if (kind !== 'cluster' && namespace !== '') texts.set('namespace', `namespace:${formatValue(namespace)}`);
  if (kind !== 'namespace') texts.set(kind, `${kind}:${formatValue(kind === 'pod' ? `${namespace}/${name}` : name)}`);
  const path = LEVELS.flatMap((level) => texts.get(level) ?? []);
  return { filter: withTerms(outermost(filter), path.join(' ')), scope: INNER[kind] };
}

/** Only terms that narrow to one thing at either end are a place to stand. */
function levelOf({ key, side, negated }: Term): Level | undefined {
  if (negated || side !== '') return undefined;
  return LEVELS.find((level) => level === key.toLowerCase());
}

function depthOf(level: Level | undefined): number {
  return level === undefined ? -1 : LEVELS.indexOf(level);
}

function joined(kept: readonly Term[]): string {
  return kept.map((term) => term.text).join(' ');
}
