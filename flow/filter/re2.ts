// Regular expressions of filters: RE2 syntax and RE2's promise, time linear in the text, so that a hostile pattern
// can't stall the process. JavaScript's RegExp has neither.

import { RE2JS } from 're2js';
import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import { badValue } from './filter-error.ts';
import { estimateProgramSize } from './pattern-size.ts';

/** A program is linear in its pattern; 4,096 characters are far beyond what a person writes. */
export const maximumPatternLength = 4096;

/**
 * Instructions of all patterns of one field. A search takes at most instructions times characters steps of 0.1 us: with
 * 250 characters 0.1 s, and people's patterns have dozens of instructions, not thousands.
 */
export const maximumProgramSize = 5000;

/** Unanchored search. Throws FilterError for a pattern RE2 refuses or that is too costly. */
export function compilePatterns(field: keyof FlowFilter, patterns: readonly string[]) {
  let size = 0;
  for (const pattern of patterns) {
    requireLength(field, pattern);
    size += estimateProgramSize(pattern);
    if (size > maximumProgramSize)
      throw badValue(
        field,
        pattern,
        `makes a program of more than ${maximumProgramSize} instructions`,
        'repeat less, or use fewer patterns',
      );
  }
  const compiled = patterns.map((pattern) => compilePattern(field, pattern));
  return (text: string): boolean => compiled.some((pattern) => pattern.test(text));
}

function requireLength(field: keyof FlowFilter, pattern: string): void {
  if (pattern.length > maximumPatternLength)
    throw badValue(
      field,
      pattern,
      `is longer than ${maximumPatternLength} characters`,
      'shorten the regular expression',
    );
}

function compilePattern(field: keyof FlowFilter, pattern: string): RE2JS {
  try {
    return RE2JS.compile(withoutGroupNames(pattern));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw badValue(
      field,
      pattern,
      `is no RE2 regular expression (${reason})`,
      'see github.com/google/re2/wiki/Syntax',
      cause,
    );
  }
}

/** An escape, a quoted stretch or a character class, in which a group can't open, or else the opening of a named group. A class that is never
 * closed, which RE2 refuses, goes to the end. */
const opaqueOrNamedGroup =
  /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*(?:\]|\\?$)|\(\?P?<\w+>/g;

/** A search needs no names, and Go accepts two groups of one name where RE2JS does not. */
function withoutGroupNames(pattern: string): string {
  return pattern.replace(opaqueOrNamedGroup, (piece) => (piece.startsWith('(?') ? '(' : piece));
}
