// Which rows belong to what is selected on the map. A row names its ends as the map does: namespace and name, or pod.

import type { FlowRow, RowEndpoint } from '../store/flow-row.ts';
import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';

export function isAt(endpoint: RowEndpoint, vertex: MapVertex): boolean {
  if (endpoint.namespace !== vertex.namespace) return false;
  return vertex.pod === '' ? endpoint.name === vertex.name : endpoint.pod === vertex.pod;
}

export function touches(row: FlowRow, vertex: MapVertex): boolean {
  return isAt(row.source, vertex) || isAt(row.destination, vertex);
}

export function connects(row: FlowRow, source: MapVertex, destination: MapVertex): boolean {
  return isAt(row.source, source) && isAt(row.destination, destination);
}

export function vertexOf(map: ServiceMapModel, endpoint: RowEndpoint): MapVertex | undefined {
  for (const vertex of map.vertices.values()) if (isAt(endpoint, vertex)) return vertex;
  return undefined;
}

/** Newest first, at most `most`. */
export function newest(rows: readonly FlowRow[], most: number): FlowRow[] {
  return rows.slice(-most).reverse();
}
