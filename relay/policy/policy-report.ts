// The policies in force with what they select and what they decided lately, as a page shows it.

import { describeRule } from '#policy/explain.ts';
import type { PolicySet } from '#policy/policy-set.ts';
import { policyReference, type Section } from '#policy/rule.ts';
import { PolicyReport, PolicyUsage } from '#proto/gen/parallax/v1/dashboard.ts';
import type { PoliciesInForce } from './policies-in-force.ts';
import type { PolicyTally } from './policy-tally.ts';

const maxPolicies = 2000;
const maxPods = 50;
const maxUnrestricted = 200;
const defaultWindowSeconds = 60;
const maxWindowSeconds = 900;

export function policyReport(policies: PoliciesInForce, askedSeconds: number): PolicyReport {
  const windowSeconds = Math.min(maxWindowSeconds, askedSeconds === 0 ? defaultWindowSeconds : askedSeconds);
  const tally = policies.tally.within(windowSeconds * 1000);
  const { set } = policies;
  const byPolicy = new Map<string, Section[]>();
  for (const section of set?.sections ?? []) {
    const reference = policyReference(section.policy);
    byPolicy.set(reference, [...(byPolicy.get(reference) ?? []), section]);
  }
  const pods = set === undefined ? new Map<string, Set<string>>() : podsByPolicy(set);
  const shown = [...byPolicy].sort(([left], [right]) => (left < right ? -1 : 1)).slice(0, maxPolicies);
  return PolicyReport.fromPartial({
    configured: true,
    source: policies.sourceText,
    dialect: set?.dialect ?? '',
    windowSeconds,
    coveredMs: Math.round(tally.coveredMs),
    policies: shown.map(([reference, sections]) => usageOf(reference, sections, pods.get(reference), tally)),
    omittedPolicies: byPolicy.size - shown.length,
    unrestricted: unrestrictedOf(tally),
    notices: policies.notices(),
  });
}

type Sums = ReturnType<PolicyTally['within']>;

/** One look at what each pod is selected by, which is known already, and not at each pair of policy and pod. */
function podsByPolicy(set: PolicySet): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const party of set.parties.pods) {
    const { ingress, egress } = set.sectionsOf(party);
    for (const { policy } of [...ingress.sections, ...egress.sections]) {
      const reference = policyReference(policy);
      const pods = found.get(reference) ?? new Set();
      found.set(reference, pods);
      if (pods.size < maxPods) pods.add(`${party.pod.namespace}/${party.pod.name}`);
    }
  }
  return found;
}

function usageOf(
  reference: string,
  sections: readonly Section[],
  pods: ReadonlySet<string> | undefined,
  { byKey }: Sums,
): PolicyUsage {
  const { kind, namespace, name } = sections[0]?.policy ?? { kind: '', namespace: '', name: '' };
  const own = byKey.get(reference) ?? { allowed: 0, denied: 0, notEnforced: 0 };
  return PolicyUsage.fromPartial({
    ...{ kind, namespace, name },
    selects: [...new Set(sections.map(({ subjectText }) => subjectText))].join(' and '),
    pods: [...(pods ?? [])],
    rules: sections.flatMap((section) =>
      section.entries.map((entry) => {
        const count = byKey.get(`${reference} ${entry.path}`) ?? { allowed: 0, denied: 0, notEnforced: 0 };
        const matched = BigInt(count.allowed + count.denied + count.notEnforced);
        return { path: entry.path, action: entry.action, text: describeRule(entry), matched };
      }),
    ),
    allowed: BigInt(own.allowed),
    denied: BigInt(own.denied),
    notEnforced: BigInt(own.notEnforced),
  });
}

function unrestrictedOf({ open }: Sums): PolicyReport['unrestricted'] {
  const pods = new Map<string, { namespace: string; name: string; ingress: bigint; egress: bigint }>();
  for (const [key, count] of open) {
    const [direction, subject = ''] = key.split(' ');
    const [namespace = '', name = ''] = subject.split('/');
    const pod = pods.get(subject) ?? { namespace, name, ingress: 0n, egress: 0n };
    if (direction === 'ingress') pod.ingress += BigInt(count);
    else pod.egress += BigInt(count);
    pods.set(subject, pod);
  }
  const total = (pod: { ingress: bigint; egress: bigint }): number => Number(pod.ingress + pod.egress);
  return [...pods.values()].sort((left, right) => total(right) - total(left)).slice(0, maxUnrestricted);
}
