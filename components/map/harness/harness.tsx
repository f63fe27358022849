// The map alone on a page, for screenshots and measuring. Query: services=20|300|..., theme=light, select=ID, find=...,
// open=1 opens every namespace, metric=..., tick=1 moves the figures every 500 ms. Not part of the product.

import { StrictMode, useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { ServiceMapModel } from '../../store/service-map-model.ts';
import { randomModel } from '../fixtures/random-model.ts';
import { SHOP_MODEL } from '../fixtures/shop-model.ts';
import {
  EVERY,
  type Folds,
  MAP_METRICS,
  MAP_SCOPES,
  type MapMetric,
  type MapScope,
  type MapSelection,
  NO_FOLDS,
} from '../map-view-types.ts';
import { ServiceMapView } from '../service-map-view.tsx';

const query = new URLSearchParams(location.search);
const theme = query.get('theme') === 'light' ? 'light' : 'dark';
document.documentElement.classList.toggle('dark', theme === 'dark');
const services = Number(query.get('services') ?? 20);

function Harness() {
  const first = useMemo(() => (services === 20 ? SHOP_MODEL : randomModel(services)), []);
  const [model, setModel] = useState<ServiceMapModel>(first);
  const selected = query.get('select');
  const [selection, setSelection] = useState<MapSelection | null>(selected ? { kind: 'vertex', id: selected } : null);
  const [scope, setScope] = useState<MapScope>(MAP_SCOPES.find((each) => each === query.get('scope')) ?? 'workload');
  const [folds, setFolds] = useState<Folds>(query.has('open') ? { open: [EVERY], closed: [] } : NO_FOLDS);
  const [metric, setMetric] = useState<MapMetric>(
    MAP_METRICS.find((each) => each === query.get('metric')) ?? 'requests',
  );
  useEffect(() => {
    if (!query.has('tick')) return;
    const timer = setInterval(() => setModel(moveFigures), 500);
    return () => clearInterval(timer);
  }, []);
  return (
    <ServiceMapView
      model={model}
      selection={selection}
      onSelect={setSelection}
      scope={scope}
      onScopeChange={setScope}
      folds={folds}
      onFoldsChange={setFolds}
      memoryKey="harness"
      metric={metric}
      onMetricChange={setMetric}
      find={query.get('find') ?? ''}
      theme={theme}
      hasHeading
      className="relative h-dvh w-dvw"
    />
  );
}

function moveFigures(model: ServiceMapModel): ServiceMapModel {
  const edges = [...model.edges].map(([id, edge]): [string, typeof edge] => [
    id,
    { ...edge, requests: Math.round(edge.requests * (0.9 + Math.random() * 0.2)) },
  ]);
  return { ...model, edges: new Map(edges) };
}

// What measure.mjs reads: when the first cards or pictures stood, and how many.
const started = performance.now();
const watch = setInterval(() => {
  if (!document.querySelector('canvas')) return;
  clearInterval(watch);
  requestAnimationFrame(() => Object.assign(window, { mapFigures: { firstPictureMs: performance.now() - started } }));
}, 5);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Harness />
    </StrictMode>,
  );
}
