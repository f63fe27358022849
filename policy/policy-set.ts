// Policies and the world compiled once; then each flow is answered with a verdict per direction and the rules that decided.

import { readCiliumPolicy } from './cilium-policy.ts';
import { Field, PolicyFieldError, type Problem } from './field.ts';
import { admitsRequest, type L7Request } from './l7-rules.ts';
import { readNetworkPolicy } from './network-policy.ts';
import { Parties, type Party, type PodParty } from './party.ts';
import { matchesPort, type NamedPortLookup, namedPortsOf, namedPortsOfAll } from './ports.ts';
import { type Dialect, type Direction, type Entry, type PolicyName, policyReference, type Section } from './rule.ts';
import type { World } from './world.ts';

/** Most policies one set takes; more is refused in words rather than tried. */
export const maxPolicies = 50_000;

/** Kinds that a set takes. */
export const policyKinds: ReadonlySet<string> = new Set([
  'NetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
]);

export interface PolicyFlow {
  readonly source: Party;
  readonly destination: Party;
  /** TCP, UDP, SCTP, ICMP or ICMPv6. */
  readonly protocol: string;
  /** Destination port, after service translation; for ICMP the type. */
  readonly port: number;
  readonly request?: L7Request;
}

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

export interface FlowVerdict {
  /** Undefined where that side is no pod: no policy applies there. */
  readonly egress: DirectionVerdict | undefined;
  readonly ingress: DirectionVerdict | undefined;
  /** Denied if either side denies. */
  readonly verdict: 'allowed' | 'denied';
}

export interface PolicySetOptions {
  /** Default: Cilium's if any Cilium policy is among the objects, else Kubernetes'. */
  readonly dialect?: Dialect;
}

/** What applies to one group of pods in one direction, laid out for evaluation. */
interface DirectionPolicies {
  readonly sections: readonly Section[];
  readonly denies: readonly Decision[];
  readonly allows: readonly Decision[];
}

interface SubjectPolicies {
  readonly ingress: DirectionPolicies;
  readonly egress: DirectionPolicies;
}

export class PolicySet {
  readonly dialect: Dialect;
  readonly parties: Parties;
  readonly sections: readonly Section[];
  readonly problems: readonly Problem[];
  readonly #byNamespace = new Map<string, Section[]>();
  readonly #byGroup: SubjectPolicies[] = [];
  readonly #egressNames: NamedPortLookup;

  constructor(objects: readonly unknown[], world: World, options: PolicySetOptions = {}) {
    if (objects.length > maxPolicies)
      throw new Error(`${objects.length} policies are more than the ${maxPolicies} taken at once.`);
    this.dialect = options.dialect ?? (objects.some(isCilium) ? 'cilium' : 'kubernetes');
    this.parties = new Parties(world);
    const problems: Problem[] = [];
    this.sections = objects.flatMap((object, index) => readPolicy(object, index, this.dialect, world, problems));
    this.problems = problems;
    for (const section of this.sections) {
      const known = this.#byNamespace.get(section.policy.namespace);
      if (known === undefined) this.#byNamespace.set(section.policy.namespace, [section]);
      else known.push(section);
    }
    this.#egressNames = namedPortsOfAll(this.parties.pods);
    for (const pod of this.parties.pods) this.sectionsOf(pod);
  }

  /** Sections that select the pod. Kept by group: pods of one workload share the answer. */
  sectionsOf(pod: PodParty): SubjectPolicies {
    const known = this.#byGroup[pod.group];
    if (known !== undefined) return known;
    // A namespaced policy selects in its own namespace only, so the others need not be asked.
    const candidates = [...(this.#byNamespace.get(pod.pod.namespace) ?? []), ...(this.#byNamespace.get('') ?? [])];
    const selecting = candidates.filter((section) => section.selects(pod));
    const found = { ingress: decisionsOf(selecting, 'ingress'), egress: decisionsOf(selecting, 'egress') };
    this.#byGroup[pod.group] = found;
    return found;
  }

  evaluate(flow: PolicyFlow): FlowVerdict {
    const egress = this.evaluateDirection('egress', flow);
    const ingress = this.evaluateDirection('ingress', flow);
    const denied = egress?.verdict === 'denied' || ingress?.verdict === 'denied';
    return { egress, ingress, verdict: denied ? 'denied' : 'allowed' };
  }

  evaluateDirection(direction: Direction, flow: PolicyFlow): DirectionVerdict | undefined {
    const [subject, peer] = direction === 'ingress' ? [flow.destination, flow.source] : [flow.source, flow.destination];
    if (subject.kind !== 'pod') return undefined;
    const policies = this.sectionsOf(subject)[direction];
    if (policies.sections.length === 0) return notEnforced[direction];
    const lookup = this.namedPorts(direction, subject, peer);
    const denials = matching(policies.denies, peer, flow, lookup);
    if (denials.length > 0)
      return {
        verdict: 'denied',
        enforced: true,
        by: references(denials),
        decisions: denials,
        dependsOnRequest: false,
      };
    const allows = matching(policies.allows, peer, flow, lookup);
    const admitting = allows.filter(
      ({ entry }) => entry.l7 === undefined || admitsRequest(entry.l7, flow.request) !== 'no',
    );
    // A pod's own node may always reach it (probes), whatever denies by default.
    if (direction === 'ingress' && peer.kind === 'node' && peer.local)
      return {
        ...allowed,
        enforced: true,
        by: [...references(admitting), 'allow-localhost-ingress'],
        decisions: admitting,
      };
    if (admitting.length > 0) {
      const certain = admitting.some(
        ({ entry }) => entry.l7 === undefined || admitsRequest(entry.l7, flow.request) === 'yes',
      );
      return {
        verdict: 'allowed',
        enforced: true,
        by: references(admitting),
        decisions: admitting,
        dependsOnRequest: !certain,
      };
    }
    if (this.dialect === 'kubernetes' && subject === peer) return { ...allowed, enforced: true, by: ['allow-self'] };
    const deniesByDefault = allows.length > 0 || policies.sections.some((section) => section.defaultDeny);
    return { ...allowed, verdict: deniesByDefault ? 'denied' : 'allowed', enforced: true };
  }

  /** What named ports mean for a direction: see ports.ts. */
  namedPorts(direction: Direction, subject: PodParty, peer: Party): NamedPortLookup {
    if (direction === 'ingress') return namedPortsOf(subject);
    if (this.dialect === 'cilium') return this.#egressNames;
    return peer.kind === 'pod' ? namedPortsOf(peer) : () => undefined;
  }
}

const allowed = { verdict: 'allowed', by: [], decisions: [], dependsOnRequest: false } as const;

const notEnforced = {
  ingress: { ...allowed, enforced: false, by: ['allow-any-ingress'] },
  egress: { ...allowed, enforced: false, by: ['allow-any-egress'] },
} as const;

function decisionsOf(sections: readonly Section[], direction: Direction): DirectionPolicies {
  const ours = sections.filter((section) => section.direction === direction);
  const all = ours.flatMap((section) => section.entries.map((entry) => ({ section, entry })));
  return {
    sections: ours,
    denies: all.filter(({ entry }) => entry.action === 'deny'),
    allows: all.filter(({ entry }) => entry.action === 'allow'),
  };
}

const none: readonly Decision[] = [];

function matching(
  rules: readonly Decision[],
  peer: Party,
  flow: PolicyFlow,
  lookup: NamedPortLookup,
): readonly Decision[] {
  let found: Decision[] | undefined;
  for (const rule of rules) {
    if (!matchesPeers(rule.entry, peer) || !matchesPorts(rule.entry, flow, lookup)) continue;
    if (found === undefined) found = [rule];
    else found.push(rule);
  }
  return found ?? none;
}

export function matchesPeers(entry: Entry, peer: Party): boolean {
  return entry.peers === undefined || entry.peers.some((each) => each.matches(peer));
}

export function matchesPorts(entry: Entry, flow: PolicyFlow, lookup: NamedPortLookup): boolean {
  return entry.ports === undefined || entry.ports.some((each) => matchesPort(each, flow.protocol, flow.port, lookup));
}

function references(decisions: readonly Decision[]): string[] {
  const [only] = decisions;
  if (decisions.length === 1 && only !== undefined) return [policyReference(only.section.policy)];
  return [...new Set(decisions.map(({ section }) => policyReference(section.policy)))];
}

function isCilium(object: unknown): boolean {
  return /^Cilium(Clusterwide)?NetworkPolicy$/.test(String((object as { kind?: unknown } | null)?.kind ?? ''));
}

function readPolicy(
  object: unknown,
  index: number,
  dialect: Dialect,
  world: World,
  problems: Problem[],
): readonly Section[] {
  let reference = 'an object';
  const warn = (field: string, message: string): void =>
    void problems.push({ severity: 'warning', object: index, policy: reference, field, message });
  try {
    const root = new Field(object, '', warn);
    const kind = root.get('kind').text();
    const name = root.get('metadata').get('name').text() ?? '';
    const namespace =
      kind === 'CiliumClusterwideNetworkPolicy' ? '' : (root.get('metadata').get('namespace').text() ?? 'default');
    reference = `${kind ?? 'object'}:${namespace === '' ? '' : `${namespace}/`}${name}`;
    if (kind === 'NetworkPolicy') return readNetworkPolicy({ kind, namespace, name }, root.get('spec'), dialect);
    if (kind === 'CiliumNetworkPolicy' || kind === 'CiliumClusterwideNetworkPolicy') {
      const policy: PolicyName = { kind, namespace, name };
      return readCiliumPolicy(policy, root, world);
    }
    throw new PolicyFieldError('kind', `"${kind ?? ''}" is no kind of policy known here`);
  } catch (error) {
    if (!(error instanceof PolicyFieldError)) throw error;
    problems.push({ severity: 'error', object: index, policy: reference, field: error.field, message: error.message });
    return [];
  }
}
