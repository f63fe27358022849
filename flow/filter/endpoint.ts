// Fields that compare one property of an endpoint: workload, identity, cluster name.

import type { Endpoint, FlowFilter, Workload } from '#proto/gen/flow/flow.ts';
import { badValue } from './filter-error.ts';

/** Any of the endpoint's workloads: name and kind exact, an empty one matches every value. */
export function compileWorkloads(wanted: readonly Workload[]) {
  return (endpoint: Endpoint | undefined): boolean =>
    (endpoint?.workloads ?? []).some((workload) =>
      wanted.some(
        ({ name, kind }) => (name === '' || name === workload.name) && (kind === '' || kind === workload.kind),
      ),
    );
}

/** A flow without the endpoint has no identity, not even 0. */
export function compileIdentities(identities: readonly number[]) {
  const wanted = new Set(identities);
  return (endpoint: Endpoint | undefined): boolean => endpoint !== undefined && wanted.has(endpoint.identity);
}

/** Exact: no globs. */
export function compileClusterNames(field: keyof FlowFilter, names: readonly string[]) {
  if (names.includes('')) throw badValue(field, '', 'names no cluster', 'give the cluster name in full');
  const wanted = new Set(names);
  return (endpoint: Endpoint | undefined): boolean => wanted.has(endpoint?.clusterName ?? '');
}
