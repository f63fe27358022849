// What a watch is of, as the query of /api/watch. Equal keys share one connection.

import type { MapScope } from '../map/map-view-types.ts';
import type { WatchKey } from './messages.ts';

/** Clusters and namespaces are folded from the map of workloads, so they need no watch of their own. */
export function watchKey(filterText: string, windowSeconds: number, scope: MapScope): WatchKey {
  const query = new URLSearchParams({ q: filterText, window: String(windowSeconds) });
  if (scope === 'pod' || scope === 'process') query.set('scope', scope);
  return query.toString();
}
