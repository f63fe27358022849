// The store's model as the map shows it: namespaces opened or closed, one link per pair of vertices, no figures.
// Rebuilt only when the topology, the filter or the opened namespaces change.

import type { MapEdge, MapVertex, ServiceMapModel } from '../../store/service-map-model.ts';
import { compareText, type LayoutGraph, type LayoutVertex, linkId } from '../layout/layout-graph.ts';
import { namespaceCardId } from '../map-view-types.ts';

/** A card: one vertex, or a closed namespace standing for all of its members. */
export interface ViewVertex {
  readonly id: string;
  readonly title: string;
  readonly groupId: string | null;
  /** The vertex itself; absent for a closed namespace. */
  readonly vertex?: MapVertex;
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

export interface ViewGroup {
  readonly id: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly title: string;
  readonly memberIds: readonly string[];
}

export interface ViewGraph {
  readonly layout: LayoutGraph;
  readonly vertices: ReadonlyMap<string, ViewVertex>;
  readonly links: ReadonlyMap<string, ViewLink>;
  /** Every namespace, opened or closed. */
  readonly groups: ReadonlyMap<string, ViewGroup>;
  /** The card that shows a model vertex. */
  readonly cardOf: ReadonlyMap<string, string>;
  /** Services and connections of the model, whatever is closed. */
  readonly serviceCount: number;
  readonly connectionCount: number;
}

/** From this many loose cards on, the world outside gets a box of its own, which can be closed. */
export const MAX_LOOSE = 24;
const OUTSIDE_NAMESPACE = 'external';

type Accepts = (vertex: MapVertex) => boolean;

/** Namespaces of the model with their members, before anything is closed. */
export function groupsOf(model: ServiceMapModel, accepts: Accepts): Map<string, ViewGroup> {
  const members = new Map<string, { cluster: string; namespace: string; ids: string[] }>();
  const loose: MapVertex[] = [];
  const clusters = new Set<string>();
  for (const vertex of model.vertices.values()) {
    if (!accepts(vertex)) continue;
    if (isLoose(vertex)) {
      loose.push(vertex);
      continue;
    }
    clusters.add(vertex.cluster);
    add(members, vertex.cluster, vertex.namespace, vertex.id);
  }
  if (loose.length > MAX_LOOSE) for (const vertex of loose) add(members, '', OUTSIDE_NAMESPACE, vertex.id);
  const groups = [...members].map(([id, { cluster, namespace, ids }]): [string, ViewGroup] => {
    const title = clusters.size > 1 && cluster ? `${cluster} / ${namespace}` : namespace;
    return [id, { id, cluster, namespace, title, memberIds: ids.sort(compareText) }];
  });
  return new Map(groups.sort(([left], [right]) => compareText(left, right)));
}

function add(
  members: Map<string, { cluster: string; namespace: string; ids: string[] }>,
  cluster: string,
  namespace: string,
  vertexId: string,
): void {
  const id = namespaceCardId(cluster, namespace);
  const group = members.get(id);
  if (group) group.ids.push(vertexId);
  else members.set(id, { cluster, namespace, ids: [vertexId] });
}

function isLoose(vertex: MapVertex): boolean {
  return vertex.kind === 'external' || vertex.kind === 'reserved' || vertex.namespace === '';
}

export function viewGraph(
  model: ServiceMapModel,
  accepts: Accepts,
  groups: ReadonlyMap<string, ViewGroup>,
  closed: ReadonlySet<string>,
): ViewGraph {
  const { cardOf, cards } = cardsOf(model, accepts, groups, closed);
  const links = new Map<string, { sourceId: string; destinationId: string; edges: MapEdge[] }>();
  let connectionCount = 0;
  for (const edge of model.edges.values()) {
    const sourceId = cardOf.get(edge.sourceId);
    const destinationId = cardOf.get(edge.destinationId);
    if (sourceId === undefined || destinationId === undefined) continue;
    connectionCount++;
    // Traffic inside a closed namespace is its own business.
    if (sourceId === destinationId && closed.has(sourceId)) continue;
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
    serviceCount: cardOf.size,
    connectionCount,
  };
}

type Card = Omit<ViewVertex, 'ports' | 'protocols'>;

function cardsOf(
  model: ServiceMapModel,
  accepts: Accepts,
  groups: ReadonlyMap<string, ViewGroup>,
  closed: ReadonlySet<string>,
): { cardOf: Map<string, string>; cards: Card[] } {
  const cardOf = new Map<string, string>();
  const cards: Card[] = [];
  const groupOf = new Map<string, string>();
  for (const group of groups.values()) {
    for (const id of group.memberIds) groupOf.set(id, group.id);
    if (!closed.has(group.id)) continue;
    cards.push({ id: group.id, title: group.title, groupId: null, memberIds: group.memberIds });
  }
  for (const vertex of model.vertices.values()) {
    if (!accepts(vertex)) continue;
    const groupId = groupOf.get(vertex.id) ?? null;
    if (groupId !== null && closed.has(groupId)) {
      cardOf.set(vertex.id, groupId);
      continue;
    }
    cardOf.set(vertex.id, vertex.id);
    cards.push({ id: vertex.id, title: vertex.name || vertex.id, groupId, vertex, memberIds: [vertex.id] });
  }
  return { cardOf, cards: cards.sort((left, right) => compareText(left.id, right.id)) };
}
