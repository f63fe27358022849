// What is wrong with the CEL expressions of a draft, before a relay is asked. Brings the CEL runtime along (300 kB), so it is
// loaded only for a draft that has one.

import { compileCel } from '#flow/filter/cel/compile-cel.ts';
import { lexFilterText } from '#flow/filter-text/lexer.ts';

/** Behind this many characters a parser's list of what it would have taken says nothing more. */
const LONGEST_REASON = 90;

/** In words, with the place in the expression; empty where all can be read. */
export function celFault(draft: string): string {
  for (const { names, values } of lexFilterText(draft).words) {
    if (names.at(-1)?.text.toLowerCase() !== 'cel') continue;
    for (const { text } of values) {
      const fault = text === '' ? '' : faultOf(text);
      if (fault !== '') return `cel: ${fault}`;
    }
  }
  return '';
}

function faultOf(expression: string): string {
  try {
    compileCel([expression]);
    return '';
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return placed(cause instanceof Error ? cause.message : String(cause), expression);
  }
}

/** The parser writes "<input>:line:column: reason". */
function placed(message: string, expression: string): string {
  const [, line, column, reason = ''] = /^<input>:(\d+):(\d+): ([\s\S]*)$/.exec(message) ?? [];
  if (line === undefined || column === undefined) return message;
  const before = (expression.split('\n')[Number(line) - 1] ?? '').slice(0, Number(column) - 1);
  const short =
    reason.length > LONGEST_REASON ? reason.replace(/ but expecting [\s\S]*/, ' is not expected here') : reason;
  const behind = before === '' ? '' : `, behind ${before.slice(-24)}`;
  return `${short} (character ${column}${line === '1' ? '' : ` of line ${line}`}${behind})`;
}
