// A node may be told of by two peers: we follow it ourselves and a relay that follows it too, or two such relays. What is said
// of it then counts once. Pure.

import type { Node } from '#proto/gen/observer/observer.ts';
import type { HopCoverage } from '#proto/gen/parallax/v1/dashboard.ts';

/**
 * One entry for each hop of a node, in the order in which they are first told: the one that has seen most, as the others are
 * older or were told by a relay that lost some on its way. Hops of no node are each their own.
 */
export function hopsOnce(hops: Iterable<HopCoverage>): HopCoverage[] {
  const kept = new Map<unknown, HopCoverage>();
  for (const hop of hops) {
    const key = hop.nodeName === '' ? hop : `${hop.hop} ${hop.nodeName}`;
    const known = kept.get(key);
    if (known === undefined || hop.seen > known.seen) kept.set(key, hop);
  }
  return [...kept.values()];
}

/**
 * The nodes that are followed, and of those behind relays the ones that are not among them. What is followed under one name at
 * two addresses stays two: that is for people to see.
 */
export function nodesOnce(followed: readonly Node[], behind: readonly Node[]): Node[] {
  const names = new Set(followed.map(({ name }) => name));
  const others = new Map<string, Node>();
  for (const node of behind) {
    const known = others.get(node.name);
    if (!names.has(node.name) && (known === undefined || node.seenFlows > known.seenFlows)) others.set(node.name, node);
  }
  return [...followed, ...others.values()];
}
