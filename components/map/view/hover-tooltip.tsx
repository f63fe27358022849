'use client';

// What the pointer or the keyboard is on, in figures: the tooltip of a card or a link.

import type { MapFigures } from '../graph/figures.ts';
import { insideText } from '../graph/map-scope.ts';
import type { Point } from '../routing/grid-metrics.ts';
import type { Hit } from '../routing/hit-index.ts';
import type { SceneSnapshot } from '../scene-keeper.ts';
import { MapTooltip } from './map-tooltip.tsx';
import { reasonText } from './picture.ts';

export interface Hover {
  readonly hit: Hit;
  readonly at: Point;
}

interface HoverTooltipProps {
  readonly hover: Hover;
  readonly size: { readonly width: number; readonly height: number };
  readonly snapshot: SceneSnapshot;
  readonly figures: MapFigures;
  readonly dropReasons: ReadonlyMap<string, readonly string[]>;
}

export function HoverTooltip({ hover, size, snapshot, figures, dropReasons }: HoverTooltipProps) {
  const { graph } = snapshot;
  const { id, kind } = hover.hit;
  const each = kind === 'card' ? figures.cards.get(id) : figures.links.get(id);
  if (!each) return null;
  const shared = { figures: each, seconds: figures.seconds, at: hover.at, stage: size };
  if (kind === 'card') {
    const card = graph.vertices.get(id);
    const place = card?.vertex
      ? [card.vertex.namespace, card.vertex.workloadKind || card.vertex.kind].filter(Boolean).join(' · ')
      : [card?.container?.kind, insideText(card?.container?.kind ?? 'outside', card?.memberIds.length ?? 0)].join(
          ' of ',
        );
    return <MapTooltip {...shared} title={card?.title ?? id} subtitle={place} notes={[]} />;
  }
  const link = graph.links.get(id);
  if (!link) return null;
  const title = `${graph.vertices.get(link.sourceId)?.title} → ${graph.vertices.get(link.destinationId)?.title}`;
  const connections = link.edgeIds.length === 1 ? '1 connection' : `${link.edgeIds.length} connections`;
  const notes = (dropReasons.get(id) ?? []).map((reason) => `Dropped: ${reasonText(reason)}`);
  return <MapTooltip {...shared} title={title} subtitle={connections} notes={notes} />;
}
