// One end of what is selected: a vertex of the map, or a container that stands for several. Says which vertices and
// which rows of the table are its own.

import { isWithin } from '../map/graph/map-scope.ts';
import type { RowEndpoint } from '../store/flow-row.ts';
import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { isAt } from './matching-rows.ts';

export interface Subject {
  readonly id: string;
  readonly name: string;
  /** What it stands in: a namespace, a cluster; '' for neither. */
  readonly place: string;
  readonly vertices: ReadonlyMap<string, MapVertex>;
  readonly has: (endpoint: RowEndpoint) => boolean;
}

/** Of an id that the map gives to an end of an edge. @returns undefined where nothing of it is on the map */
export function subjectOf(map: ServiceMapModel, id: string): Subject | undefined {
  const own = map.vertices.get(id);
  if (own !== undefined) {
    const has = (endpoint: RowEndpoint) => isAt(endpoint, own);
    return { id, name: own.name, place: own.namespace, vertices: new Map([[id, own]]), has };
  }
  const members = [...map.vertices].filter(([, vertex]) => isWithin(vertex, id));
  const [, first] = members[0] ?? [];
  if (first === undefined) return undefined;
  const known = new Set(members.map(([, vertex]) => `${vertex.namespace}/${vertex.pod || vertex.name}`));
  const has = ({ namespace, name, pod }: RowEndpoint) =>
    known.has(`${namespace}/${name}`) || (pod !== '' && known.has(`${namespace}/${pod}`));
  return { id, ...titleOf(id, first), vertices: new Map(members), has };
}

function titleOf(id: string, { cluster, namespace, workload, pod }: MapVertex): { name: string; place: string } {
  if (id.startsWith('cl:')) return { name: cluster || 'this host', place: '' };
  if (id.startsWith('ns:')) return { name: namespace, place: cluster };
  return { name: id.startsWith('wl:') ? workload : pod, place: namespace };
}
