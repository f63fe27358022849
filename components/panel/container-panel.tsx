'use client';

// A cluster, a namespace, a workload of pods, a pod of processes: how it does as a whole, and each part of it.

import { LogIn, SquareDashed } from 'lucide-react';
import { useMemo } from 'react';
import { Button } from '../controls/button.tsx';
import { plural } from '../format/figures.ts';
import { steppedInto } from '../services/scope-path.ts';
import { ServiceList } from '../services/service-list.tsx';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { figuresOf } from '../store/figures.ts';
import { useFilterText, useScope } from '../url/url-state.ts';
import { Connections } from './connections.tsx';
import { Course } from './course.tsx';
import { NotHere, PanelHead, PanelSection } from './panel-parts.tsx';
import { RecentFlows } from './recent-flows.tsx';
import { RefusedNotices } from './refused-notices.tsx';
import { Signals } from './signals.tsx';
import { type Subject, subjectOf } from './subject.ts';
import { Tabs } from './tabs.tsx';
import { useSeries } from './use-series.ts';

export function ContainerPanel({ id }: { readonly id: string }) {
  const map = useSnapshot((snapshot) => snapshot.map);
  const hasMap = useSnapshot((snapshot) => snapshot.hasMap);
  const rows = useSnapshot((snapshot) => snapshot.rows);
  const series = useSeries({ vertex: id });
  const subject = useMemo(() => subjectOf(map, id), [map, id]);
  const own = useMemo(
    () => (subject === undefined ? [] : rows.filter((row) => subject.has(row.source) || subject.has(row.destination))),
    [rows, subject],
  );
  if (subject === undefined) return hasMap ? <NotHere what={id} /> : null;
  const { vertices } = subject;
  const edges = [...map.edges.values()];
  const crossing = edges.filter((edge) => vertices.has(edge.sourceId) !== vertices.has(edge.destinationId));
  const incoming = crossing.filter((edge) => vertices.has(edge.destinationId));
  const outgoing = crossing.filter((edge) => vertices.has(edge.sourceId));
  const inside = edges.filter((edge) => vertices.has(edge.sourceId) && vertices.has(edge.destinationId));
  const figures = figuresOf(incoming.length > 0 ? incoming : [...outgoing, ...inside], map);
  return (
    <>
      <PanelHead
        icon={<SquareDashed size={19} strokeWidth={1.8} aria-hidden />}
        title={subject.name}
        subtitle={[subject.place, `${plural(vertices.size, 'part')}`].filter(Boolean).join(' · ')}
      />
      <Tabs
        tabs={[
          {
            name: 'Overview',
            body: (
              <>
                <Signals figures={figures} series={series} />
                <Course series={series} hasRequests={figures.hasRequests} />
                <PanelSection title="Inside" aside={<StepButton subject={subject} />}>
                  <div className="-mx-2">
                    <ServiceList vertices={[...vertices.values()]} map={map} withNamespace={id.startsWith('cl:')} />
                  </div>
                </PanelSection>
                <Connections map={map} incoming={incoming} outgoing={outgoing} />
                <RefusedNotices map={map} edges={[...crossing, ...inside]} />
              </>
            ),
          },
          { name: 'Flows', body: <RecentFlows rows={own} /> },
        ]}
      />
    </>
  );
}

const KINDS = { 'cl:': 'cluster', 'ns:': 'namespace', 'wl:': 'workload' } as const;

/** To look at nothing but this, one scope down. */
function StepButton({ subject }: { readonly subject: Subject }) {
  const [filter, setFilter] = useFilterText();
  const [, setScope] = useScope();
  const prefix = Object.keys(KINDS).find((each) => subject.id.startsWith(each));
  const kind = prefix === undefined ? 'pod' : KINDS[prefix as keyof typeof KINDS];
  const [first] = subject.vertices.values();
  if (first === undefined) return null;
  const { cluster, namespace } = first;
  return (
    <Button
      weight="ghost"
      onClick={() => {
        const next = steppedInto(filter, { kind, cluster, namespace, name: subject.name });
        void setFilter(next.filter);
        void setScope(next.scope);
      }}
    >
      <LogIn size={13} aria-hidden /> Step into
    </Button>
  );
}
