// The ways a rule can name the other end.

import { type Address, contains, type Prefix, parseAddress } from './address.ts';
import { describeSelector, type LabelSelector, matchesLabels } from './label-selector.ts';
import type { Party } from './party.ts';
import type { Peer } from './rule.ts';

/** Whoever carries the labels in its Cilium identity: pods, nodes, the world. */
export function identityPeer(selector: LabelSelector, text = `endpoints with ${describeSelector(selector)}`): Peer {
  return { text, matches: (party) => matchesLabels(selector, party.identityLabels) };
}

/** Kubernetes' pod and namespace selectors. Undefined pods: all pods of those namespaces; undefined namespaces: `own`. */
export function podPeer(own: string, pods: LabelSelector | undefined, namespaces: LabelSelector | undefined): Peer {
  const where = namespaces === undefined ? `namespace ${own}` : `namespaces with ${describeSelector(namespaces)}`;
  return {
    text: `pods of ${where}${pods === undefined || pods.length === 0 ? '' : ` with ${describeSelector(pods)}`}`,
    matches: (party) => {
      if (party.kind !== 'pod') return false;
      const namespaceFits =
        namespaces === undefined ? party.pod.namespace === own : matchesLabels(namespaces, party.namespaceLabels);
      return namespaceFits && (pods === undefined || matchesLabels(pods, party.podLabels));
    },
  };
}

/**
 * Addresses. In Cilium a prefix, even 0.0.0.0/0, never means pods or nodes; Kubernetes' own text leaves pods open, and its
 * engines match them.
 */
export function prefixPeer(prefix: Prefix, except: readonly Prefix[], kinds: ReadonlySet<Party['kind']>): Peer {
  const holds = (address: Address): boolean =>
    contains(prefix, address) && !except.some((hole) => contains(hole, address));
  return {
    text: except.length === 0 ? prefix.text : `${prefix.text} except ${except.map((hole) => hole.text).join(', ')}`,
    asksAddress: kinds.has('pod'),
    matches: (party) => {
      if (!kinds.has(party.kind)) return false;
      return party.kind === 'pod' ? party.addresses.some(holds) : holds(party.address);
    },
  };
}

const entities: Readonly<Record<string, (party: Party) => boolean>> = {
  all: () => true,
  none: () => false,
  world: (party) => party.kind === 'external',
  'world-ipv4': (party) => party.kind === 'external' && party.address.family === 'ipv4',
  'world-ipv6': (party) => party.kind === 'external' && party.address.family === 'ipv6',
  // An API server outside the cluster belongs to it all the same, and to the world.
  cluster: (party) => party.kind !== 'external' || party.kubeApiserver,
  host: (party) => party.kind === 'node' && party.local,
  'remote-node': (party) => party.kind === 'node' && !party.local,
  'kube-apiserver': (party) => party.kind !== 'pod' && party.kubeApiserver,
  // Ends that this world never holds: pods not yet managed, Cilium's own health and ingress endpoints.
  init: () => false,
  health: () => false,
  ingress: () => false,
  unmanaged: () => false,
};

export function entityPeer(name: string): Peer | undefined {
  const matches = Object.hasOwn(entities, name) ? entities[name] : undefined;
  return matches && { text: `entity ${name}`, matches };
}

export const entityNames = Object.keys(entities);

/** External ends by the DNS names under which they were looked up. */
export function fqdnPeer(text: string, matchesName: (name: string) => boolean): Peer {
  return { text, asksNames: true, matches: (party) => party.kind === 'external' && party.names.some(matchesName) };
}

/** The backends of services, where they are given. */
export function addressesPeer(text: string, addresses: readonly string[]): Peer {
  const set = new Set(addresses.map((each) => parseAddress(each)?.text ?? each));
  return {
    text,
    asksAddress: true,
    matches: (party) =>
      party.kind === 'pod' ? party.addresses.some((each) => set.has(each.text)) : set.has(party.address.text),
  };
}
