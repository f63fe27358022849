// Policies and the world compiled once; then each flow is answered with a verdict per direction and the rules that decided.

import { CandidateBudget, PeerCandidates } from './candidates.ts';
import { readCiliumPolicy } from './cilium-policy.ts';
import { Field, PolicyFieldError, type Problem } from './field.ts';
import { admitsRequest, type L7Request } from './l7-rules.ts';
import { readNetworkPolicy } from './network-policy.ts';
import { Parties, type Party, type PodParty } from './party.ts';
import { matchesPort, type NamedPortLookup, namedPortsOf, namedPortsOfAll } from './ports.ts';
import type { Decision, Dialect, Direction, DirectionVerdict, Entry, PolicyName, Section } from './rule.ts';
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
  /** The caller has the rest of the work done by `compile`. */
  readonly inSteps?: boolean;
}

/** Longest work between two pauses of `compile`. */
const stepsMs = 10;

/** The work of compiling, in small pieces. */
type Steps = Generator<undefined, void>;

/** What applies to one group of pods in one direction, laid out for evaluation. */
interface DirectionPolicies {
  readonly sections: readonly Section[];
  readonly denies: readonly Decision[];
  readonly allows: readonly Decision[];
  readonly deniesByDefault: boolean;
  readonly forPods: PeerCandidates;
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
  readonly #unfinished: Steps;
  readonly #byNamespace = new Map<string, Section[]>();
  readonly #byGroup: SubjectPolicies[] = [];
  #egressNames: NamedPortLookup = () => undefined;
  readonly #candidates = new CandidateBudget();

  constructor(objects: readonly unknown[], world: World, options: PolicySetOptions = {}) {
    if (objects.length > maxPolicies)
      throw new Error(`${objects.length} policies are more than the ${maxPolicies} taken at once.`);
    this.dialect = options.dialect ?? (objects.some(isCilium) ? 'cilium' : 'kubernetes');
    const sections: Section[] = [];
    const problems: Problem[] = [];
    this.sections = sections;
    this.problems = problems;
    this.parties = new Parties(world, options.inSteps);
    this.#unfinished = this.#steps(objects, world, sections, problems);
    if (options.inSteps !== true) while (this.#unfinished.next().done !== true);
  }

  /**
   * As the constructor, with a pause after each 10 ms of work.
   * @param pause lets others run: setImmediate, or a task of the browser's
   */
  static async compile(
    objects: readonly unknown[],
    world: World,
    options: Omit<PolicySetOptions, 'inSteps'>,
    pause: () => Promise<unknown>,
  ): Promise<PolicySet> {
    const set = new PolicySet(objects, world, { ...options, inSteps: true });
    let pauseAt = performance.now() + stepsMs;
    for (const _ of set.#unfinished) {
      if (performance.now() < pauseAt) continue;
      await pause();
      pauseAt = performance.now() + stepsMs;
    }
    return set;
  }

  *#steps(objects: readonly unknown[], world: World, sections: Section[], problems: Problem[]): Steps {
    yield* this.parties.steps();
    for (const [index, object] of objects.entries()) {
      for (const section of readPolicy(object, index, this.dialect, world, problems)) {
        sections.push(section);
        const known = this.#byNamespace.get(section.policy.namespace);
        if (known === undefined) this.#byNamespace.set(section.policy.namespace, [section]);
        else known.push(section);
      }
      yield undefined;
    }
    this.#egressNames = namedPortsOfAll(this.parties.pods);
    for (const pod of this.parties.pods) {
      this.sectionsOf(pod);
      yield undefined;
    }
  }

  /** Sections that select the pod. Kept by group: pods of one workload share the answer. */
  sectionsOf(pod: PodParty): SubjectPolicies {
    const known = this.#byGroup[pod.group];
    if (known !== undefined) return known;
    // A namespaced policy selects in its own namespace only, so the others need not be asked.
    const candidates = [...(this.#byNamespace.get(pod.pod.namespace) ?? []), ...(this.#byNamespace.get('') ?? [])];
    const selecting = candidates.filter((section) => section.selects(pod));
    const found = {
      ingress: decisionsOf(selecting, 'ingress', this.#candidates),
      egress: decisionsOf(selecting, 'egress', this.#candidates),
    };
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
    if (peer.kind !== 'pod' || peer === subject) return this.#decide(direction, flow, policies, policies);
    const candidates = policies.forPods.of(peer);
    const { known } = candidates;
    const key = known && answerKey(flow);
    if (known === undefined || key === undefined) return this.#decide(direction, flow, policies, candidates);
    const before = known.get(key);
    if (before !== undefined) return before;
    const verdict = this.#decide(direction, flow, policies, candidates);
    if (known.size < maxAnswersKept) known.set(key, verdict);
    return verdict;
  }

  #decide(
    direction: Direction,
    flow: PolicyFlow,
    policies: DirectionPolicies,
    candidates: Pick<DirectionPolicies, 'denies' | 'allows'>,
  ): DirectionVerdict {
    const [subject, peer] = direction === 'ingress' ? [flow.destination, flow.source] : [flow.source, flow.destination];
    const lookup = subject.kind === 'pod' ? this.namedPorts(direction, subject, peer) : () => undefined;
    const denials = matching(candidates.denies, peer, flow, lookup);
    if (denials.length > 0)
      return {
        verdict: 'denied',
        enforced: true,
        by: references(denials),
        decisions: denials,
        dependsOnRequest: false,
      };
    const allows = matching(candidates.allows, peer, flow, lookup);
    const admitting = allows.some(({ entry }) => entry.l7 !== undefined)
      ? allows.filter(({ entry }) => entry.l7 === undefined || admitsRequest(entry.l7, flow.request) !== 'no')
      : allows;
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
    return allows.length > 0 || policies.deniesByDefault ? byDefault.denied : byDefault.allowed;
  }

  /** What named ports mean for a direction: see ports.ts. */
  namedPorts(direction: Direction, subject: PodParty, peer: Party): NamedPortLookup {
    if (direction === 'ingress') return namedPortsOf(subject);
    if (this.dialect === 'cilium') return this.#egressNames;
    return peer.kind === 'pod' ? namedPortsOf(peer) : () => undefined;
  }
}

/** Ports of one pair of groups whose answers are kept. */
const maxAnswersKept = 64;

const protocolNumbers: Readonly<Record<string, number>> = { TCP: 0, UDP: 1, SCTP: 2, ICMP: 3, ICMPv6: 4 };

function answerKey({ protocol, port }: PolicyFlow): number | undefined {
  const number = protocolNumbers[protocol];
  return number === undefined ? undefined : port * 8 + number;
}

const allowed = { verdict: 'allowed', by: [], decisions: [], dependsOnRequest: false } as const;

const notEnforced = {
  ingress: { ...allowed, enforced: false, by: ['allow-any-ingress'] },
  egress: { ...allowed, enforced: false, by: ['allow-any-egress'] },
} as const;

const byDefault = {
  allowed: { ...allowed, enforced: true },
  denied: { ...allowed, verdict: 'denied', enforced: true },
} as const;

function decisionsOf(sections: readonly Section[], direction: Direction, budget: CandidateBudget): DirectionPolicies {
  const ours = sections.filter((section) => section.direction === direction);
  const all = ours.flatMap((section) => section.entries.map((entry) => ({ section, entry })));
  const rules = {
    denies: all.filter(({ entry }) => entry.action === 'deny'),
    allows: all.filter(({ entry }) => entry.action === 'allow'),
  };
  return {
    ...rules,
    sections: ours,
    deniesByDefault: ours.some((section) => section.defaultDeny),
    forPods: new PeerCandidates(rules, budget),
  };
}

const none: readonly Decision[] = [];

function matching(
  rules: readonly Decision[],
  peer: Party,
  flow: PolicyFlow,
  lookup: NamedPortLookup,
): readonly Decision[] {
  if (rules.length === 0) return none;
  let found: Decision[] | undefined;
  for (const rule of rules) {
    if (!matchesPorts(rule.entry, flow, lookup) || !matchesPeers(rule.entry, peer)) continue;
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
  if (decisions.length === 1 && only !== undefined) return [only.section.reference];
  return [...new Set(decisions.map(({ section }) => section.reference))];
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
