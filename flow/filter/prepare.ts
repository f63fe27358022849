// Builds any filter, CEL expressions included. The CEL runtime is large, so it is loaded the first time a request
// asks for it, and stays out of bundles that only filter by fields (those import compile.ts).

import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import type { CelCompiler } from './cel-compiler.ts';
import { type CompiledFilter, compileFilters } from './compile.ts';

/** As compileFilters, loading CEL if an expression needs it. Rejects with FilterError. */
export async function prepareFilters(
  whitelist: readonly FlowFilter[],
  blacklist: readonly FlowFilter[],
): Promise<CompiledFilter> {
  const cel = usesCel(whitelist) || usesCel(blacklist) ? await loadCel() : undefined;
  return compileFilters(whitelist, blacklist, cel);
}

/** True if any of the filters carries CEL expressions, so that compileFilters needs a CelCompiler. */
export function usesCel(filters: readonly FlowFilter[]): boolean {
  return filters.some((filter) => (filter.experimental?.celExpression.length ?? 0) > 0);
}

/** Loads the CEL runtime (300 kB, so only when a filter needs it); later calls get the same one. */
export async function loadCel(): Promise<CelCompiler> {
  return (await import('./cel/compile-cel.ts')).compileCel;
}
