// Text as one word of a POSIX shell, to paste. What a terminal or its reader could be misled by (control characters, text
// that runs the other way) is written as its code, in bash's and zsh's $'' quotes.

const needsNoQuotes = /^[\w@%+=:,./-]+$/;
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const escaped = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\']/gu;

export function shellWord(text: string): string {
  if (needsNoQuotes.test(text)) return text;
  if (!unseen.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  return `$'${text.replace(escaped, codeOf)}'`;
}

export function shellCommand(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function codeOf(character: string): string {
  if (character === '\\' || character === "'") return `\\${character}`;
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
