'use client';

// What a service is made of: pods and nodes seen in its flows, and its labels.

import type { FlowRow } from '../store/flow-row.ts';
import type { MapVertex } from '../store/service-map-model.ts';
import { isAt } from './matching-rows.ts';
import { PanelSection } from './panel-parts.tsx';

export function VertexFacts({ vertex, rows }: { readonly vertex: MapVertex; readonly rows: readonly FlowRow[] }) {
  const pods = new Map<string, { readonly ip: string; flows: number }>();
  for (const row of rows) {
    const own = isAt(row.source, vertex) ? row.source : row.destination;
    const name = own.pod || own.ip;
    const pod = pods.get(name) ?? { ip: own.ip, flows: 0 };
    pod.flows++;
    pods.set(name, pod);
  }
  return (
    <>
      <PanelSection
        title="Seen in the table"
        aside={<span className="text-2xs text-fg-3">{vertex.pods > 0 && `${vertex.pods} in all`}</span>}
      >
        <ul>
          {[...pods].map(([name, { ip, flows }]) => (
            <li key={name} className="flex h-7 items-center gap-3 text-cell">
              <span className="min-w-0 flex-1 truncate">{name}</span>
              <span className="font-mono text-fg-3 text-mono">{ip === name ? '' : ip}</span>
              <span className="w-14 text-right text-2xs text-fg-3">{flows} flows</span>
            </li>
          ))}
        </ul>
      </PanelSection>
      {vertex.labels.length > 0 && (
        <PanelSection title="Labels">
          <ul className="flex flex-wrap gap-1.5">
            {vertex.labels.map((label) => (
              <li
                key={label}
                className="max-w-full truncate rounded-chip border border-line bg-raised px-1.5 py-0.5 font-mono text-fg-2 text-mono"
              >
                {label}
              </li>
            ))}
          </ul>
        </PanelSection>
      )}
    </>
  );
}
