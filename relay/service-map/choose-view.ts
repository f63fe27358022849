// Count once. One connection is seen by up to two nodes, on each at up to several points, and maybe by a proxy. All
// records of one pair of places, port and protocol are those views; this says which of them give the figures. Pure.
//
// 1. Packets and connections: the server's node (ingress), else the opener's node (egress), else any other; of the points
//    and nodes within that direction the one that saw most. One exception: where the server's node knows only an
//    address and the opener's node tells several processes behind it apart, the opener's node.
// 2. Requests: the same order among the views that saw L7, packets before access logs.
// 3. Drops: where a packet was dropped nobody further along saw it, so each node's drops are its own and are added; of
//    the points of one node the one that saw most (a policy verdict and the drop it leads to are one drop).
//
// A choice is for the whole window: chosen bucket by bucket, a request whose two sightings fall on both sides of a
// bucket's edge could count twice or never.

import { DROPPED, FLOWS, REQUESTS, RESPONSES, type RecordTotals } from './buckets.ts';
import { type MapEnd, RANK_EXTERNAL } from './map-end.ts';
import type { MapRecord } from './record-table.ts';

/** A record with its totals over the window. */
export interface Sighting {
  /** The record's number, by which buckets know it. */
  readonly index: number;
  readonly record: MapRecord;
  readonly totals: RecordTotals;
}

export interface Choice {
  readonly traffic: readonly Sighting[];
  readonly requests: readonly Sighting[];
  readonly drops: readonly Sighting[];
}

const INGRESS = 1;
const EGRESS = 2;
const OTHER = 0;
const byPreference = [INGRESS, EGRESS, OTHER];

/** @param sightings all records of one pair of places, port and protocol that were active in the window */
export function chooseViews(sightings: readonly Sighting[]): Choice {
  const packets = sightings.filter((one) => !one.record.view.isL7);
  const messages = sightings.filter((one) => one.record.view.isL7);
  const requests = chooseRequests(messages);
  const traffic = chooseTraffic(packets);
  return {
    traffic: traffic.length > 0 ? traffic : requests,
    requests,
    drops: [...chooseDrops(packets), ...chooseDrops(messages)],
  };
}

function chooseTraffic(packets: readonly Sighting[]): readonly Sighting[] {
  const of = (direction: number) =>
    [false, true].flatMap((isReply) => {
      const there = packets.filter(({ record: { view } }) => view.direction === direction && view.isReply === isReply);
      return busiest(there, trafficOf);
    });
  const ingress = of(INGRESS);
  if (ingress.length > 0) {
    const egress = of(EGRESS);
    return namesOpener(ingress) || namedOpeners(egress).size < 2 ? ingress : egress;
  }
  const egress = of(EGRESS);
  return egress.length > 0 ? egress : of(OTHER);
}

function chooseRequests(messages: readonly Sighting[]): readonly Sighting[] {
  for (const isAccessLog of [false, true]) {
    const told = messages.filter((one) => one.record.view.isAccessLog === isAccessLog);
    for (const direction of byPreference) {
      const chosen = busiest(told.filter(isFrom(direction)), requestsOf);
      if (chosen.length > 0) return chosen;
    }
  }
  return [];
}

function chooseDrops(sightings: readonly Sighting[]): readonly Sighting[] {
  const byNode = new Map<string, Sighting[]>();
  for (const one of sightings) {
    if (counter(one, DROPPED) === 0) continue;
    const key = `${one.record.view.node}/${one.record.view.direction}`;
    const group = byNode.get(key);
    if (group === undefined) byNode.set(key, [one]);
    else group.push(one);
  }
  return [...byNode.values()].flatMap((group) => busiest(group, (one) => counter(one, DROPPED)));
}

/** Of the sightings those of the one node and point with the largest sum, without views where that is 0. Ties: the lower numbers. */
function busiest(sightings: readonly Sighting[], amountOf: (one: Sighting) => number): readonly Sighting[] {
  if (sightings.length < 2) return sightings.filter((one) => amountOf(one) > 0);
  const byView = new Map<string, { amount: number; node: number; point: number; members: Sighting[] }>();
  for (const one of sightings) {
    const { node, point } = one.record.view;
    const key = `${node}/${point}`;
    const view = byView.get(key) ?? { amount: 0, node, point, members: [] };
    view.amount += amountOf(one);
    view.members.push(one);
    byView.set(key, view);
  }
  const [best] = [...byView.values()].sort((a, b) => b.amount - a.amount || a.node - b.node || a.point - b.point);
  return best === undefined || best.amount === 0 ? [] : best.members;
}

function isFrom(direction: number): (one: Sighting) => boolean {
  return ({ record }) => record.view.direction === direction;
}

function counter(one: Sighting, column: number): number {
  return one.totals.counters[column] as number;
}

function trafficOf(one: Sighting): number {
  return counter(one, FLOWS) - counter(one, DROPPED);
}

function requestsOf(one: Sighting): number {
  return Math.max(counter(one, REQUESTS), counter(one, RESPONSES));
}

function namesOpener(sightings: readonly Sighting[]): boolean {
  return sightings.every(({ record }) => record.opener.rank > RANK_EXTERNAL);
}

function namedOpeners(sightings: readonly Sighting[]): Set<string> {
  return new Set(
    sightings.filter(({ record }) => record.opener.rank > RANK_EXTERNAL).map(({ record }) => record.opener.vertex.id),
  );
}

/**
 * The name to show for one end of a chosen record: its own, or the better one that others have for the same place, if
 * they agree on it.
 */
export function bestName(own: MapEnd, candidates: Iterable<MapEnd>): MapEnd {
  let best = own;
  let isAgreed = true;
  for (const candidate of candidates) {
    if (candidate.rank > best.rank) {
      best = candidate;
      isAgreed = true;
    } else if (candidate.rank === best.rank && best !== own && candidate.vertex.id !== best.vertex.id) isAgreed = false;
  }
  return isAgreed ? best : own;
}
