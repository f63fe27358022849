// What the layout sees: vertices, the groups (namespaces) they live in, and links. No figures, so that a moving
// counter cannot move a card. Pure types; `graph/` builds them from the store's model.

export interface LayoutVertex {
  readonly id: string;
  /** A group's id, or null for a loose card (external, reserved, or a collapsed namespace). */
  readonly groupId: string | null;
}

/** One link for all ports and protocols between two vertices. */
export interface LayoutLink {
  /** `linkId(sourceId, destinationId)`. */
  readonly id: string;
  readonly sourceId: string;
  readonly destinationId: string;
}

export interface LayoutGraph {
  /** Sorted by id. */
  readonly vertices: readonly LayoutVertex[];
  /** Sorted by id; both ends are in `vertices`. A link may start and end at one vertex. */
  readonly links: readonly LayoutLink[];
}

/** A card's place on the map's one grid: whole columns and rows, both from 0. */
export interface Cell {
  readonly column: number;
  readonly row: number;
}

export function linkId(sourceId: string, destinationId: string): string {
  return `${sourceId}\u2192${destinationId}`;
}

export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Members by group, loose vertices left out; groups in order of their id, members in order of theirs. */
export function membersByGroup(graph: LayoutGraph): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const vertex of graph.vertices) {
    if (vertex.groupId === null) continue;
    const members = groups.get(vertex.groupId);
    if (members) members.push(vertex.id);
    else groups.set(vertex.groupId, [vertex.id]);
  }
  return new Map([...groups].sort(([left], [right]) => compareText(left, right)));
}
