'use client';

// The golden signals of a service, their course, its connections, and what is refused.

import { figuresOfVertex, incomingEdges, outgoingEdges } from '../store/figures.ts';
import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { Connections } from './connections.tsx';
import { Course } from './course.tsx';
import { RefusedNotices } from './refused-notices.tsx';
import { Signals } from './signals.tsx';
import { useSeries } from './use-series.ts';

export function Overview({ vertex, map }: { readonly vertex: MapVertex; readonly map: ServiceMapModel }) {
  const series = useSeries({ vertex: vertex.id });
  const figures = figuresOfVertex(map, vertex.id);
  const incoming = incomingEdges(map, vertex.id);
  const outgoing = outgoingEdges(map, vertex.id);
  return (
    <>
      <Signals figures={figures} series={series} />
      <Course series={series} hasRequests={figures.hasRequests} />
      <Connections map={map} incoming={incoming} outgoing={outgoing} />
      <RefusedNotices map={map} edges={[...incoming, ...outgoing]} />
    </>
  );
}
