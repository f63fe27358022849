// The filter text as terms: what the chips show and edit. Words are cut by the filter language's own lexer; what they
// mean is the relay's business.

import { lexFilterText } from '#flow/filter-text/lexer.ts';

export interface Term {
  /** As it stands in the filter. */
  readonly text: string;
  /** "from" or "to"; empty for either end. */
  readonly side: string;
  /** Empty where there is none: such a term is an error. */
  readonly key: string;
  readonly value: string;
  readonly negated: boolean;
}

export function terms(filter: string): Term[] {
  return lexFilterText(filter).words.map(({ negated, names, values, from, to }) => ({
    text: filter.slice(from, to),
    side: names.length > 1 ? (names[0]?.text ?? '') : '',
    key: names.at(-1)?.text ?? '',
    value: values.map((value) => value.text).join(', '),
    negated,
  }));
}

/** Adds one or several terms; those that are there already are not repeated. */
export function withTerms(filter: string, added: string): string {
  return [...new Set([...terms(filter), ...terms(added)].map((term) => term.text))].join(' ');
}

export function withoutTerm(filter: string, text: string): string {
  return terms(filter)
    .map((term) => term.text)
    .filter((each) => each !== text)
    .join(' ');
}

const NAMESPACE = 'namespace';

/** The namespace that the filter is narrowed to, if it is to one. */
export function namespaceOf(filter: string): string | undefined {
  return terms(filter).find(isNamespaceTerm)?.value;
}

export function withNamespace(filter: string, namespace: string | undefined): string {
  const others = terms(filter).filter((term) => !isNamespaceTerm(term));
  const texts = others.map((term) => term.text);
  return (namespace === undefined ? texts : [`${NAMESPACE}:${namespace}`, ...texts]).join(' ');
}

function isNamespaceTerm(term: Term): boolean {
  return !term.negated && term.side === '' && term.key.toLowerCase() === NAMESPACE;
}

/** Leaves out what only tells of a connection's packets; requests, drops and policy verdicts stay. */
const NO_CONNECTIONS = '-type:trace';

export function showsConnections(filter: string): boolean {
  return !terms(filter).some(({ text }) => text === NO_CONNECTIONS);
}

export function withConnections(filter: string, isShown: boolean): string {
  return isShown ? withoutTerm(filter, NO_CONNECTIONS) : withTerms(filter, NO_CONNECTIONS);
}
