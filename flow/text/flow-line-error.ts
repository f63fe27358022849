// A line of a flow file that can't be read.

/** Characters of the line repeated in the message. */
const shownCharacters = 80;

export class FlowLineError extends Error {
  override readonly name = 'FlowLineError';

  constructor(line: string, rule: string, cause?: unknown) {
    const shown = line.length > shownCharacters ? `${line.slice(0, shownCharacters)}...` : line;
    super(
      `the line ${JSON.stringify(shown)} ${rule}; expected one JSON object a line, as observe -o json writes`,
      cause === undefined ? undefined : { cause },
    );
  }
}
