// What the filter field offers: the language's own keys and words, and the values that the map and the rows have.

import { completeFilter } from '#flow/filter-text/complete.ts';
import { maximumTextCharacters } from '#flow/filter-text/limits.ts';
import { parseFilterText } from '#flow/filter-text/parse.ts';
import type { FlowRow, RowEndpoint } from '../store/flow-row.ts';
import type { ServiceMapModel } from '../store/service-map-model.ts';

export interface Offer {
  /** The whole draft, completed; ends in ":" where a value is still to come. */
  readonly text: string;
  readonly what: string;
}

/** Where values come from: what the page has in memory. */
export interface KnownValues {
  readonly map: ServiceMapModel;
  /** Oldest first. */
  readonly rows: readonly FlowRow[];
}

const MOST = 40;
/** Rows looked at for values, from the newest back: a millisecond's work. */
const ROWS_LOOKED_AT = 4_000;
/** A longer value helps nobody to type, and a pod could have the page hold many. */
const LONGEST_VALUE = 200;

export function offers(draft: string, known: KnownValues): Offer[] {
  if (draft.length > maximumTextCharacters) return [];
  const { from, to, suggestions } = completeFilter(draft, draft.length, (key) =>
    [...new Set(valuesOf(key, known))].filter((value) => value !== '' && value.length <= LONGEST_VALUE).sort(),
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

function valuesOf(key: string, { map, rows }: KnownValues): string[] {
  const vertices = [...map.vertices.values()];
  const recent = rows.slice(-ROWS_LOOKED_AT);
  const ends = (read: (endpoint: RowEndpoint) => string) =>
    recent.flatMap(({ source, destination }) => [read(source), read(destination)]);
  switch (key) {
    case 'namespace':
      return [...vertices.map((vertex) => vertex.namespace), ...ends(({ namespace }) => namespace)];
    case 'workload':
      return vertices.filter((vertex) => vertex.kind === 'workload').map((vertex) => vertex.name);
    case 'pod':
      return ends(({ namespace, pod }) => (pod === '' || pod.includes('/') ? pod : `${namespace}/${pod}`));
    case 'label':
      return vertices.flatMap((vertex) => vertex.labels.map((label) => label.replace(/^k8s:/, '')));
    case 'cluster':
      return vertices.map((vertex) => vertex.cluster);
    case 'fqdn':
      return vertices.filter((vertex) => vertex.kind === 'external').map((vertex) => vertex.name);
    case 'process':
      return ends(({ process }) => process);
    case 'ip':
      return ends(({ ip }) => ip);
    case 'port':
      return [...map.edges.values()].map((edge) => String(edge.destinationPort)).filter((port) => port !== '0');
    case 'node':
      return recent.map(({ node }) => node);
    case 'http.method':
      return recent.filter(isHttp).map(({ method }) => method);
    case 'http.path':
      return recent.filter(isHttp).map(({ request }) => request);
    case 'http.status':
      return recent.filter(isHttp).map(({ status }) => status);
    case 'dns':
      return recent.filter(({ method }) => method === 'DNS').map(({ request }) => request.split(' ').at(-1) ?? '');
    case 'cel':
      return celExamples;
    default:
      return [];
  }
}

function isHttp({ request, status }: FlowRow): boolean {
  return request.startsWith('/') && /^(?:[1-5]\d\d)?$/.test(status);
}

const celExamples = [
  '_flow.verdict == Verdict.DROPPED',
  '_flow.l7.latency_ns > 100000000u',
  '_flow.l4.TCP.destination_port == 5432u',
];
