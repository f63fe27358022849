// Values of keys whose field is a regular expression: plain text is itself, a star at its end is anything more, and a
// leading tilde says that the rest is a regular expression already.

/** The unanchored RE2 pattern for a value. */
export function patternOfText(text: string): string {
  if (text.startsWith('~')) return text.slice(1);
  const isPrefix = text.endsWith('*') && text !== '*';
  const literal = isPrefix ? text.slice(0, -1) : text;
  return `^${literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}${isPrefix ? '' : '$'}`;
}
