// The filter as the URL carries it, for the wire: lists the relay may hold on to, errors as sentences.

import { parseFilterText } from '#flow/filter-text/parse.ts';
import type { FlowFilter } from '#proto/gen/flow/flow.ts';

export interface WireFilter {
  readonly whitelist: FlowFilter[];
  readonly blacklist: FlowFilter[];
  /** Each names the part of the text that is wrong. */
  readonly errors: readonly string[];
}

export function wireFilter(text: string): WireFilter {
  const { whitelist, blacklist, errors } = parseFilterText(text);
  return {
    whitelist: [...whitelist],
    blacklist: [...blacklist],
    errors: errors.map(({ from, to, message }) => `${JSON.stringify(text.slice(from, to))}: ${message}`),
  };
}
