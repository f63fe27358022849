// The last source of names: addresses told to us as nodes or API server, and everything else as `world`.
import { canonicalAddress } from '#kubernetes/addresses.ts';
import type { EndpointInfo } from '#kubernetes/endpoint-info.ts';
import { reservedEndpoint } from '#kubernetes/identities.ts';
import type { EndpointLookup } from './endpoint-lookup.ts';

export interface ReservedAddresses {
  readonly remoteNodes?: readonly string[];
  readonly kubeApiserver?: readonly string[];
  /** Health endpoints of the network plugin. */
  readonly health?: readonly string[];
  /** Endpoints on this node that nothing manages. */
  readonly unmanaged?: readonly string[];
}

/** Knows every address: what is not listed is outside. */
export function reservedAddresses(known: ReservedAddresses = {}): EndpointLookup {
  const endpoints = new Map<string, EndpointInfo>();
  const add = (addresses: readonly string[] | undefined, endpoint: EndpointInfo) => {
    for (const address of addresses ?? []) endpoints.set(canonicalAddress(address) ?? address, endpoint);
  };
  add(known.unmanaged, reservedEndpoint('unmanaged'));
  add(known.health, reservedEndpoint('health'));
  add(known.remoteNodes, reservedEndpoint('remote-node'));
  for (const address of known.kubeApiserver ?? []) {
    const isNode = known.remoteNodes?.includes(address) === true;
    add([address], reservedEndpoint('kube-apiserver', isNode ? 'remote-node' : 'world'));
  }
  const world = reservedEndpoint('world');
  return { byAddress: (address) => endpoints.get(address) ?? world };
}
