'use client';

// The golden signals of a service, their course, its connections, and what is refused.

import { AreaChart } from '../charts/area-chart.tsx';
import { BarChart } from '../charts/bar-chart.tsx';
import { Legend } from '../charts/legend.tsx';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import type { FigureSample } from '../store/figure-history.ts';
import { figuresOfVertex, incomingEdges, outgoingEdges } from '../store/figures.ts';
import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { Connections } from './connections.tsx';
import { PanelSection } from './panel-parts.tsx';
import { RefusedNotices } from './refused-notices.tsx';
import { Signals } from './signals.tsx';

const none: readonly FigureSample[] = [];

export function Overview({ vertex, map }: { readonly vertex: MapVertex; readonly map: ServiceMapModel }) {
  const history = useSnapshot((snapshot) => snapshot.history);
  const samples = history?.vertexId === vertex.id ? history.samples : none;
  const figures = figuresOfVertex(map, vertex.id);
  const incoming = incomingEdges(map, vertex.id);
  const outgoing = outgoingEdges(map, vertex.id);
  const times = samples.map((sample) => sample.timeMs);
  return (
    <>
      <Signals figures={figures} samples={samples} />
      {figures.p99Us !== undefined && (
        <PanelSection
          title="Latency"
          aside={
            <Legend
              items={[
                { name: 'p99', tone: 'bg-accent' },
                { name: 'p50', tone: 'bg-fg-3' },
              ]}
            />
          }
        >
          <AreaChart
            label="Latency over time"
            timesMs={times}
            lines={[
              { values: samples.map((sample) => sample.p99Us / 1000), tone: 'accent' },
              { values: samples.map((sample) => sample.p50Us / 1000), tone: 'muted' },
            ]}
            unit="ms"
          />
        </PanelSection>
      )}
      {figures.requestsPerSecond > 0 && (
        <PanelSection
          title={figures.hasRequests ? 'Requests' : 'Connections'}
          aside={
            <Legend
              items={[
                { name: 'answered', tone: 'bg-accent' },
                { name: 'server errors', tone: 'bg-warn-fill' },
              ]}
            />
          }
        >
          <BarChart
            label="Requests a second over time"
            timesMs={times}
            totals={samples.map((sample) => sample.requestsPerSecond)}
            parts={samples.map((sample) => sample.errorsPerSecond)}
          />
        </PanelSection>
      )}
      <Connections map={map} incoming={incoming} outgoing={outgoing} />
      <RefusedNotices map={map} edges={[...incoming, ...outgoing]} />
    </>
  );
}
