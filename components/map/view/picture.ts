// Scene, figures and highlight put together into what the painter and the cards show. Pure.

import { type EdgeStyle, edgeWidth } from '../draw/edge-style.ts';
import { dotByte, dotsFor } from '../draw/flow-dots.ts';
import type { CanvasBox, CanvasCard } from '../draw/static-layer.ts';
import { cardLine, figureLines, formatCount } from '../graph/figure-text.ts';
import type { Figures, MapFigures } from '../graph/figures.ts';
import type { Highlight } from '../graph/highlight.ts';
import { insideText } from '../graph/map-scope.ts';
import type { ViewGraph, ViewLink, ViewVertex } from '../graph/view-graph.ts';
import type { MapMetric } from '../map-view-types.ts';
import type { Scene } from '../scene.ts';
import { STATUS_WORDS } from './status-mark.tsx';

export function stylesOf(
  scene: Scene,
  figures: MapFigures,
  metric: MapMetric,
  highlight: Highlight,
): ReadonlyMap<string, EdgeStyle> {
  const styles = new Map<string, EdgeStyle>();
  for (const id of scene.routes.keys()) {
    const each = figures.links.get(id);
    const isLit = highlight.litLinks.has(id);
    styles.set(id, {
      status: each?.status ?? 'ok',
      emphasis: isLit ? 'lit' : highlight.fadesRest || each?.isGone ? 'faded' : 'plain',
      width: edgeWidth(each, metric, figures.seconds),
    });
  }
  return styles;
}

/** Dropped links carry no dots: nothing arrives. */
export function dotsOf(scene: Scene, figures: MapFigures, highlight: Highlight): Uint8Array<ArrayBuffer> {
  const dots = new Uint8Array(scene.flat.size);
  let index = -1;
  for (const id of scene.flat.keys()) {
    index += 1;
    const each = figures.links.get(id);
    const isLit = highlight.litLinks.has(id);
    if (!each || each.status === 'bad' || (highlight.fadesRest && !isLit)) continue;
    dots[index] = dotByte(dotsFor(Math.max(each.requests, each.forwarded) / figures.seconds), isLit);
  }
  return dots;
}

export function canvasCards(
  graph: ViewGraph,
  scene: Scene,
  figures: MapFigures,
  metric: MapMetric,
  highlight: Highlight,
): CanvasCard[] {
  const cards: CanvasCard[] = [];
  for (const [id, rect] of scene.cards) {
    const card = graph.vertices.get(id);
    const each = figures.cards.get(id);
    if (!card || !each) continue;
    cards.push({
      rect,
      title: card.title,
      line: cardLine(each, metric, figures.seconds),
      status: each.status,
      isDashed: card.vertex?.kind === 'external' || card.vertex?.kind === 'reserved',
      isSelected: highlight.selectedCards.has(id),
      isFaded: each.isGone || (highlight.fadesRest && !highlight.litCards.has(id)),
    });
  }
  return cards;
}

export function canvasBoxes(graph: ViewGraph, scene: Scene): CanvasBox[] {
  return [...scene.boxes].map(([id, rect]) => {
    const group = graph.groups.get(id);
    return { id, rect, title: group?.title ?? id, count: group?.cardCount ?? 0 };
  });
}

/** Read aloud for a card: name, place, status, figures. */
export function cardLabel(card: ViewVertex, figures: Figures, seconds: number): string {
  const place = card.vertex?.namespace
    ? `namespace ${card.vertex.namespace}`
    : (card.vertex?.kind ??
      `${card.container?.kind ?? ''} of ${insideText(card.container?.kind ?? 'outside', card.memberIds.length)}`);
  const lines = figureLines(figures, seconds).map((line) => `${line.label} ${line.text}`);
  const state = figures.isGone ? 'gone lately' : STATUS_WORDS[figures.status];
  return [card.title, place, state, ...lines].join(', ');
}

/** "12 drops/s, policy denied" for a link's marker. */
export function dropLabel(
  link: ViewLink,
  graph: ViewGraph,
  figures: Figures,
  seconds: number,
  reasons: readonly string[],
): string {
  const [source, destination] = [link.sourceId, link.destinationId].map((id) => graph.vertices.get(id)?.title ?? id);
  return `${source} to ${destination}: ${formatCount(figures.dropped / seconds)} drops/s, ${reasons.join(', ') || 'reason unknown'}`;
}

/** "POLICY_DENIED" as the reader says it. */
export function reasonText(reason: string): string {
  return reason.toLowerCase().replaceAll('_', ' ');
}
