'use client';

// Ports a service is reached on with their protocols, and the operations seen on them in the recent flows.

import { durationText, percent, perSecond } from '../format/figures.ts';
import { figuresOf } from '../store/figures.ts';
import type { FlowRow } from '../store/flow-row.ts';
import type { MapEdge, MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { isAt } from './matching-rows.ts';
import { operationsOf } from './operation-groups.ts';
import { PanelSection } from './panel-parts.tsx';

interface OperationsProps {
  readonly incoming: readonly MapEdge[];
  readonly outgoing: readonly MapEdge[];
  readonly rows: readonly FlowRow[];
  readonly vertex: MapVertex;
  readonly map: ServiceMapModel;
}

export function Operations({ incoming, outgoing, rows, vertex, map }: OperationsProps) {
  const served = rows.filter((row) => isAt(row.destination, vertex));
  return (
    <>
      <Ports title="Ports it serves" edges={incoming} map={map} />
      <OperationList title="Operations it serves" rows={served} />
      <Ports title="Ports it calls" edges={outgoing} map={map} />
    </>
  );
}

function Ports({
  title,
  edges,
  map,
}: {
  readonly title: string;
  readonly edges: readonly MapEdge[];
  readonly map: ServiceMapModel;
}) {
  const ports = Map.groupBy(edges, (edge) => `${edge.destinationPort} ${edge.protocol} ${edge.l7Protocol}`);
  if (ports.size === 0) return null;
  return (
    <PanelSection title={title}>
      <ul className="divide-y divide-line rounded-notice border border-line">
        {[...ports].map(([key, group]) => {
          const [port, protocol, l7 = ''] = key.split(' ');
          const figures = figuresOf(group, map);
          return (
            <li key={key} className="flex h-9 items-center gap-2 px-3 text-cell">
              <span className="font-medium">{port === '0' ? protocol : port}</span>
              <span className="flex-1 text-fg-3">{[port === '0' ? '' : protocol, l7].filter(Boolean).join(' · ')}</span>
              {figures.errorShare > 0 && <span className="text-warn">{percent(figures.errorShare)} % errors</span>}
              <span className="text-fg-2">{perSecond(figures.requestsPerSecond || figures.dropsPerSecond)}</span>
            </li>
          );
        })}
      </ul>
    </PanelSection>
  );
}

export function OperationList({ title, rows }: { readonly title: string; readonly rows: readonly FlowRow[] }) {
  const operations = operationsOf(rows);
  if (operations.length === 0) return null;
  return (
    <PanelSection title={title} aside={<span className="text-2xs text-fg-3">in the rows of the table</span>}>
      <ul>
        {operations.map(({ method, path, count, errors, medianUs }) => (
          <li
            key={`${method} ${path}`}
            className="grid h-7 grid-cols-[52px_minmax(0,1fr)_44px_64px] items-center text-cell"
          >
            <span className="font-medium text-2xs text-fg-2">{method}</span>
            <span className="truncate font-mono text-mono">{path}</span>
            <span className={`text-right ${errors > 0 ? 'text-warn' : 'text-fg-3'}`}>
              {errors > 0 ? `${errors}/${count}` : count}
            </span>
            <span className="text-right text-fg-2">{medianUs === undefined ? '' : durationText(medianUs)}</span>
          </li>
        ))}
      </ul>
    </PanelSection>
  );
}
