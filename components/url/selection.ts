// What is selected, and how the URL spells it: v:<vertex id>, e:<source id>|<destination id>, n:<cluster>|<namespace>,
// c:<id of a container of the map>, f:<flow's uuid, or #number where it has none>.

import type { MapSelection } from '../map/map-view-types.ts';
import type { FlowRow } from '../store/flow-row.ts';

export type Selection = MapSelection | { readonly kind: 'flow'; readonly key: string };

export function selectionText(selection: Selection): string {
  switch (selection.kind) {
    case 'vertex':
      return `v:${selection.id}`;
    case 'edge':
      return `e:${selection.sourceId}|${selection.destinationId}`;
    case 'namespace':
      return `n:${selection.cluster}|${selection.namespace}`;
    case 'container':
      return `c:${selection.id}`;
    case 'flow':
      return `f:${selection.key}`;
  }
}

export function parseSelection(text: string): Selection | null {
  const rest = text.slice(2);
  const [first = '', second = ''] = rest.split('|');
  switch (text.slice(0, 2)) {
    case 'v:':
      return { kind: 'vertex', id: rest };
    case 'e:':
      return { kind: 'edge', sourceId: first, destinationId: second };
    case 'n:':
      return { kind: 'namespace', cluster: first, namespace: second };
    case 'c:':
      return { kind: 'container', id: rest };
    case 'f:':
      return { kind: 'flow', key: rest };
    default:
      return null;
  }
}

export function flowKey(row: FlowRow): string {
  return row.uuid === '' ? `#${row.seq}` : row.uuid;
}
