// A card of the map as terms of the filter, so that a link can lead from a connection to its flows.

import { formatValue } from '#flow/filter-text/format.ts';
import type { MapVertex } from '../store/service-map-model.ts';

type End = Pick<MapVertex, 'kind' | 'namespace' | 'name'>;

export function connectionTerms(source: End, destination: End): string {
  return [...endTerms('from', source), ...endTerms('to', destination)].join(' ');
}

/** None for what stands for many. */
function endTerms(side: 'from' | 'to', { kind, namespace, name }: End): string[] {
  const term = (key: string, value: string) => `${side}:${key}:${formatValue(value)}`;
  switch (kind) {
    case 'workload':
      return [...(namespace === '' ? [] : [term('namespace', namespace)]), term('workload', name)];
    case 'host-process':
      return [term('process', name)];
    case 'reserved':
      return [term('identity', name)];
    case 'external':
      return [term(/^[\d.]+$|:/.test(name) ? 'ip' : 'fqdn', name)];
    case 'other':
      return [];
  }
}
