// What the filter text is made of, before it becomes FlowFilters.

/** Which end of a flow a term is about; 'either' lets one of both match. */
export type TermSide = 'either' | 'from' | 'to';

export interface FilterTerm {
  /** Written with a leading "-": flows that match are left out. */
  readonly negated: boolean;
  readonly side: TermSide;
  /** Name of a key (keys.ts), never an alias. */
  readonly key: string;
  /** At least one; any of them may match. */
  readonly values: readonly string[];
}

/** What is wrong, and which characters of the text to underline: from (inclusive) to (exclusive). */
export interface FilterTextError {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}
