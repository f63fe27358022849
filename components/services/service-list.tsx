'use client';

// The map as a list: every service with its figures, reachable by keyboard and read by assistive tools, which see nothing
// of a canvas.

import { MarkShape } from '../flows/verdict-mark.tsx';
import { durationText, percent, perSecond } from '../format/figures.ts';
import { figuresOfVertex } from '../store/figures.ts';
import type { MapVertex, ServiceMapModel } from '../store/service-map-model.ts';
import { useSelection } from '../url/url-state.ts';
import { healthMark } from './health.ts';
import { VertexIcon } from './vertex-icon.tsx';

interface ServiceListProps {
  readonly vertices: readonly MapVertex[];
  readonly map: ServiceMapModel;
  readonly withNamespace?: boolean;
}

export function ServiceList({ vertices, map, withNamespace = true }: ServiceListProps) {
  const [selection, setSelection] = useSelection();
  const ordered = vertices.toSorted((a, b) => a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name));
  return (
    <ul aria-label="Services">
      {ordered.map((vertex) => {
        const figures = figuresOfVertex(map, vertex.id);
        const isSelected = selection?.kind === 'vertex' && selection.id === vertex.id;
        return (
          <li key={vertex.id}>
            <button
              type="button"
              aria-pressed={isSelected}
              onClick={() => setSelection({ kind: 'vertex', id: vertex.id })}
              className="flex h-9 w-full items-center gap-2.5 rounded-chip px-2 text-left text-cell hover:bg-hover aria-pressed:bg-accent-soft"
            >
              <span className="flex size-6 shrink-0 items-center justify-center rounded-chip bg-sunken text-fg-2">
                <VertexIcon vertex={vertex} size={13} />
              </span>
              <span className="min-w-0 flex-1 truncate">
                {withNamespace && vertex.namespace !== '' && <span className="text-fg-3">{vertex.namespace}/</span>}
                {vertex.name}
              </span>
              <span className="text-fg-2">{perSecond(figures.requestsPerSecond || figures.dropsPerSecond)}</span>
              {figures.p99Us !== undefined && (
                <span className="w-16 text-right text-fg-3">{durationText(figures.p99Us)}</span>
              )}
              {figures.errorShare > 0 && (
                <span className="w-14 text-right text-warn">{percent(figures.errorShare)} %</span>
              )}
              <MarkShape mark={healthMark(map, vertex.id)} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
