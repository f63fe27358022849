'use client';

// The part of the map that is DOM: namespace headers, cards in view and drop markers, in the world's own coordinates.

import { cardLine } from '../graph/figure-text.ts';
import type { MapFigures } from '../graph/figures.ts';
import type { Highlight } from '../graph/highlight.ts';
import type { MapMetric } from '../map-view-types.ts';
import type { Point } from '../routing/grid-metrics.ts';
import type { SceneSnapshot } from '../scene-keeper.ts';
import { DropMarker } from './drop-marker.tsx';
import { NamespaceHeader } from './namespace-header.tsx';
import { cardLabel, dropLabel, reasonText } from './picture.ts';
import { ServiceCard } from './service-card.tsx';
import { moved } from './stage-geometry.ts';
import type { Drag, useDrag } from './use-drag.ts';

interface StageCardsProps {
  readonly snapshot: SceneSnapshot;
  readonly figures: MapFigures;
  readonly metric: MapMetric;
  readonly dropReasons: ReadonlyMap<string, readonly string[]>;
  readonly highlight: Highlight;
  readonly isHovering: boolean;
  readonly isGliding: boolean;
  /** False where the canvas draws boxes and cards; markers are DOM all the same. */
  readonly hasDomCards: boolean;
  readonly cardIds: readonly string[];
  readonly markers: ReadonlyMap<string, Point>;
  readonly drag: Drag | null;
  readonly onPress: (id: string) => void;
  readonly onPressLink: (id: string) => void;
  readonly onOpen: (id: string) => void;
  /** Absent where cards cannot be stepped into. */
  readonly onStep: ((id: string) => void) | undefined;
  readonly onClose: (id: string) => void;
  readonly onUnpin: (id: string) => void;
  readonly onFocusCard: (id: string | null) => void;
  readonly onHoverLink: (id: string | null) => void;
  readonly onGrab: ReturnType<typeof useDrag>['grab'];
}

export function StageCards(props: StageCardsProps) {
  const { figures, metric, highlight, drag } = props;
  const { graph, scene } = props.snapshot;
  return (
    <>
      {props.hasDomCards &&
        [...scene.boxes].map(([id, rect]) => {
          const group = graph.groups.get(id);
          if (!group) return null;
          const isLit = group.memberIds.some((member) => highlight.litCards.has(graph.cardOf.get(member) ?? member));
          const isFaded = highlight.fadesRest && !isLit;
          return (
            <NamespaceHeader
              key={id}
              group={group}
              rect={moved(rect, drag, id)}
              isFaded={isFaded}
              isGliding={props.isGliding && !drag}
              isPinned={props.snapshot.pins.has(id)}
              onPress={props.onPress}
              onStep={group.kind === 'outside' ? undefined : props.onStep}
              onClose={props.onClose}
              onUnpin={props.onUnpin}
              onGrab={props.onGrab}
            />
          );
        })}
      {props.cardIds.map((id) => {
        const card = graph.vertices.get(id);
        const rect = scene.cards.get(id);
        const each = figures.cards.get(id);
        if (!card || !rect || !each) return null;
        const isLit = highlight.litCards.has(id);
        return (
          <ServiceCard
            key={id}
            card={card}
            rect={moved(rect, drag, card.groupId === drag?.id ? drag.id : id)}
            line={each.isGone ? 'no traffic now' : cardLine(each, metric, figures.seconds)}
            label={cardLabel(card, each, figures.seconds, graph.partsOf.get(id))}
            status={each.status}
            isSelected={highlight.selectedCards.has(id)}
            isLit={isLit && props.isHovering}
            isFaded={each.isGone || (highlight.fadesRest && !isLit)}
            isPinned={props.snapshot.pins.has(id)}
            clusterCount={graph.partsOf.get(id)?.length ?? 0}
            isGliding={props.isGliding && !drag}
            onPress={props.onPress}
            onOpen={props.onOpen}
            onUnpin={props.onUnpin}
            onFocus={props.onFocusCard}
            onGrab={props.onGrab}
          />
        );
      })}
      {[...props.markers].map(([id, at]) => {
        const link = graph.links.get(id);
        const each = figures.links.get(id);
        if (!link || !each) return null;
        const reasons = (props.dropReasons.get(id) ?? []).map(reasonText);
        return (
          <DropMarker
            key={id}
            linkId={id}
            at={at}
            label={dropLabel(link, graph, each, figures.seconds, reasons)}
            isPartial={each.status !== 'bad'}
            isFaded={highlight.fadesRest && !highlight.litLinks.has(id)}
            isGliding={props.isGliding && !drag}
            onPress={props.onPressLink}
            onHover={props.onHoverLink}
          />
        );
      })}
    </>
  );
}
