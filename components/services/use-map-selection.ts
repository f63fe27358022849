'use client';

// What of the selection the map can light: itself, or for a flow the edge that it went over.

import { useMemo } from 'react';
import type { MapSelection } from '../map/map-view-types.ts';
import { vertexOf } from '../panel/matching-rows.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { flowKey, type Selection } from '../url/selection.ts';

export function useMapSelection(selection: Selection | null): MapSelection | null {
  const key = selection?.kind === 'flow' ? selection.key : undefined;
  const map = useSnapshot((snapshot) => snapshot.map);
  const row = useSnapshot((snapshot) =>
    key === undefined ? undefined : snapshot.rows.findLast((each) => flowKey(each) === key),
  );
  const sourceId = row && vertexOf(map, row.source)?.id;
  const destinationId = row && vertexOf(map, row.destination)?.id;
  return useMemo(() => {
    if (selection?.kind !== 'flow') return selection;
    if (sourceId === undefined || destinationId === undefined) return null;
    return { kind: 'edge', sourceId, destinationId };
  }, [selection, sourceId, destinationId]);
}
