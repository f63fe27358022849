// What /api/service-map answers, as far as the stories read it.

export interface ApiVertex {
  readonly id: string;
  readonly namespace?: string;
  readonly name: string;
}

export interface ApiEdge {
  readonly id: string;
  readonly sourceId: string;
  readonly destinationId: string;
  /** 64-bit numbers are text; zero is left out. */
  readonly requests?: string;
  readonly responses?: string;
  readonly dropped?: string;
  readonly drops?: readonly { readonly reason: string; readonly count: string }[];
}

export interface ApiServiceMap {
  readonly vertices?: readonly ApiVertex[];
  readonly edges?: readonly ApiEdge[];
}

export async function fetchServiceMap(pageUrl: string): Promise<ApiServiceMap> {
  const response = await fetch(`${pageUrl}/api/service-map?window=300`);
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as ApiServiceMap;
}

/** Edges between two workloads given as namespace/name, whatever their port. */
export function edgesBetween(map: ApiServiceMap, from: string, to: string): readonly ApiEdge[] {
  const idsOf = (workload: string): Set<string> =>
    new Set(
      (map.vertices ?? [])
        .filter((vertex) => `${vertex.namespace ?? ''}/${vertex.name}` === workload)
        .map(({ id }) => id),
    );
  const [sources, destinations] = [idsOf(from), idsOf(to)];
  return (map.edges ?? []).filter((edge) => sources.has(edge.sourceId) && destinations.has(edge.destinationId));
}

export function sumOf(edges: readonly ApiEdge[], figure: 'requests' | 'responses' | 'dropped'): number {
  return edges.reduce((sum, edge) => sum + Number(edge[figure] ?? 0), 0);
}
