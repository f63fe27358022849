// The store's model as the map shows it in a scope: boxes opened or closed, one link per pair of cards, no figures.
// Rebuilt only when the topology, the filter, the scope or what is opened changes.

import type { MapEdge, MapVertex, ServiceMapModel } from '../../store/service-map-model.ts';
import { compareText, type LayoutGraph, type LayoutVertex, linkId } from '../layout/layout-graph.ts';
import { type MapScope, namespaceCardId } from '../map-view-types.ts';
import { type Container, isOutside, type Place, placeOf } from './map-scope.ts';

/** A card: one vertex, or a container standing for all that is in it. */
export interface ViewVertex {
  readonly id: string;
  readonly title: string;
  readonly groupId: string | null;
  /** The vertex itself; absent for a container. */
  readonly vertex?: MapVertex;
  /** The container; absent for a vertex. */
  readonly container?: Container;
  /** Ids of the model's vertices behind this card. */
  readonly memberIds: readonly string[];
  /** Ports on which it is called, for its icon. */
  readonly ports: readonly number[];
  readonly protocols: readonly string[];
}

export interface ViewLink {
  readonly id: string;
  readonly sourceId: string;
  readonly destinationId: string;
  /** The model's edges behind this link, one per port and protocol. */
  readonly edgeIds: readonly string[];
}

/** What is a box while it is open. */
export interface ViewGroup extends Container {
  readonly title: string;
  /** Ids of the model's vertices in it. */
  readonly memberIds: readonly string[];
  /** Cards in it while it is open. */
  readonly cardCount: number;
}

export interface ViewGraph {
  readonly layout: LayoutGraph;
  readonly vertices: ReadonlyMap<string, ViewVertex>;
  readonly links: ReadonlyMap<string, ViewLink>;
  /** Every box, opened or closed. */
  readonly groups: ReadonlyMap<string, ViewGroup>;
  /** The card that shows a model vertex. */
  readonly cardOf: ReadonlyMap<string, string>;
  /** Cards that are parts of one service in several clusters, by any of them: all of its parts. */
  readonly partsOf: ReadonlyMap<string, readonly ViewVertex[]>;
  /** Services and connections of the model, whatever is closed. */
  readonly serviceCount: number;
  readonly connectionCount: number;
}

/** From this many loose cards on, the world outside gets a box of its own, which can be closed. */
export const MAX_LOOSE = 24;
const OUTSIDE_NAMESPACE = 'external';

type Accepts = (vertex: MapVertex) => boolean;

/** How a model is put into boxes, before anything is closed. */
export interface Grouping {
  readonly scope: MapScope;
  readonly places: ReadonlyMap<string, Place>;
  readonly groups: ReadonlyMap<string, ViewGroup>;
  /** Cards in no box. */
  readonly looseCount: number;
}

export function groupingOf(model: ServiceMapModel, accepts: Accepts, scope: MapScope): Grouping {
  const accepted = [...model.vertices.values()].filter(accepts);
  const clusters = new Set(accepted.filter((vertex) => !isOutside(vertex)).map((vertex) => vertex.cluster));
  const places = new Map(accepted.map((vertex) => [vertex.id, placeOf(vertex, scope, clusters.size > 1)]));
  const loose = new Set<string>();
  for (const [id, { box, card }] of places) if (box === undefined) loose.add(card?.id ?? id);
  if (loose.size > MAX_LOOSE && scope !== 'cluster') {
    for (const [id, { box, card }] of places) if (box === undefined) places.set(id, { card, box: outside });
    loose.clear();
  }
  const members = new Map<string, { box: Container; ids: string[]; cards: Set<string> }>();
  for (const [id, { box, card }] of places) {
    if (box === undefined) continue;
    const known = members.get(box.id) ?? { box, ids: [], cards: new Set() };
    known.ids.push(id);
    known.cards.add(card?.id ?? id);
    members.set(box.id, known);
  }
  const groups = [...members].map(([id, { box, ids, cards }]): [string, ViewGroup] => {
    const title = titleOf(box, clusters.size > 1);
    return [id, { ...box, title, memberIds: ids.sort(compareText), cardCount: cards.size }];
  });
  return {
    scope,
    places,
    groups: new Map(groups.sort(([left], [right]) => compareText(left, right))),
    looseCount: loose.size,
  };
}

const outside: Container = {
  id: namespaceCardId('', OUTSIDE_NAMESPACE),
  kind: 'outside',
  cluster: '',
  namespace: OUTSIDE_NAMESPACE,
  name: OUTSIDE_NAMESPACE,
};

/** Said with what it stands in, where that is not plain from the box around it. */
function titleOf({ kind, cluster, namespace, name }: Container, hasClusters: boolean): string {
  const inCluster = hasClusters && cluster !== '' ? `${cluster} / ` : '';
  if (kind === 'workload' || kind === 'pod') return `${inCluster}${namespace === '' ? '' : `${namespace} / `}${name}`;
  return kind === 'namespace' ? `${inCluster}${name}` : name || 'this host';
}

export function viewGraph(model: ServiceMapModel, grouping: Grouping, closed: ReadonlySet<string>): ViewGraph {
  const { groups } = grouping;
  const { cardOf, cards } = cardsOf(model, grouping, closed);
  const links = new Map<string, { sourceId: string; destinationId: string; edges: MapEdge[] }>();
  let connectionCount = 0;
  for (const edge of model.edges.values()) {
    const sourceId = cardOf.get(edge.sourceId);
    const destinationId = cardOf.get(edge.destinationId);
    if (sourceId === undefined || destinationId === undefined) continue;
    connectionCount++;
    // Traffic inside what is one card is its own business.
    if (sourceId === destinationId && sourceId !== edge.sourceId) continue;
    const id = linkId(sourceId, destinationId);
    const link = links.get(id);
    if (link) link.edges.push(edge);
    else links.set(id, { sourceId, destinationId, edges: [edge] });
  }
  const sorted = [...links].sort(([left], [right]) => compareText(left, right));
  const inbound = Map.groupBy(
    sorted.flatMap(([, link]) => link.edges.map((edge) => ({ edge, card: link.destinationId }))),
    (entry) => entry.card,
  );
  const vertices = new Map<string, ViewVertex>();
  for (const card of cards) {
    const edges = inbound.get(card.id) ?? [];
    vertices.set(card.id, {
      ...card,
      ports: [...new Set(edges.map(({ edge }) => edge.destinationPort))].sort((left, right) => left - right),
      protocols: [...new Set(edges.map(({ edge }) => edge.l7Protocol).filter((name) => name !== ''))].sort(compareText),
    });
  }
  return {
    layout: {
      vertices: cards.map((card): LayoutVertex => ({ id: card.id, groupId: card.groupId })),
      links: sorted.map(([id, { sourceId, destinationId }]) => ({ id, sourceId, destinationId })),
    },
    vertices,
    links: new Map(
      sorted.map(([id, { sourceId, destinationId, edges }]) => [
        id,
        { id, sourceId, destinationId, edgeIds: edges.map((edge) => edge.id).sort(compareText) },
      ]),
    ),
    groups,
    cardOf,
    partsOf: partsByCard(vertices),
    serviceCount: cardOf.size,
    connectionCount,
  };
}

function partsByCard(vertices: ReadonlyMap<string, ViewVertex>): Map<string, readonly ViewVertex[]> {
  const shared = [...vertices.values()].filter(({ vertex }) => vertex?.sharedId !== undefined);
  const parts = new Map<string, readonly ViewVertex[]>();
  for (const cards of Map.groupBy(shared, ({ vertex }) => vertex?.sharedId).values()) {
    if (cards.length > 1) for (const { id } of cards) parts.set(id, cards);
  }
  return parts;
}

type Card = Omit<ViewVertex, 'ports' | 'protocols'>;

function cardsOf(
  model: ServiceMapModel,
  { places, groups }: Grouping,
  closed: ReadonlySet<string>,
): { cardOf: Map<string, string>; cards: Card[] } {
  const cardOf = new Map<string, string>();
  const cards = new Map<string, Card & { memberIds: string[] }>();
  for (const [vertexId, { box, card }] of places) {
    const vertex = model.vertices.get(vertexId);
    if (vertex === undefined) continue;
    const isClosed = box !== undefined && closed.has(box.id);
    const container = isClosed ? box : card;
    const id = container?.id ?? vertexId;
    cardOf.set(vertexId, id);
    const known = cards.get(id);
    if (known !== undefined) known.memberIds.push(vertexId);
    else {
      const groupId = isClosed ? null : (box?.id ?? null);
      const title = container === undefined ? vertex.name || vertex.id : (groups.get(id)?.title ?? nameOf(container));
      cards.set(id, {
        ...{ id, title, groupId, memberIds: [vertexId] },
        ...(container === undefined ? { vertex } : { container }),
      });
    }
  }
  return { cardOf, cards: [...cards.values()].sort((left, right) => compareText(left.id, right.id)) };
}

function nameOf({ name }: Container): string {
  return name === '' ? 'this host' : name;
}
