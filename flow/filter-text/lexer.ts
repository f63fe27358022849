// Cuts filter text into words and words into their parts, with the position of every part. Knows quotes, not keys.

import type { FilterTextError } from './term.ts';

/** A piece of text and where it stands: from (inclusive) to (exclusive). */
export interface Span {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** `-` `from:` `key` `:` `a,"b c"`. */
export interface Word {
  readonly negated: boolean;
  /** Parts before the last unquoted colon that belongs to a name: sides and key. */
  readonly names: readonly Span[];
  readonly values: readonly Span[];
  readonly from: number;
  readonly to: number;
}

/** What stands before the first colon, a side or a key: letters, dots and dashes. */
const namePattern = /[A-Za-z][A-Za-z.-]*:/y;

export function lexFilterText(text: string): { words: Word[]; errors: FilterTextError[] } {
  const words: Word[] = [];
  const errors: FilterTextError[] = [];
  let position = 0;
  for (;;) {
    position = skip(text, position, /\s*/y);
    if (position >= text.length) return { words, errors };
    const from = position;
    const negated = text[position] === '-';
    if (negated) position++;
    const names: Span[] = [];
    // A side is followed by a key; every colon after the key belongs to the value (type:trace:to-stack).
    for (;;) {
      const end = skip(text, position, namePattern);
      if (end === position) break;
      const name = { text: text.slice(position, end - 1), from: position, to: end - 1 };
      names.push(name);
      position = end;
      if (!isSideName(name.text)) break;
    }
    const values: Span[] = [];
    for (;;) {
      const value = lexValue(text, position);
      values.push(value);
      if (value.error !== undefined) errors.push({ from: value.from, to: value.to, message: value.error });
      position = value.to;
      if (text[position] !== ',') break;
      position++;
    }
    words.push({ negated, names, values, from, to: position });
  }
}

export function isSideName(name: string): boolean {
  return ['from', 'to', 'either'].includes(name.toLowerCase());
}

function skip(text: string, position: number, pattern: RegExp): number {
  pattern.lastIndex = position;
  return position + (pattern.exec(text)?.[0].length ?? 0);
}

/** Quoted, with \" and \\ inside, or anything up to a blank or a comma. */
function lexValue(text: string, from: number): Span & { error?: string } {
  if (text[from] !== '"') {
    const to = skip(text, from, /[^\s,]*/y);
    return { text: text.slice(from, to), from, to };
  }
  const close = skip(text, from, /"(?:[^"\\]|\\[\s\S])*"/y);
  if (close === from) {
    const to = text.length;
    return { text: text.slice(from + 1), from, to, error: 'the quote is not closed; add " at the end of the value' };
  }
  const inner = text.slice(from + 1, close - 1).replace(/\\([\s\S])/g, '$1');
  // Text right behind a closing quote would silently become another word.
  const to = skip(text, close, /[^\s,]*/y);
  if (to > close)
    return { text: inner, from, to, error: 'a quoted value ends at its quote; put a blank or a comma after it' };
  return { text: inner, from, to };
}
