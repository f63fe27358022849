// Builds the allow and deny lists of a request into one predicate: clauses of a filter are ANDed, filters of a list
// ORed, an empty allow list admits all, any match on the deny list refuses.

import type { Flow, FlowFilter } from '#proto/gen/flow/flow.ts';
import type { CelCompiler } from './cel-compiler.ts';
import { type Clause, clauseMatches } from './clause.ts';
import { compileClauses } from './clauses.ts';
import { boundFilters } from './limits.ts';

/** Clauses of one FlowFilter; a flow matches if all of them do. No clauses: every flow matches. */
export type CompiledAlternative = readonly Clause[];

export interface CompiledFilter {
  /** One entry per FlowFilter, in the order given. */
  readonly whitelist: readonly CompiledAlternative[];
  readonly blacklist: readonly CompiledAlternative[];
  /** True if every flow matches, so that a caller may skip looking. */
  readonly matchesAll: boolean;
  matches(flow: Flow): boolean;
}

/**
 * Builds both lists. Throws FilterError for a value that breaks its field's rule. Filters with CEL expressions need
 * `cel` (prepare.ts loads it); without it they are refused with FilterError.
 */
export function compileFilters(
  whitelist: readonly FlowFilter[],
  blacklist: readonly FlowFilter[],
  cel?: CelCompiler,
): CompiledFilter {
  boundFilters(whitelist, blacklist);
  const allow = whitelist.map((filter) => compileClauses(filter, cel));
  const deny = blacklist.map((filter) => compileClauses(filter, cel));
  return {
    whitelist: allow,
    blacklist: deny,
    matchesAll: deny.length === 0 && (allow.length === 0 || allow.some((clauses) => clauses.length === 0)),
    matches: (flow) =>
      (allow.length === 0 || allow.some((clauses) => matchesEvery(clauses, flow))) &&
      !deny.some((clauses) => matchesEvery(clauses, flow)),
  };
}

function matchesEvery(clauses: CompiledAlternative, flow: Flow): boolean {
  return clauses.every((clause) => clauseMatches(clause, flow));
}
