// What the filter field offers: the language's own keys and words, and the names that the map knows.

import { completeFilter } from '#flow/filter-text/complete.ts';
import { parseFilterText } from '#flow/filter-text/parse.ts';
import type { ServiceMapModel } from '../store/service-map-model.ts';

export interface Offer {
  /** The whole draft, completed; ends in ":" where a value is still to come. */
  readonly text: string;
  readonly what: string;
}

const MOST = 40;

export function offers(draft: string, map: ServiceMapModel): Offer[] {
  const { from, to, suggestions } = completeFilter(draft, draft.length, (key) =>
    [...new Set(valuesOf(key, map))].sort(),
  );
  return suggestions
    .map(({ text, help }) => ({
      text: draft.slice(0, from) + text + draft.slice(to),
      what: text.endsWith(':') ? help : '',
    }))
    .filter(({ text }) => text !== draft)
    .slice(0, MOST);
}

/** What is wrong with a draft that nothing completes; empty while it may still become right. */
export function draftFault(draft: string): string {
  return draft.trim() === '' ? '' : (parseFilterText(draft.trim()).errors[0]?.message ?? '');
}

function valuesOf(key: string, map: ServiceMapModel): string[] {
  const vertices = [...map.vertices.values()];
  switch (key) {
    case 'namespace':
      return vertices.map((vertex) => vertex.namespace).filter(Boolean);
    case 'workload':
      return vertices.filter((vertex) => vertex.kind === 'workload').map((vertex) => vertex.name);
    case 'cluster':
      return vertices.map((vertex) => vertex.cluster).filter(Boolean);
    case 'fqdn':
      return vertices.filter((vertex) => vertex.kind === 'external').map((vertex) => vertex.name);
    case 'port':
      return [...map.edges.values()].map((edge) => String(edge.destinationPort)).filter((port) => port !== '0');
    default:
      return [];
  }
}
