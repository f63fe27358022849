// Scene, figures and highlight put together into what the painter and the cards show. Pure.

import { type EdgeStyle, type EdgeStyles, edgeWidth, styleKey } from '../draw/edge-style.ts';
import { dotByte, dotsFor } from '../draw/flow-dots.ts';
import type { CanvasBox, CanvasCard } from '../draw/static-layer.ts';
import { cardLine, figureLines, formatCount } from '../graph/figure-text.ts';
import type { Figures, MapFigures } from '../graph/figures.ts';
import type { Highlight } from '../graph/highlight.ts';
import { insideText } from '../graph/map-scope.ts';
import type { ViewGraph, ViewLink, ViewVertex } from '../graph/view-graph.ts';
import type { EdgeMark, MapMetric } from '../map-view-types.ts';
import type { Scene } from '../scene.ts';
import { STATUS_WORDS } from './status-mark.tsx';

/** Looks of the links, each once, and which of them a link has; 256 at most, of which there are some 70. */
export function stylesOf(
  scene: Scene,
  figures: MapFigures,
  metric: MapMetric,
  highlight: Highlight,
  marks: ReadonlyMap<string, EdgeMark>,
): EdgeStyles {
  const styles: EdgeStyle[] = [];
  const numbers = new Map<string, number>();
  const styleOf = new Uint8Array(scene.lines.ids.length);
  for (const [index, id] of scene.lines.ids.entries()) {
    const style = styleOfLink(id, figures, metric, highlight, marks);
    const key = styleKey(style);
    const known = numbers.get(key);
    styleOf[index] = known ?? styles.length;
    if (known !== undefined) continue;
    numbers.set(key, styles.length);
    styles.push(style);
  }
  return { styles, styleOf };
}

function styleOfLink(
  id: string,
  figures: MapFigures,
  metric: MapMetric,
  highlight: Highlight,
  marks: ReadonlyMap<string, EdgeMark>,
): EdgeStyle {
  const each = figures.links.get(id);
  const mark = marks.get(id);
  const stepsBack = mark === undefined && (highlight.fadesRest || marks.size > 0 || each?.isGone);
  return {
    status: each?.status ?? 'ok',
    emphasis: highlight.litLinks.has(id) ? 'lit' : stepsBack ? 'faded' : 'plain',
    width: edgeWidth(each, metric, figures.seconds),
    ...(mark === undefined ? {} : { mark }),
  };
}

/** Dropped links carry no dots: nothing arrives. */
export function dotsOf(scene: Scene, figures: MapFigures, highlight: Highlight): Uint8Array<ArrayBuffer> {
  const dots = new Uint8Array(scene.lines.ids.length);
  for (const [index, id] of scene.lines.ids.entries()) {
    const each = figures.links.get(id);
    const isLit = highlight.litLinks.has(id);
    if (!each || each.status === 'bad' || (highlight.fadesRest && !isLit)) continue;
    dots[index] = dotByte(dotsFor(Math.max(each.requests, each.forwarded) / figures.seconds), isLit);
  }
  return dots;
}

/** `hasLines` false where they are too far to show their figures, which then need no painting when they change. */
export function canvasCards(
  graph: ViewGraph,
  scene: Scene,
  figures: MapFigures,
  metric: MapMetric,
  highlight: Highlight,
  hasLines: boolean,
): CanvasCard[] {
  const cards: CanvasCard[] = [];
  for (const [id, rect] of scene.cards) {
    const card = graph.vertices.get(id);
    const each = figures.cards.get(id);
    if (!card || !each) continue;
    cards.push({
      rect,
      title: card.title,
      line: hasLines ? cardLine(each, metric, figures.seconds) : '',
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
export function cardLabel(
  card: ViewVertex,
  figures: Figures,
  seconds: number,
  parts: readonly ViewVertex[] = [],
): string {
  const place = card.vertex?.namespace
    ? `namespace ${card.vertex.namespace}`
    : (card.vertex?.kind ??
      `${card.container?.kind ?? ''} of ${insideText(card.container?.kind ?? 'outside', card.memberIds.length)}`);
  const lines = figureLines(figures, seconds).map((line) => `${line.label} ${line.text}`);
  const state = figures.isGone ? 'gone lately' : STATUS_WORDS[figures.status];
  const others = parts.filter(({ id }) => id !== card.id).map(({ vertex }) => vertex?.cluster ?? '');
  const shared = others.length === 0 ? [] : [`the same service as in ${others.join(' and ')}`];
  return [card.title, place, ...shared, state, ...lines].join(', ');
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
