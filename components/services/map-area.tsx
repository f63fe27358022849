'use client';

// The map's place: the map with what the URL says, and what is shown while there is none to draw.

import dynamic from 'next/dynamic';
import { useTheme } from 'next-themes';
import { useCallback, useMemo } from 'react';
import { withTerms } from '../filter/terms.ts';
import type { MapSelection, StepTarget } from '../map/map-view-types.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import type { MapVertex } from '../store/service-map-model.ts';
import {
  useFilterText,
  useFind,
  useFolds,
  useHidden,
  useMarksText,
  useMetric,
  useScope,
  useSelection,
} from '../url/url-state.ts';
import { isHidden } from './hidden.ts';
import { MapBar } from './map-bar.tsx';
import { MapWaiting } from './map-waiting.tsx';
import { steppedInto } from './scope-path.ts';
import { useMapSelection } from './use-map-selection.ts';

const loadMap = () => import('../map/service-map-view.tsx');
// Not first when there is something to draw, nor when React is done: what draws it can come meanwhile.
if (typeof window !== 'undefined') void loadMap();
const ServiceMapView = dynamic(() => loadMap().then((module) => module.ServiceMapView), { ssr: false });

export function MapArea() {
  const map = useSnapshot((snapshot) => snapshot.map);
  const hasMap = useSnapshot((snapshot) => snapshot.hasMap);
  const [selection, setSelection] = useSelection();
  const [filter, setFilter] = useFilterText();
  const [metric, setMetric] = useMetric();
  const [scope, setScope] = useScope();
  const [folds, setFolds] = useFolds();
  const [hidden] = useHidden();
  const [find] = useFind();
  const [marks] = useMarksText();
  const { resolvedTheme } = useTheme();
  const mapSelection = useMapSelection(selection);
  const isVisible = useMemo(() => (vertex: MapVertex) => !isHidden(vertex, hidden), [hidden]);
  const onStep = useCallback(
    (target: StepTarget) => {
      const next = steppedInto(filter, target);
      void setFilter(next.filter);
      void setScope(next.scope);
      void setSelection(null);
    },
    [filter, setFilter, setScope, setSelection],
  );
  const onSelect = useCallback((next: MapSelection | null) => void setSelection(next), [setSelection]);
  return (
    <div className="dot-grid relative h-full min-h-0 overflow-hidden bg-bg">
      {!hasMap && <MapWaiting />}
      {hasMap && map.vertices.size === 0 && <MapWaiting isEmpty />}
      {map.vertices.size > 0 && (
        <ServiceMapView
          model={map}
          hasHeading
          selection={mapSelection}
          onSelect={onSelect}
          metric={metric}
          onMetricChange={(next) => void setMetric(next)}
          scope={scope}
          onScopeChange={(next) => void setScope(next)}
          folds={folds}
          onFoldsChange={setFolds}
          onStep={onStep}
          visibleFilter={isVisible}
          find={find}
          marks={marks}
          memoryKey={`${scope} ${filter}`}
          theme={resolvedTheme === 'light' ? 'light' : 'dark'}
          onShowDrops={(sourceId, destinationId) => {
            void setFilter(withTerms(filter, 'verdict:dropped'));
            void setSelection({ kind: 'edge', sourceId, destinationId });
          }}
          className="absolute inset-0"
        >
          <MapBar />
        </ServiceMapView>
      )}
      {map.vertices.size === 0 && (
        <div className="absolute top-3 left-4">
          <MapBar />
        </div>
      )}
    </div>
  );
}
