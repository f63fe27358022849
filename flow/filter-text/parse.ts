// Filter text to filters. Never throws: what can't be understood is an error with its place in the text, and the rest
// of the text still counts, so that a filter bar can go on showing flows while somebody types.

import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import { compileFilters } from '../filter/compile.ts';
import { filtersOfTerms } from './build-filters.ts';
import { filterKeys, findFilterKey } from './keys.ts';
import { isSideName, lexFilterText, type Word } from './lexer.ts';
import { maximumTerms, maximumTextCharacters } from './limits.ts';
import type { FilterTerm, FilterTextError, TermSide } from './term.ts';

export interface PlacedTerm extends FilterTerm {
  readonly from: number;
  readonly to: number;
}

export interface ParsedFilterText {
  readonly whitelist: readonly FlowFilter[];
  readonly blacklist: readonly FlowFilter[];
  /** Terms without error, in the order of the text. */
  readonly terms: readonly PlacedTerm[];
  readonly errors: readonly FilterTextError[];
}

export function parseFilterText(text: string): ParsedFilterText {
  if (text.length > maximumTextCharacters) {
    const message = `the filter has ${text.length} characters, at most ${maximumTextCharacters} are read; shorten it`;
    return { whitelist: [], blacklist: [], terms: [], errors: [{ from: 0, to: text.length, message }] };
  }
  const { words, errors } = lexFilterText(text);
  const terms: PlacedTerm[] = [];
  for (const word of words.slice(0, maximumTerms)) {
    if (errors.some((error) => error.from < word.to && error.to > word.from)) continue;
    const term = readWord(word);
    if ('message' in term) errors.push(term);
    else terms.push(term);
  }
  const extra = words[maximumTerms];
  if (extra !== undefined)
    errors.push({
      from: extra.from,
      to: text.length,
      message: `a filter has at most ${maximumTerms} terms; leave some out`,
    });
  const lists = { whitelist: [] as FlowFilter[], blacklist: [] as FlowFilter[] };
  try {
    Object.assign(lists, filtersOfTerms(terms));
  } catch (error) {
    errors.push({ from: 0, to: text.length, message: messageOf(error) });
  }
  return { ...lists, terms, errors };
}

function readWord(word: Word): PlacedTerm | FilterTextError {
  const place = { from: word.from, to: word.to };
  const keyName = word.names.at(-1);
  if (keyName === undefined || isSideName(keyName.text)) {
    const value = word.values[0]?.text ?? '';
    return { ...place, message: `${JSON.stringify(value)} has no key; write key:value, such as pod:${value || 'web'}` };
  }
  const key = findFilterKey(keyName.text);
  if (key === undefined) {
    const known = filterKeys.map(({ name }) => name).join(', ');
    return {
      from: keyName.from,
      to: keyName.to,
      message: `${JSON.stringify(keyName.text)} is no key; known are ${known}`,
    };
  }
  const sideName = word.names.length > 1 ? word.names[0] : undefined;
  const side = sideOf(sideName?.text);
  if (word.names.length > 2 || (sideName !== undefined && !key.hasSides)) {
    return { ...place, message: `${key.name} is about the whole flow; leave ${sideName?.text}: out` };
  }
  for (const value of word.values) {
    const message = value.text === '' ? `${key.name}: has an empty value; write one` : refusal(key.name, value.text);
    if (message !== undefined) return { from: value.from, to: Math.max(value.to, value.from + 1), message };
  }
  return { ...place, negated: word.negated, side, key: key.name, values: word.values.map(({ text }) => text) };
}

function sideOf(name: string | undefined): TermSide {
  const side = name?.toLowerCase();
  return side === 'from' || side === 'to' ? side : 'either';
}

/** What is wrong with one value. CEL is judged where it is evaluated: its runtime is not loaded for a keystroke. */
function refusal(key: string, value: string): string | undefined {
  try {
    const { whitelist } = filtersOfTerms([{ negated: false, side: 'from', key, values: [value] }]);
    compileFilters(whitelist, [], () => () => false);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
