'use client';

// The map's place: the map with what the URL says, and what is shown while there is none to draw.

import dynamic from 'next/dynamic';
import { useTheme } from 'next-themes';
import { withTerms } from '../filter/terms.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { useFilterText, useMetric, useSelection } from '../url/url-state.ts';
import { MapWaiting } from './map-waiting.tsx';
import { useMapSelection } from './use-map-selection.ts';

const ServiceMapView = dynamic(() => import('../map/service-map-view.tsx').then((module) => module.ServiceMapView), {
  ssr: false,
});

export function MapArea() {
  const map = useSnapshot((snapshot) => snapshot.map);
  const hasMap = useSnapshot((snapshot) => snapshot.hasMap);
  const [selection, setSelection] = useSelection();
  const [filter, setFilter] = useFilterText();
  const [metric, setMetric] = useMetric();
  const { resolvedTheme } = useTheme();
  const mapSelection = useMapSelection(selection);
  return (
    <div className="dot-grid relative h-full min-h-0 overflow-hidden bg-bg">
      {!hasMap && <MapWaiting />}
      {hasMap && map.vertices.size === 0 && <MapWaiting isEmpty />}
      {map.vertices.size > 0 && (
        <ServiceMapView
          model={map}
          hasHeading
          selection={mapSelection}
          onSelect={(next) => void setSelection(next)}
          metric={metric}
          onMetricChange={(next) => void setMetric(next)}
          theme={resolvedTheme === 'light' ? 'light' : 'dark'}
          onShowDrops={(sourceId, destinationId) => {
            void setFilter(withTerms(filter, 'verdict:dropped'));
            void setSelection({ kind: 'edge', sourceId, destinationId });
          }}
          className="absolute inset-0"
        />
      )}
    </div>
  );
}
