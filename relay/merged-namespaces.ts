// GetNamespaces of a relay: what its peers know and what its own ring has seen. Peers that fail or dally are left out.

import type { FlowRing } from '#observer/flow-ring.ts';
import { compareNamespaces, namespacesOf } from '#observer/namespaces.ts';
import type { Namespace } from '#proto/gen/observer/observer.ts';
import type { FollowedPeer } from './peers/followed-peer.ts';

/** Sorted by cluster, then by name. */
export async function mergedNamespaces(
  ring: FlowRing,
  peers: Iterable<FollowedPeer>,
  nowMs: number,
): Promise<Namespace[]> {
  const answers = await Promise.allSettled([...peers].map((peer) => peer.namespaces()));
  const told = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const found = new Map<string, Namespace>();
  for (const one of [...namespacesOf(ring, nowMs), ...told]) found.set(`${one.cluster}/${one.namespace}`, one);
  return [...found.values()].sort(compareNamespaces);
}
