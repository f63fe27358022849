// What policy says of an observed flow, next to what was observed: names for Hubble's fields and the explanation. The
// observed verdict is never touched, and what the source said of policies stands; ours only fills what it left out.

import { type Flow, Policy, Verdict } from '#proto/gen/flow/flow.ts';
import { PolicyExplanation_Agreement as Agreement, PolicyExplanation } from '#proto/gen/parallax/v1/flow_details.ts';
import { explainDirection } from './explain.ts';
import type { JudgedFlow } from './observed-flow.ts';
import type { PolicySet } from './policy-set.ts';
import { type Decision, type Direction, type DirectionVerdict, type PolicyName, policyReference } from './rule.ts';

/** Rules told in each direction of an explanation: some 200 bytes each, kept with every flow. */
const maxRulesTold = 6;
/** Policies named in each field of a flow. */
const maxNames = 8;

export type PolicyField = 'egressAllowedBy' | 'ingressAllowedBy' | 'egressDeniedBy' | 'ingressDeniedBy';

export interface Annotation {
  /** Hubble's numbers: 0 none, 1 L3, 2 L3 and L4, 3 L4, 4 all, 5 L3 and protocol, 6 protocol. */
  readonly matchType: number;
  /** To be added where the source named none for that direction. */
  readonly names: Readonly<Partial<Record<PolicyField, readonly Policy[]>>>;
  readonly explanation: PolicyExplanation;
}

/** Of a flow, what the annotation depends on beside its ends and ports. */
type Observed = Pick<Flow, PolicyField | 'verdict' | 'trafficDirection'>;

export function annotateFlow(set: PolicySet, judged: JudgedFlow, flow: Observed): Annotation {
  const { verdict } = judged;
  const wasRefused = isRefused(flow.verdict);
  const names: Partial<Record<PolicyField, readonly Policy[]>> = {};
  for (const direction of ['egress', 'ingress'] as const) {
    if (said(flow, direction).length > 0) continue;
    if (judged.doubts.some((doubt) => doubt.direction === direction && doubt.kind !== 'request')) continue;
    const ours = policiesOf(set, direction, judged, verdict[direction]);
    if (ours.length === 0) continue;
    const denies = verdict[direction]?.verdict === 'denied';
    // A field that contradicts the observed verdict would read as if the source had said so.
    if (denies && !wasRefused) continue;
    names[`${direction}${denies ? 'DeniedBy' : 'AllowedBy'}`] = ours.slice(0, maxNames).map(toPolicy);
  }
  const reasons = (direction: Direction): string[] => {
    const own = verdict[direction];
    const doubts = judged.doubts.filter((doubt) => doubt.direction === direction).map(({ text }) => text);
    return own === undefined
      ? doubts
      : [...explainDirection(set, direction, judged.flow, own, maxRulesTold), ...doubts];
  };
  const agreement = agreementOf(set, judged, flow);
  return {
    matchType: matchTypeOf(verdict[flow.trafficDirection === 2 ? 'egress' : 'ingress']),
    names,
    explanation: PolicyExplanation.fromPartial({
      agreement,
      summary: summaryOf(agreement, set, judged, flow),
      egressReasons: reasons('egress'),
      ingressReasons: reasons('ingress'),
      egressDefaultDenied: isDefaultDenied(verdict.egress),
      ingressDefaultDenied: isDefaultDenied(verdict.ingress),
    }),
  };
}

/** Audit mode lets through what it would deny, and says so. */
function isRefused(verdict: Verdict): boolean {
  return verdict === Verdict.DROPPED || verdict === Verdict.ERROR || verdict === Verdict.AUDIT;
}

function isDefaultDenied(verdict: DirectionVerdict | undefined): boolean {
  return verdict?.verdict === 'denied' && verdict.decisions.length === 0;
}

/** Policies that decided a direction: those of the deciding rules, or those that isolate the pod. */
export function policiesOf(
  set: PolicySet,
  direction: Direction,
  judged: JudgedFlow,
  verdict: DirectionVerdict | undefined,
): readonly PolicyName[] {
  if (verdict === undefined || !verdict.enforced) return [];
  if (verdict.decisions.length > 0) return distinct(verdict.decisions.map(({ section }) => section.policy));
  const subject = judged.flow[direction === 'ingress' ? 'destination' : 'source'];
  if (verdict.verdict === 'allowed' || subject.kind !== 'pod') return [];
  const isolating = set.sectionsOf(subject)[direction].sections.filter((section) => section.defaultDeny);
  return distinct(isolating.map(({ policy }) => policy));
}

function distinct(policies: readonly PolicyName[]): PolicyName[] {
  return [...new Map(policies.map((policy) => [policyReference(policy), policy])).values()];
}

function toPolicy({ kind, namespace, name }: PolicyName): Policy {
  const labels = [`k8s:io.cilium.k8s.policy.derived-from=${kind}`, `k8s:io.cilium.k8s.policy.name=${name}`];
  if (namespace !== '') labels.push(`k8s:io.cilium.k8s.policy.namespace=${namespace}`);
  return Policy.fromPartial({ kind, namespace, name, labels });
}

function said(flow: Observed, direction: Direction): readonly Policy[] {
  return [...flow[`${direction}AllowedBy`], ...flow[`${direction}DeniedBy`]];
}

function agreementOf(set: PolicySet, judged: JudgedFlow, flow: Observed): Agreement {
  const { verdict, doubts } = judged;
  for (const direction of ['egress', 'ingress'] as const)
    if (contradicts(set, direction, judged, flow)) return Agreement.DISAGREES;
  // A rule about requests leaves the connection's own fate certain.
  if (doubts.some(({ kind }) => kind !== 'request')) return Agreement.UNCERTAIN;
  const wasRefused = isRefused(flow.verdict);
  if (verdict.verdict === 'denied') {
    if (wasRefused) return Agreement.AGREES;
    return judged.showsPassage ? Agreement.NOT_ENFORCED : Agreement.UNCERTAIN;
  }
  if (!wasRefused) return Agreement.AGREES;
  return doubts.length > 0 ? Agreement.UNCERTAIN : Agreement.UNEXPLAINED_DROP;
}

/** The source named policies of this direction, and ours decide otherwise or by others. */
function contradicts(set: PolicySet, direction: Direction, judged: JudgedFlow, flow: Observed): boolean {
  const theirs = said(flow, direction);
  const verdict = judged.verdict[direction];
  if (theirs.length === 0 || verdict === undefined) return false;
  if (flow[`${direction}DeniedBy`].length > 0 !== (verdict.verdict === 'denied')) return true;
  const nameOf = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`;
  const ours = new Set(policiesOf(set, direction, judged, verdict).map(nameOf));
  return ours.size !== new Set(theirs.map(nameOf)).size || !theirs.every((each) => ours.has(nameOf(each)));
}

function summaryOf(agreement: Agreement, set: PolicySet, judged: JudgedFlow, flow: Observed): string {
  const who = `${judged.source.text} to ${judged.destination.text} on ${judged.flow.protocol} ${judged.flow.port}`;
  const ours = (direction: Direction): string[] =>
    policiesOf(set, direction, judged, judged.verdict[direction]).map(policyReference);
  const denying = (['egress', 'ingress'] as const).filter((each) => judged.verdict[each]?.verdict === 'denied');
  const isDefault = denying.every((each) => isDefaultDenied(judged.verdict[each]));
  const by = listText(denying.flatMap(ours));
  const what = isDefault ? `${by} isolates ${subjectText(denying, judged)} and no rule allows it` : `${by} denies it`;
  switch (agreement) {
    case Agreement.AGREES: {
      if (denying.length > 0) return `Policy denies ${who}: ${what}.`;
      const allowing = listText([...ours('egress'), ...ours('ingress')]);
      return allowing === '' ? `No policy restricts ${who}.` : `Allowed by ${allowing}.`;
    }
    case Agreement.NOT_ENFORCED:
      return `Not enforced: ${who} was forwarded though ${what}.`;
    case Agreement.UNEXPLAINED_DROP:
      return `Dropped though no policy denies ${who}.`;
    case Agreement.DISAGREES: {
      const theirs = (['egress', 'ingress'] as const).flatMap((direction) =>
        said(flow, direction).map(({ namespace, name }) => (namespace === '' ? name : `${namespace}/${name}`)),
      );
      const own = listText([...ours('egress'), ...ours('ingress')]) || 'no policy';
      return `The source says ${listText(theirs)} decided; these policies say ${own} ${judged.verdict.verdict === 'denied' ? 'denies' : 'allows'} it.`;
    }
    default:
      if (judged.doubts.length === 0) return `Policy denies ${who}: ${what}. This packet was seen on its way there.`;
      return `Not certain: ${judged.doubts[0]?.text ?? 'the flow tells too little.'}`;
  }
}

function subjectText(denying: readonly Direction[], { source, destination }: JudgedFlow): string {
  return listText(denying.map((direction) => (direction === 'ingress' ? destination : source).text));
}

function listText(names: readonly string[]): string {
  const all = [...new Set(names)];
  return all.length <= 3 ? all.join(' and ') : `${all.slice(0, 3).join(', ')} and ${all.length - 3} more`;
}

function matchTypeOf(verdict: DirectionVerdict | undefined): number {
  if (verdict === undefined || verdict.verdict === 'denied') return 0;
  const [first] = verdict.decisions;
  return first === undefined ? (verdict.enforced ? 0 : 4) : matchTypeOfRule(first);
}

function matchTypeOfRule({ entry }: Decision): number {
  const byPeer = entry.peers !== undefined;
  if (entry.ports === undefined) return byPeer ? 1 : 4;
  const byPort = entry.ports.some(({ kind }) => kind !== 'all');
  if (byPort) return byPeer ? 2 : 3;
  return byPeer ? 5 : 6;
}
