// Sightings to what counts: groups them by connection place, chooses the views whose figures stand, and gives their ends
// the best names known. What a map or a series adds up. Pure.

import { MeshKind } from '#proto/gen/parallax/v1/flow_details.ts';
import { bestName, chooseViews, type Sighting } from './choose-view.ts';
import { type MapEnd, RANK_WORKLOAD } from './map-end.ts';

/** Figures of one sighting that stand for the edge between two ends: its packets, its requests, or its drops. */
export interface CountedPart {
  readonly counts: 'traffic' | 'requests' | 'drops';
  readonly sighting: Sighting;
  readonly source: MapEnd;
  readonly destination: MapEnd;
  /** Of a proxy that told of this connection, whether its figures stand or others'. */
  readonly mesh: MeshKind;
}

export function* countedParts(sightings: readonly Sighting[]): Generator<CountedPart> {
  const workloads = workloadsByPlace(sightings);
  for (const group of groupByPlaces(sightings)) {
    const choice = chooseViews(group);
    const openers = group.map(({ record }) => record.opener);
    const servers = group.map(({ record }) => record.server);
    const mesh = group.find(({ record }) => record.mesh !== 0)?.record.mesh ?? MeshKind.MESH_KIND_UNKNOWN;
    for (const counts of ['traffic', 'requests', 'drops'] as const) {
      for (const sighting of choice[counts]) {
        const source = nameOf(sighting.record.opener, openers, workloads);
        yield { counts, sighting, source, destination: nameOf(sighting.record.server, servers, workloads), mesh };
      }
    }
  }
}

function nameOf(own: MapEnd, others: readonly MapEnd[], workloads: ReadonlyMap<string, MapEnd | undefined>): MapEnd {
  const agreed = bestName(own, others);
  return agreed.rank >= RANK_WORKLOAD ? agreed : (workloads.get(agreed.place) ?? agreed);
}

function groupByPlaces(sightings: readonly Sighting[]): Iterable<Sighting[]> {
  const groups = new Map<string, Sighting[]>();
  for (const one of sightings) {
    const { opener, server, port, protocol } = one.record;
    const key = `${opener.place}>${server.place}:${port}/${protocol}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups.values();
}

/** Workloads by address, learned from whoever names them; undefined where two have the same address. */
function workloadsByPlace(sightings: readonly Sighting[]): Map<string, MapEnd | undefined> {
  const workloads = new Map<string, MapEnd | undefined>();
  for (const { record } of sightings) {
    for (const end of [record.opener, record.server]) {
      if (end.rank < RANK_WORKLOAD) continue;
      const known = workloads.get(end.place);
      if (!workloads.has(end.place)) workloads.set(end.place, end);
      else if (known !== undefined && known.vertex.id !== end.vertex.id) workloads.set(end.place, undefined);
    }
  }
  return workloads;
}
