// The namespaces of the flows in a ring: what GetNamespaces answers. Looked for when asked, over the distinct endpoint ids
// of the columns, so that it costs nothing until then.

import type { Namespace } from '#proto/gen/observer/observer.ts';
import { KIND_FLOW } from './columns.ts';
import type { FlowRing } from './flow-ring.ts';

/** Namespaces unseen for this long are left out, as Hubble does: an hour. */
const REMEMBERED_SECONDS = 3600;

/** Sorted by cluster, then by name. Endpoints whose ids are no longer live are not looked at. */
export function namespacesOf(ring: FlowRing, nowMs: number): Namespace[] {
  const { columns, endpoints } = ring;
  const { kind, timeSeconds, sourceId, destinationId, slotMask } = columns;
  const since = nowMs / 1000 - REMEMBERED_SECONDS;
  const seen = new Uint8Array(endpoints.slots);
  const found = new Map<string, Namespace>();
  const look = (id: number) => {
    const slot = id & (endpoints.slots - 1);
    if (seen[slot] === 1 || !endpoints.isLive(id)) return;
    seen[slot] = 1;
    const endpoint = endpoints.describe(id)?.endpoint;
    if (endpoint === undefined || endpoint.namespace === '') return;
    const cluster = endpoint.clusterName;
    found.set(`${cluster}/${endpoint.namespace}`, { cluster, namespace: endpoint.namespace });
  };
  for (let sequence = ring.oldest; sequence < ring.next; sequence++) {
    const slot = sequence & slotMask;
    if (kind[slot] !== KIND_FLOW || (timeSeconds[slot] as number) < since) continue;
    look(sourceId[slot] as number);
    look(destinationId[slot] as number);
  }
  return [...found.values()].sort(compareNamespaces);
}

/** By cluster, then by name. */
export function compareNamespaces(left: Namespace, right: Namespace): number {
  return compare(left.cluster, right.cluster) || compare(left.namespace, right.namespace);
}

/** By code units, as Go compares strings. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
