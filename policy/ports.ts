// Ports of a rule, by number, range or name. A named port is a name of the receiving container.

import type { PodParty } from './party.ts';
import type { NamedPort } from './world.ts';

export type PortMatch =
  | { readonly kind: 'all'; readonly protocols: readonly string[] }
  | { readonly kind: 'range'; readonly protocols: readonly string[]; readonly from: number; readonly to: number }
  | { readonly kind: 'named'; readonly protocols: readonly string[]; readonly name: string }
  /** `protocol` is ICMP or ICMPv6; the flow's port carries the type. */
  | { readonly kind: 'icmp'; readonly protocols: readonly string[]; readonly type: number };

/** What a named port stands for, in the eyes of one direction and dialect; undefined if it stands for nothing. */
export type NamedPortLookup = (name: string, protocol: string) => number | undefined;

export function matchesPort(match: PortMatch, protocol: string, port: number, lookup: NamedPortLookup): boolean {
  if (!match.protocols.includes(protocol)) return false;
  switch (match.kind) {
    case 'all':
      return true;
    case 'range':
      return port >= match.from && port <= match.to;
    case 'named':
      return lookup(match.name, protocol) === port;
    case 'icmp':
      return port === match.type;
  }
}

/** Names of one pod: the receiving end of the connection. */
export function namedPortsOf(pod: PodParty): NamedPortLookup {
  return (name, protocol) => pod.pod.namedPorts.find((each) => each.name === name && each.protocol === protocol)?.port;
}

/**
 * Cilium's view of named ports on egress: one table over all pods. A name on which two pods disagree stands for nothing,
 * so that the rule, a denying one too, silently has no effect.
 */
export function namedPortsOfAll(pods: readonly PodParty[]): NamedPortLookup {
  const table = new Map<string, number | undefined>();
  for (const { pod } of pods)
    for (const named of pod.namedPorts) {
      const key = keyOf(named.name, named.protocol);
      table.set(key, !table.has(key) || table.get(key) === named.port ? named.port : undefined);
    }
  return (name, protocol) => table.get(keyOf(name, protocol));
}

function keyOf(name: NamedPort['name'], protocol: string): string {
  return `${protocol}/${name}`;
}

export function describePort(match: PortMatch): string {
  const protocols = match.protocols.join('/');
  switch (match.kind) {
    case 'all':
      return /ICMP/.test(protocols) ? `any ${protocols} type` : `any ${protocols} port`;
    case 'range':
      return match.from === match.to ? `${protocols} ${match.from}` : `${protocols} ${match.from}-${match.to}`;
    case 'named':
      return `${protocols} port "${match.name}"`;
    case 'icmp':
      return `${protocols} type ${match.type}`;
  }
}
