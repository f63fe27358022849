// What is lit and what fades: the selection and its neighbours, what the pointer is on, what is being looked for.

import { linkId } from '../layout/layout-graph.ts';
import type { MapSelection } from '../map-view-types.ts';
import { namespaceCardId } from '../map-view-types.ts';
import type { ViewGraph } from './view-graph.ts';

export interface Highlight {
  readonly litLinks: ReadonlySet<string>;
  readonly litCards: ReadonlySet<string>;
  readonly selectedCards: ReadonlySet<string>;
  /** Everything not lit steps back; a hover alone only lights. */
  readonly fadesRest: boolean;
}

export function highlightOf(
  graph: ViewGraph,
  selection: MapSelection | null,
  hovered: MapSelection | null,
  find: string,
): Highlight {
  const litLinks = new Set<string>();
  const litCards = new Set<string>();
  const selectedCards = new Set<string>();
  for (const each of [selection, hovered]) {
    if (!each) continue;
    const cards = cardsOf(graph, each);
    if (each === selection) for (const id of cards) selectedCards.add(id);
    light(graph, each, cards, litLinks, litCards);
  }
  const words = find.trim().toLowerCase();
  if (words !== '') for (const id of matches(graph, words)) litCards.add(id);
  const isSelected = selection !== null && (selectedCards.size > 0 || litLinks.size > 0);
  return { litLinks, litCards, selectedCards, fadesRest: isSelected || words !== '' };
}

/** Cards that stand for a selection; an edge has none of its own. */
function cardsOf(graph: ViewGraph, selection: MapSelection): string[] {
  switch (selection.kind) {
    case 'vertex': {
      const card = graph.cardOf.get(selection.id);
      if (card === undefined) return [];
      // One service in several clusters is one, wherever it is pointed at.
      return graph.partsOf.get(card)?.map(({ id }) => id) ?? [card];
    }
    case 'namespace':
      return cardsIn(graph, namespaceCardId(selection.cluster, selection.namespace));
    case 'container':
      return cardsIn(graph, selection.id);
    case 'edge':
      return [];
  }
}

/** The card that a container is, or the cards in its box. */
function cardsIn(graph: ViewGraph, containerId: string): string[] {
  if (graph.vertices.has(containerId)) return [containerId];
  const members = graph.groups.get(containerId)?.memberIds ?? [];
  return [...new Set(members.map((id) => graph.cardOf.get(id) ?? id))];
}

function light(
  graph: ViewGraph,
  selection: MapSelection,
  cards: readonly string[],
  litLinks: Set<string>,
  litCards: Set<string>,
): void {
  if (selection.kind === 'edge') {
    const ends = [selection.sourceId, selection.destinationId].map((id) => graph.cardOf.get(id) ?? id);
    const id = linkId(ends[0] ?? '', ends[1] ?? '');
    if (!graph.links.has(id)) return;
    litLinks.add(id);
    for (const end of ends) litCards.add(end);
    return;
  }
  const own = new Set(cards);
  for (const id of own) litCards.add(id);
  for (const link of graph.links.values()) {
    if (!own.has(link.sourceId) && !own.has(link.destinationId)) continue;
    litLinks.add(link.id);
    litCards.add(link.sourceId);
    litCards.add(link.destinationId);
  }
}

/** Cards of which a member's "namespace/name" contains the words; `words` in lower case. */
function* matches(graph: ViewGraph, words: string): Generator<string> {
  for (const [vertexId, cardId] of graph.cardOf) {
    const card = graph.vertices.get(cardId);
    const path = card?.vertex ? `${card.vertex.namespace}/${card.vertex.name}` : vertexId;
    if (path.toLowerCase().includes(words)) yield cardId;
  }
}
