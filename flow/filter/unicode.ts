// Text rules of Go's standard library where they differ from JavaScript's: peers of ours apply them to the same
// filters, and a filter has to mean the same everywhere.

const space = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const anySpace = new RegExp(`^[${space}]$`, 'u');

/** Unicode White_Space: next line (U+0085) is one, the byte order mark is none. */
export function isSpace(character: string): boolean {
  return anySpace.test(character);
}

export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charAt(start))) start++;
  while (end > start && isSpace(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Lower case rune by rune: the capital I with dot becomes a plain i, where JavaScript keeps the dot. */
export function toLower(text: string): string {
  return text.replaceAll('\u0130', 'i').toLowerCase();
}

/** Equality under simple case folding: the long s equals S, the Kelvin sign K. */
export function foldedEquals(pattern: string): (text: string) => boolean {
  const folded = new RegExp(`^${pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`, 'iu');
  return (text) => text.length === pattern.length && folded.test(text);
}
