// cilium.io/v2 CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (API of v1.19).

import { readCiliumPeers, readCiliumSelector } from './cilium-peers.ts';
import { readCiliumPorts } from './cilium-ports.ts';
import type { Field } from './field.ts';
import { readL7Rules } from './l7-rules.ts';
import { describeSelector, type LabelSelector, matchesLabels } from './label-selector.ts';
import { type Direction, type Entry, type PolicyName, policyReference, type Section } from './rule.ts';
import type { World } from './world.ts';

const ruleFields = [
  'endpointSelector',
  'nodeSelector',
  'ingress',
  'ingressDeny',
  'egress',
  'egressDeny',
  'enableDefaultDeny',
  'labels',
  'description',
  'log',
];

/** Reads `spec` and `specs`. @throws PolicyFieldError naming the field and the rule it breaks. */
export function readCiliumPolicy(policy: PolicyName, object: Field, world: World): readonly Section[] {
  const rules = [object.get('spec'), ...(object.get('specs').list() ?? [])].filter((rule) => rule.isSet);
  if (rules.length === 0) throw object.error('has neither spec nor specs');
  return rules.flatMap((rule) => readRule(policy, rule, world));
}

function readRule(policy: PolicyName, rule: Field, world: World): Section[] {
  rule.warnOfOthers(ruleFields);
  const nodeSelector = rule.get('nodeSelector');
  if (nodeSelector.isSet) {
    if (rule.get('endpointSelector').isSet) throw nodeSelector.error('cannot stand beside endpointSelector');
    nodeSelector.warn('selects nodes (host policy); host policies are not evaluated here');
    return [];
  }
  const written = readCiliumSelector(rule.get('endpointSelector'));
  if (written === undefined) throw rule.get('endpointSelector').error('is missing');
  const subject = withinNamespace(written, policy.namespace);
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const allow = rule.get(direction).list();
    const deny = rule.get(`${direction}Deny`).list();
    const entries = [
      ...(deny ?? []).flatMap((entry) => readEntry(policy, entry, direction, 'deny', world)),
      ...(allow ?? []).flatMap((entry) => readEntry(policy, entry, direction, 'allow', world)),
    ];
    const hasRules = (allow ?? []).length > 0 || (deny ?? []).length > 0;
    const defaultDeny = rule.get('enableDefaultDeny').get(direction).boolean() ?? hasRules;
    if (!defaultDeny && !hasRules) return [];
    const section: Section = {
      policy,
      reference: policyReference(policy),
      direction,
      subjectText: `endpoints with ${describeSelector(subject)}`,
      selects: (pod) => matchesLabels(subject, pod.identityLabels),
      defaultDeny,
      entries,
    };
    return [section];
  });
}

/**
 * A CNP selects in its own namespace only. A label of another namespace is overridden where its key is written with `k8s:`;
 * without a source it is one more requirement, and the policy selects nothing (pkg/k8s/apis/cilium.io/utils).
 */
function withinNamespace(selector: LabelSelector, namespace: string): LabelSelector {
  if (namespace === '') return selector;
  const name = 'k8s:io.kubernetes.pod.namespace';
  const others = selector.filter((each) => !(each.name === name && each.isLabel === true));
  return [...others, { name, operator: 'In', values: new Set([namespace]) }];
}

function readEntry(
  policy: PolicyName,
  entry: Field,
  direction: Direction,
  action: Entry['action'],
  world: World,
): Entry[] {
  const peers = readCiliumPeers(entry, direction, action, policy.namespace, world);
  const ports = readCiliumPorts(entry);
  // An entry that names neither peers nor ports admits and denies nothing; all it does is to turn on default deny.
  if (peers === undefined && ports === undefined) return [];
  const l7 = action === 'deny' ? undefined : readL7Rules(entry.get('toPorts'));
  return [{ path: entry.path.replace(/^spec\./, ''), action, peers, ports, l7 }];
}
