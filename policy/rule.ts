// The one form into which every kind of policy is read. A section is what one rule says about one direction; its entries allow
// or deny; a direction with a section that denies by default admits only what an entry allows.

import type { Party, PodParty } from './party.ts';
import type { PortMatch } from './ports.ts';

export type Direction = 'ingress' | 'egress';
export type Dialect = 'kubernetes' | 'cilium';

export interface PolicyName {
  readonly kind: 'NetworkPolicy' | 'CiliumNetworkPolicy' | 'CiliumClusterwideNetworkPolicy';
  /** Empty for a cluster-wide policy. */
  readonly namespace: string;
  readonly name: string;
}

export interface Peer {
  /** In words, for explanations: "pods of shop with app=web". */
  readonly text: string;
  matches(party: Party): boolean;
  /** True where the answer depends on the DNS names of the other end, which may not be known. */
  readonly asksNames?: boolean;
  /** True where pods of one group may differ, since it goes by their addresses. */
  readonly asksAddress?: boolean;
}

/** What an L7 rule asks beyond the connection; evaluated only where the request is known. */
export interface L7Rules {
  readonly http: readonly HttpRule[];
  readonly dns: readonly ((query: string) => boolean)[];
  readonly text: string;
}

export interface HttpRule {
  readonly method?: RegExpLike;
  readonly path?: RegExpLike;
  readonly host?: RegExpLike;
  readonly headers: readonly { readonly name: string; readonly value?: string }[];
}

export interface RegExpLike {
  matches(text: string): boolean;
}

export interface Entry {
  /** Where it stands: "ingress[0]", "spec.egressDeny[2]". */
  readonly path: string;
  readonly action: 'allow' | 'deny';
  /** Undefined: any peer. Empty: none. */
  readonly peers: readonly Peer[] | undefined;
  /** Undefined: any protocol and port. Empty: none. */
  readonly ports: readonly PortMatch[] | undefined;
  readonly l7: L7Rules | undefined;
}

export interface Section {
  readonly policy: PolicyName;
  /** policyReference(policy), made once. */
  readonly reference: string;
  readonly direction: Direction;
  readonly subjectText: string;
  selects(pod: PodParty): boolean;
  readonly defaultDeny: boolean;
  readonly entries: readonly Entry[];
}

/** A rule, and whose it is. */
export interface Decision {
  readonly section: Section;
  readonly entry: Entry;
}

export interface DirectionVerdict {
  readonly verdict: 'allowed' | 'denied';
  /** Some policy of this direction selects the pod. */
  readonly enforced: boolean;
  /** Where the deciding rules come from; empty: default deny, or default allow where policies switch default deny off. */
  readonly by: readonly string[];
  readonly decisions: readonly Decision[];
  /** True where an L7 rule would decide and the request was not seen: the connection is admitted, the request may not be. */
  readonly dependsOnRequest: boolean;
}

/** `Kind:namespace/name`, or `Kind:name` for a cluster-wide policy. */
export function policyReference(policy: PolicyName): string {
  return policy.namespace === ''
    ? `${policy.kind}:${policy.name}`
    : `${policy.kind}:${policy.namespace}/${policy.name}`;
}
