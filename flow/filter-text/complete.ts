// What could stand at the cursor: sides and keys before a colon, values behind it.

import { formatValue } from './format.ts';
import { type FilterKey, filterKeys, findFilterKey } from './keys.ts';
import { isSideName } from './lexer.ts';
import type { TermSide } from './term.ts';

/** Values of a key that the data has, best first: namespaces, pods, nodes... Called with what is typed so far. */
export type ValueSource = (key: string, typed: string, side: TermSide) => readonly string[];

export interface Suggestion {
  /** What to put in place of the text between from and to. */
  readonly text: string;
  readonly help: string;
}

export interface Completion {
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
}

const maximumSuggestions = 50;
/** Characters before the cursor that are looked at for the word's start: a search from each of them. */
const maximumWord = 2000;

/** Cursor: number of characters before it. Only the word around the cursor counts. */
export function completeFilter(text: string, cursor: number, values: ValueSource = () => []): Completion {
  const before = text.slice(0, cursor);
  const near = before.slice(-maximumWord);
  const wordStart =
    before.length - near.length + (/(?:"(?:[^"\\]|\\[\s\S])*"?|[^\s"])*$/.exec(near)?.index ?? near.length);
  const word = before.slice(wordStart);
  const [, sign = '', sideText = '', keyText] =
    /^(-?)((?:from|to|either):)?(?:([A-Za-z][A-Za-z.-]*):)?/i.exec(word) ?? [];
  const sideName = sideText.slice(0, -1).toLowerCase();
  const side: TermSide = sideName === 'from' || sideName === 'to' ? sideName : 'either';
  const key = keyText === undefined ? undefined : findFilterKey(keyText);
  if (keyText === undefined) {
    const from = wordStart + sign.length + sideText.length;
    return { from, to: cursor, suggestions: suggestNames(before.slice(from), sideText !== '') };
  }
  if (key === undefined || isSideName(keyText)) return { from: cursor, to: cursor, suggestions: [] };
  const from = wordStart + lastValueStart(word);
  return { from, to: cursor, suggestions: suggestValues(key, before.slice(from).replace(/^"/, ''), side, values) };
}

/** Behind the key's colon or the last comma outside quotes. */
function lastValueStart(word: string): number {
  const keyEnd = /^-?(?:(?:from|to|either):)?[^:]*:/i.exec(word)?.[0].length ?? 0;
  let start = keyEnd;
  let quoted = false;
  for (let index = keyEnd; index < word.length; index++) {
    if (word[index] === '\\' && quoted) index++;
    else if (word[index] === '"') quoted = !quoted;
    else if (word[index] === ',' && !quoted) start = index + 1;
  }
  return start;
}

function suggestNames(typed: string, hasSide: boolean): Suggestion[] {
  const sides = hasSide
    ? []
    : ['from', 'to'].map((name) => ({ name, help: `only the ${name === 'from' ? 'source' : 'destination'}` }));
  const keys = filterKeys.filter((key) => key.hasSides || !hasSide);
  const matching = [...keys, ...sides].filter(({ name }) => name.startsWith(typed.toLowerCase()));
  return matching.map(({ name, help }) => ({ text: `${name}:`, help }));
}

function suggestValues(key: FilterKey, typed: string, side: TermSide, values: ValueSource): Suggestion[] {
  const wanted = typed.toLowerCase();
  const known = new Set([...values(key.name, typed, side), ...key.choices]);
  const matching = [...known].filter((value) => value.toLowerCase().includes(wanted));
  const first = matching.filter((value) => value.toLowerCase().startsWith(wanted));
  const ordered = new Set([...first, ...matching]);
  return [...ordered].slice(0, maximumSuggestions).map((value) => ({ text: formatValue(value), help: key.help }));
}
