'use client';

// A connection between two services: its figures, ports and operations, its latest flows, and why it is refused.

import { ArrowRight } from 'lucide-react';
import { useMemo } from 'react';
import { byteText } from '../format/figures.ts';
import { sinceText } from '../format/times.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { figuresOf } from '../store/figures.ts';

import { Course } from './course.tsx';
import { OperationList } from './operations.tsx';
import { Fact, NotHere, PanelHead, PanelSection } from './panel-parts.tsx';
import { RecentFlows } from './recent-flows.tsx';
import { RefusedNotices } from './refused-notices.tsx';
import { Signals } from './signals.tsx';
import { subjectOf } from './subject.ts';
import { Tabs } from './tabs.tsx';
import { useSeries } from './use-series.ts';

const views = {
  ingress: "the destination's node",
  egress: "the source's node",
  unknown: 'a proxy, or no known node',
} as const;

export function EdgePanel({ sourceId, destinationId }: { readonly sourceId: string; readonly destinationId: string }) {
  const map = useSnapshot((snapshot) => snapshot.map);
  const hasMap = useSnapshot((snapshot) => snapshot.hasMap);
  const rows = useSnapshot((snapshot) => snapshot.rows);
  const series = useSeries({ from: sourceId, to: destinationId });
  const source = useMemo(() => subjectOf(map, sourceId), [map, sourceId]);
  const destination = useMemo(() => subjectOf(map, destinationId), [map, destinationId]);
  const own = useMemo(
    () =>
      source && destination ? rows.filter((row) => source.has(row.source) && destination.has(row.destination)) : [],
    [rows, source, destination],
  );
  const edges = [...map.edges.values()].filter(
    (edge) => source?.vertices.has(edge.sourceId) && destination?.vertices.has(edge.destinationId),
  );
  if (source === undefined || destination === undefined || edges.length === 0)
    return hasMap ? <NotHere what={`${sourceId} to ${destinationId}`} /> : null;
  const figures = figuresOf(edges, map);
  const meshes = new Set(edges.flatMap(({ mesh }) => mesh ?? []));
  const ports = edges.map((edge) =>
    [edge.destinationPort || '', edge.l7Protocol || edge.protocol].filter(Boolean).join(' '),
  );
  const overview = (
    <>
      <RefusedNotices map={map} edges={edges} />
      {(figures.hasRequests || figures.requestsPerSecond > 0) && <Signals figures={figures} series={series} />}
      <Course series={series} hasRequests={figures.hasRequests} />
      <OperationList title="Operations" rows={own} />
      <PanelSection title="Figures">
        <dl className="grid grid-cols-[120px_1fr] gap-y-1.5 text-cell">
          <Fact name="Ports" value={ports.join(', ')} />
          <Fact name="Traffic" value={`${byteText(figures.bytesPerSecond)}/s`} />
          <Fact name="Client errors" value={`${(figures.clientErrorShare * 100).toFixed(2)} %`} />
          <Fact name="First seen" value={sinceText(Math.min(...edges.map((edge) => edge.firstSeenMs)))} />
          {edges.some(({ isFromAccessLog }) => isFromAccessLog) && (
            <Fact name="Requests from" value="the proxy's access log" />
          )}
          {meshes.size > 0 && <Fact name="Proxy" value={[...meshes].join(', ')} />}
          <Fact name="Counted at" value={views[edges[0]?.view ?? 'unknown']} />
        </dl>
      </PanelSection>
    </>
  );
  return (
    <>
      <PanelHead
        icon={<ArrowRight size={19} strokeWidth={1.8} aria-hidden />}
        title={`${source.name} to ${destination.name}`}
        subtitle={[source.place, destination.place].filter(Boolean).join(' to ') || 'Connection'}
      />
      <Tabs
        tabs={[
          { name: 'Overview', body: overview },
          { name: 'Flows', body: <RecentFlows rows={own} /> },
        ]}
      />
    </>
  );
}
