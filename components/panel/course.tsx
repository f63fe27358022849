'use client';

// How what is selected went over the window: latency, its spread, requests with errors, refused connections.

import { AreaChart } from '../charts/area-chart.tsx';
import { BarChart } from '../charts/bar-chart.tsx';
import { HeatMap } from '../charts/heat-map.tsx';
import { Legend } from '../charts/legend.tsx';
import type { Series } from '../store/series.ts';
import { PanelSection } from './panel-parts.tsx';

export function Course({
  series,
  hasRequests,
}: {
  readonly series: Series | undefined;
  readonly hasRequests: boolean;
}) {
  const points = series?.points ?? [];
  const times = points.map((point) => point.timeMs);
  const hasLatency = points.some((point) => point.latency.length > 0);
  const hasTraffic = points.some((point) => point.requestsPerSecond > 0);
  const hasDrops = points.some((point) => point.dropsPerSecond > 0);
  return (
    <>
      {hasLatency && (
        <PanelSection title="Latency" aside={<Legend items={latencyLegend} />}>
          <AreaChart
            label="Latency over time"
            timesMs={times}
            lines={[
              { values: points.map((point) => point.p99Us / 1000), tone: 'accent' },
              { values: points.map((point) => point.p50Us / 1000), tone: 'muted' },
            ]}
            unit="ms"
          />
        </PanelSection>
      )}
      {hasTraffic && (
        <PanelSection
          title={hasRequests ? 'Requests' : 'Connections'}
          aside={hasRequests ? <Legend items={requestLegend} /> : undefined}
        >
          <BarChart
            label={`${hasRequests ? 'Requests' : 'Connections'} a second over time`}
            timesMs={times}
            totals={points.map((point) => point.requestsPerSecond)}
            parts={points.map((point) => point.errorsPerSecond)}
          />
        </PanelSection>
      )}
      {hasLatency && (
        <PanelSection title="Latency by answers">
          <HeatMap
            label="Answers by latency over time"
            timesMs={times}
            columns={points.map((point) => point.latency)}
          />
        </PanelSection>
      )}
      {hasDrops && (
        <PanelSection title="Dropped">
          <BarChart
            label="Drops a second over time"
            timesMs={times}
            totals={points.map((point) => point.dropsPerSecond)}
            parts={[]}
            tone="bad"
          />
        </PanelSection>
      )}
    </>
  );
}

const latencyLegend = [
  { name: 'p99', tone: 'bg-accent' },
  { name: 'p50', tone: 'bg-fg-3' },
];
const requestLegend = [
  { name: 'answered', tone: 'bg-accent' },
  { name: 'server errors', tone: 'bg-warn-fill' },
];
