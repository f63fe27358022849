// How much text a filter may be, apart from the parser, which a page loads only when it is needed.

/** Longer than any URL a browser keeps whole; a longer text is refused unread. */
export const maximumTextCharacters = 16_384;
export const maximumTerms = 200;
