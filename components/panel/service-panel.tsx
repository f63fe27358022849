'use client';

// A service: how it does, whom it talks to, what is refused, and what it is made of.

import { useMemo } from 'react';
import { VertexIcon } from '../services/vertex-icon.tsx';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { incomingEdges, outgoingEdges } from '../store/figures.ts';
import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { touches } from './matching-rows.ts';
import { Operations } from './operations.tsx';
import { Overview } from './overview.tsx';
import { NotHere, PanelHead } from './panel-parts.tsx';
import { RecentFlows } from './recent-flows.tsx';
import { Tabs } from './tabs.tsx';
import { VertexFacts } from './vertex-facts.tsx';

export function ServicePanel({ id }: { readonly id: string }) {
  const map = useSnapshot((snapshot) => snapshot.map);
  const hasMap = useSnapshot((snapshot) => snapshot.hasMap);
  const rows = useSnapshot((snapshot) => snapshot.rows);
  const vertex = map.vertices.get(id);
  const own = useMemo(() => (vertex === undefined ? [] : rows.filter((row) => touches(row, vertex))), [rows, vertex]);
  if (vertex === undefined) return hasMap ? <NotHere what={id} /> : null;
  return (
    <>
      <PanelHead
        icon={<VertexIcon vertex={vertex} size={19} />}
        title={vertex.name}
        subtitle={[subtitleOf(vertex), ...meshesOf(id, map), ...clustersOf(vertex, map)].join(' · ')}
      />
      <Tabs
        tabs={[
          { name: 'Overview', body: <Overview vertex={vertex} map={map} /> },
          { name: 'Flows', body: <RecentFlows rows={own} /> },
          {
            name: 'Operations',
            body: (
              <Operations
                incoming={incomingEdges(map, id)}
                outgoing={outgoingEdges(map, id)}
                rows={own}
                vertex={vertex}
                map={map}
              />
            ),
          },
          { name: 'Pods', body: <VertexFacts vertex={vertex} rows={own} /> },
        ]}
      />
    </>
  );
}

/** The proxies that its requests come through. */
function meshesOf(id: string, map: ServiceMapModel): string[] {
  return [...new Set(incomingEdges(map, id).flatMap(({ mesh }) => mesh ?? []))].map((mesh) => `by ${mesh}`);
}

/** Of a service that stands in several clusters: where else. */
function clustersOf({ id, sharedId, cluster }: MapVertex, map: ServiceMapModel): string[] {
  if (sharedId === undefined) return [];
  const others = [...map.vertices.values()].filter((each) => each.sharedId === sharedId && each.id !== id);
  return others.length === 0 ? [] : [`in ${cluster}, also in ${others.map((each) => each.cluster).join(', ')}`];
}

function subtitleOf(vertex: MapVertex): string {
  const pods = vertex.pods > 0 ? `${vertex.pods} ${vertex.pods === 1 ? 'pod' : 'pods'}` : '';
  const kind = {
    workload: vertex.workloadKind,
    external: 'Outside',
    reserved: 'Reserved',
    'host-process': 'Process',
    other: 'Others',
  };
  return [vertex.namespace, kind[vertex.kind], pods].filter(Boolean).join(' · ');
}
