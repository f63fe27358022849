// Text from the wire on its way to a terminal: a pod name must not be able to move the cursor or ring the bell.

/** Control characters as their \u escapes, line breaks and tabs included: one flow stays one line. */
export function escapeControls(text: string): string {
  return text.replace(/\p{Cc}|[\u2028\u2029]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
