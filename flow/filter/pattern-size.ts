// How large the program of a regular expression will be, before it is built: 4,096 characters of a{1000}a{1000}... ask
// for a program of 400 MB.

/** Quoted text, escapes, classes, group openings, repetitions, anything else: one piece each. What is never closed is one piece to
 * the end (RE2 refuses it), so that the time is linear. */
const piece =
  /\\Q[\s\S]*?(?:\\E|$)|\\[pPx]\{[^}]*(?:\}|$)|\\[\s\S]|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*(?:\]|\\?$)|\(\?[^:)]*[:>]?|\{(\d{1,6})(?:,(\d{0,6}))?\}|[\s\S]/g;

/** Instructions, about; never far below what RE2 builds. */
export function estimateProgramSize(pattern: string): number {
  // Sizes of the open groups so far, and of the last atom, which a repetition multiplies.
  const groups = [0];
  let atom = 0;
  const add = (size: number): void => {
    groups.push((groups.pop() ?? 0) + size);
    atom = size;
  };
  for (const [text, least, most] of pattern.matchAll(piece)) {
    if (least !== undefined) {
      const times = Math.max(Number(least), Number(most ?? 0), 1);
      const before = (groups.pop() ?? 0) - atom;
      groups.push(before);
      add(atom * times + 1);
    } else if (text.startsWith('(')) {
      groups.push(2);
    } else if (text === ')' && groups.length > 1) {
      const size = groups.pop() ?? 0;
      add(size);
    } else if ('*+?'.includes(text)) {
      groups.push((groups.pop() ?? 0) + 1);
    } else {
      add(text.startsWith('\\Q') ? text.length : 1);
    }
  }
  return groups.reduce((sum, size) => sum + size, 0);
}
