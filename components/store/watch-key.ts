// What a watch is of, as the query of /api/watch. Equal keys share one connection.

import { MAP_SCOPES, type MapScope } from '../map/map-view-types.ts';
import type { WatchKey } from './messages.ts';

/** Of the map, where the page's address names none. */
export const DEFAULT_WINDOW_SECONDS = 300;
export const DEFAULT_SCOPE: MapScope = 'workload';

/** Clusters and namespaces are folded from the map of workloads, so they need no watch of their own. */
export function watchKey(filterText: string, windowSeconds: number, scope: MapScope): WatchKey {
  const query = new URLSearchParams({ q: filterText, window: String(windowSeconds) });
  if (scope === 'pod' || scope === 'process') query.set('scope', scope);
  return query.toString();
}

/** Of the query in the page's address, as `url/url-state.ts` reads it, but without React. */
export function watchKeyOfAddress(search: string): WatchKey {
  const query = new URLSearchParams(search);
  const windowSeconds = Number.parseInt(query.get('window') ?? '', 10);
  return watchKey(
    query.get('q') ?? '',
    Number.isNaN(windowSeconds) ? DEFAULT_WINDOW_SECONDS : windowSeconds,
    MAP_SCOPES.find((scope) => scope === query.get('scope')) ?? DEFAULT_SCOPE,
  );
}
