// Which filters the aggregate answers by itself. Its records are kept by both ends of a connection and not by the direction of a
// flow, so what it can leave out is what has no end in a namespace: "namespace:shop" on the page, `--namespace shop` of
// hubble. Everything else is asked of the flows themselves. Pure.

import { FlowFilter } from '#proto/gen/flow/flow.ts';

const wholeNamespace = /^([^/]+)\/$/;

/** @returns the namespaces, if the filter passes exactly the flows with an end in one of them; else undefined */
export function namespacesOf(
  whitelist: readonly FlowFilter[],
  blacklist: readonly FlowFilter[],
): ReadonlySet<string> | undefined {
  if (blacklist.length > 0 || whitelist.length === 0) return undefined;
  const sources = new Set<string>();
  const destinations = new Set<string>();
  for (const filter of whitelist) {
    const { sourcePod, destinationPod, ...rest } = filter;
    if ((sourcePod.length === 0) === (destinationPod.length === 0) || !isEmpty(rest)) return undefined;
    const side = sourcePod.length > 0 ? sources : destinations;
    for (const pattern of [...sourcePod, ...destinationPod]) {
      const namespace = wholeNamespace.exec(pattern)?.[1];
      if (namespace === undefined) return undefined;
      side.add(namespace);
    }
  }
  const isEither = sources.size === destinations.size && [...sources].every((name) => destinations.has(name));
  return isEither ? sources : undefined;
}

/** True if no other field asks for anything. */
function isEmpty(rest: Omit<FlowFilter, 'sourcePod' | 'destinationPod'>): boolean {
  return FlowFilter.encode({ ...FlowFilter.create(), ...rest }).finish().length === 0;
}
