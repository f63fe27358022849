'use client';

// The map as text: every service with its figures and connections, for keyboards, screen readers and narrow windows.
// Selecting here and on the map is the same.

import { ChevronRight } from 'lucide-react';
import { useMemo, useState } from 'react';
import { cardLine, figureLines } from './graph/figure-text.ts';
import type { MapFigures } from './graph/figures.ts';
import type { ViewGraph, ViewLink, ViewVertex } from './graph/view-graph.ts';
import type { MapMetric, MapSelection } from './map-view-types.ts';
import { STATUS_WORDS, StatusMark } from './view/status-mark.tsx';

export interface ServiceListProps {
  /** With every namespace open, so that nothing is hidden here. */
  readonly graph: ViewGraph;
  readonly figures: MapFigures;
  readonly metric: MapMetric;
  readonly selection: MapSelection | null;
  readonly onSelect: (selection: MapSelection | null) => void;
  readonly find: string;
}

interface Connections {
  readonly into: readonly ViewLink[];
  readonly outOf: readonly ViewLink[];
}

export function ServiceList(props: ServiceListProps) {
  const { graph, find } = props;
  const connections = useMemo(() => connectionsOf(graph), [graph]);
  const services = useMemo(() => {
    const words = find.trim().toLowerCase();
    return [...graph.vertices.values()]
      .filter((card) => pathOf(card).toLowerCase().includes(words))
      .sort((left, right) => pathOf(left).localeCompare(pathOf(right)));
  }, [graph, find]);
  return (
    <div className="absolute inset-0 overflow-y-auto px-4 pt-12 pb-4 max-lg:pt-22">
      <ul
        aria-label="Services"
        className="mx-auto max-w-3xl divide-y divide-line rounded-notice border border-line bg-surface"
      >
        {services.map((card) => (
          <ServiceRow key={card.id} card={card} connections={connections.get(card.id)} {...props} />
        ))}
      </ul>
      {services.length === 0 && <p className="py-8 text-center text-fg-3 text-xs">No service matches.</p>}
    </div>
  );
}

function ServiceRow({
  card,
  connections,
  graph,
  figures,
  metric,
  selection,
  onSelect,
}: ServiceListProps & { card: ViewVertex; connections: Connections | undefined }) {
  const [isOpen, setOpen] = useState(false);
  const each = figures.cards.get(card.id);
  const count = (connections?.into.length ?? 0) + (connections?.outOf.length ?? 0);
  const isSelected = selection?.kind === 'vertex' && selection.id === card.id;
  const namespace = card.vertex?.namespace;
  return (
    <li className="[contain-intrinsic-size:auto_36px] [content-visibility:auto]">
      <div className={`flex items-center gap-1 px-2 ${isSelected ? 'bg-accent-soft' : ''}`}>
        <button
          type="button"
          aria-expanded={isOpen}
          aria-label={`${count} connections of ${card.title}`}
          disabled={count === 0}
          onClick={() => setOpen(!isOpen)}
          className="grid size-7 place-items-center rounded-chip text-fg-3 hover:bg-hover disabled:opacity-30"
        >
          <ChevronRight size={13} aria-hidden="true" className={isOpen ? 'rotate-90' : ''} />
        </button>
        <button
          type="button"
          aria-pressed={isSelected}
          onClick={() => onSelect({ kind: 'vertex', id: card.id })}
          className="flex min-w-0 flex-1 items-center gap-2 py-2 text-left text-cell"
        >
          {each && <StatusMark status={each.status} className="shrink-0" />}
          <span className="truncate">
            {namespace && <span className="text-fg-3">{namespace}/</span>}
            <span className="font-medium text-fg">{card.title}</span>
            {each && <span className="sr-only">, {STATUS_WORDS[each.status]}</span>}
          </span>
          <span className="ml-auto shrink-0 text-fg-2 text-xs tabular-nums">
            {each && cardLine(each, metric, figures.seconds)}
          </span>
          <span className="w-28 shrink-0 text-right text-2xs text-fg-3 tabular-nums">
            {count} {count === 1 ? 'connection' : 'connections'}
          </span>
        </button>
      </div>
      {isOpen && (
        <ul aria-label={`Connections of ${card.title}`} className="pb-2 pl-11">
          {connections?.into.map((link) => (
            <ConnectionRow
              key={`in ${link.id}`}
              word="from"
              other={graph.vertices.get(link.sourceId)}
              link={link}
              figures={figures}
              onSelect={onSelect}
            />
          ))}
          {connections?.outOf.map((link) => (
            <ConnectionRow
              key={`out ${link.id}`}
              word="to"
              other={graph.vertices.get(link.destinationId)}
              link={link}
              figures={figures}
              onSelect={onSelect}
            />
          ))}
        </ul>
      )}
    </li>
  );
}

function ConnectionRow(props: {
  word: 'from' | 'to';
  other: ViewVertex | undefined;
  link: ViewLink;
  figures: MapFigures;
  onSelect: (selection: MapSelection) => void;
}) {
  const { link, figures, other } = props;
  const each = figures.links.get(link.id);
  const lines = each ? figureLines(each, figures.seconds) : [];
  return (
    <li>
      <button
        type="button"
        onClick={() => props.onSelect({ kind: 'edge', sourceId: link.sourceId, destinationId: link.destinationId })}
        className="flex w-full items-center gap-2 rounded-chip px-2 py-1 text-left text-xs hover:bg-hover"
      >
        <span className="w-8 shrink-0 text-fg-3">{props.word}</span>
        {each && <StatusMark status={each.status} className="shrink-0" />}
        <span className="truncate text-fg">{other ? pathOf(other) : link.id}</span>
        {each && <span className="sr-only">, {STATUS_WORDS[each.status]}</span>}
        <span className="ml-auto truncate pl-4 text-2xs text-fg-3 tabular-nums">
          {lines.map((line) => `${line.label} ${line.text}`).join(' · ')}
        </span>
      </button>
    </li>
  );
}

function connectionsOf(graph: ViewGraph): Map<string, Connections> {
  const found = new Map<string, { into: ViewLink[]; outOf: ViewLink[] }>();
  const of = (id: string) => {
    const known = found.get(id) ?? { into: [], outOf: [] };
    found.set(id, known);
    return known;
  };
  for (const link of graph.links.values()) {
    of(link.destinationId).into.push(link);
    of(link.sourceId).outOf.push(link);
  }
  return found;
}

function pathOf(card: ViewVertex): string {
  return card.vertex?.namespace ? `${card.vertex.namespace}/${card.title}` : card.title;
}
