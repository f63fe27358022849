// What compile.ts needs of CEL, without CEL itself.

import type { Flow } from '#proto/gen/flow/flow.ts';

/**
 * Builds the CEL expressions of one filter into one predicate: true if any expression is, in their order; an expression
 * that fails while running ends the list with false. Throws FilterError for an expression that does not parse or is
 * not of type bool.
 */
export type CelCompiler = (expressions: readonly string[]) => (flow: Flow) => boolean;
