'use client';

import { useMemo } from 'react';
import type { MapFigures } from '../graph/figures.ts';
import type { Point } from '../routing/grid-metrics.ts';
import { markerPlaces } from '../routing/marker-places.ts';
import type { Scene } from '../scene.ts';

/** Where the markers of dropped links stand. They are placed anew only when other links drop, not when counts change. */
export function useDropMarkers(figures: MapFigures, scene: Scene): ReadonlyMap<string, Point> {
  const droppedIds = useMemo(
    () => [...figures.links].filter(([id, each]) => each.dropped > 0 && scene.flat.has(id)).map(([id]) => id),
    [figures, scene],
  );
  const droppedKey = droppedIds.join('\n');
  return useMemo(
    () => markerPlaces(droppedKey === '' ? [] : droppedKey.split('\n'), scene.flat, scene.hits),
    [droppedKey, scene],
  );
}
