'use client';

// The map's place: its heading, the picture, the list twin, and what is shown while there is no map to draw.

import { List, Workflow } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useTheme } from 'next-themes';
import { useMemo, useState } from 'react';
import { Button } from '../controls/button.tsx';
import { Tip } from '../controls/tip.tsx';
import { withTerms } from '../filter/terms.ts';
import { plural } from '../format/figures.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { mapSelection } from '../url/selection.ts';
import { useFilterText, useMetric, useSelection } from '../url/url-state.ts';
import { MapWaiting } from './map-waiting.tsx';
import { ServiceList } from './service-list.tsx';

const ServiceMapView = dynamic(() => import('../map/service-map-view.tsx').then((module) => module.ServiceMapView), {
  ssr: false,
});

export function MapArea() {
  const map = useSnapshot((snapshot) => snapshot.map);
  const hasMap = useSnapshot((snapshot) => snapshot.hasMap);
  const [asList, setAsList] = useState(false);
  const [selection, setSelection] = useSelection();
  const [filter, setFilter] = useFilterText();
  const [metric, setMetric] = useMetric();
  const { resolvedTheme } = useTheme();
  const connections = useMemo(
    () => new Set([...map.edges.values()].map((edge) => `${edge.sourceId} ${edge.destinationId}`)).size,
    [map],
  );
  return (
    <div className="dot-grid relative h-full min-h-0 overflow-hidden bg-bg">
      <div className="pointer-events-none absolute inset-x-4 top-3 z-10 flex items-center gap-2">
        <h1 className="font-semibold text-sm">Service map</h1>
        {hasMap && (
          <span className="text-fg-2 text-xs">
            {plural(map.vertices.size, 'service')} · {plural(connections, 'connection')}
            {map.folded && ' · the smallest are folded into “other”'}
          </span>
        )}
        <span className="pointer-events-auto ml-auto">
          <Tip text={asList ? 'Show as a map' : 'Show as a list'} side="left">
            <Button weight="icon" aria-label="Show as a list" aria-pressed={asList} onClick={() => setAsList(!asList)}>
              {asList ? <Workflow size={14} aria-hidden /> : <List size={14} aria-hidden />}
            </Button>
          </Tip>
        </span>
      </div>
      {!hasMap && <MapWaiting />}
      {hasMap && map.vertices.size === 0 && <MapWaiting isEmpty />}
      {hasMap && asList && (
        <div className="h-full overflow-y-auto px-2 pt-12 pb-4">
          <ServiceList vertices={[...map.vertices.values()]} map={map} />
        </div>
      )}
      {map.vertices.size > 0 && !asList && (
        <ServiceMapView
          model={map}
          selection={mapSelection(selection)}
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
