// One question with everything it needs in one JSON object: policies, the world, a flow. The format of the conformance vectors
// and of `parallax policy explain`.

import { explainDirection } from './explain.ts';
import { Field, PolicyFieldError } from './field.ts';
import type { Party } from './party.ts';
import { type FlowVerdict, type PolicyFlow, PolicySet } from './policy-set.ts';
import type { Dialect } from './rule.ts';
import type { NamedPort, World } from './world.ts';

export interface SideAnswer {
  readonly verdict: 'allowed' | 'denied';
  readonly enforced: boolean;
  readonly by: readonly string[];
}

export interface CaseAnswer {
  readonly id: string;
  /** Null where that side is no pod. */
  readonly egress: SideAnswer | null;
  readonly ingress: SideAnswer | null;
  readonly verdict: 'allowed' | 'denied';
  /** Plain sentences, prefixed with the direction. */
  readonly why: readonly string[];
  /** Policies that could not be read, and fields that are not known; left out when there are none. */
  readonly problems?: readonly string[];
}

/** @throws PolicyFieldError naming what is wrong with the case itself. Faulty policies are told in `problems`. */
export function answerCase(value: unknown): CaseAnswer {
  const root = new Field(value, '', () => undefined);
  const scope = root.get('scope').text();
  const dialect: Dialect | undefined = scope === 'kubernetes' || scope === 'cilium' ? scope : undefined;
  const policies = (root.get('policies').list() ?? []).map((field) => field.value);
  const set = new PolicySet(policies, readWorld(root), dialect === undefined ? {} : { dialect });
  const flow = readFlow(root.get('flow'), set);
  const verdict = set.evaluate(flow);
  const problems = set.problems.map(
    ({ severity, policy, field, message }) => `${severity}: ${policy}: ${field} ${message}`,
  );
  return {
    id: root.get('id').text() ?? '',
    egress: side(verdict.egress),
    ingress: side(verdict.ingress),
    verdict: verdict.verdict,
    why: why(set, flow, verdict),
    ...(problems.length === 0 ? {} : { problems }),
  };
}

function why(set: PolicySet, flow: PolicyFlow, verdict: FlowVerdict): string[] {
  return (['egress', 'ingress'] as const).flatMap((direction) => {
    const each = verdict[direction];
    return each === undefined
      ? []
      : explainDirection(set, direction, flow, each).map((text) => `${direction}: ${text}`);
  });
}

function side(verdict: FlowVerdict['egress']): SideAnswer | null {
  return verdict === undefined ? null : { verdict: verdict.verdict, enforced: verdict.enforced, by: verdict.by };
}

function readWorld(root: Field): World {
  return {
    cluster: root.get('cluster').text() ?? 'default',
    namespaces: (root.get('namespaces').list() ?? []).map((each) => ({
      name: required(each, 'name'),
      labels: Object.fromEntries(each.get('labels').entries()),
    })),
    pods: (root.get('endpoints').list() ?? []).map((each) => ({
      namespace: required(each, 'namespace'),
      name: required(each, 'name'),
      labels: Object.fromEntries(each.get('labels').entries()),
      addresses: [each.get('ip').text(), ...(each.get('ips').texts() ?? [])].filter((text) => text !== undefined),
      namedPorts: (each.get('namedPorts').list() ?? []).map(readNamedPort),
    })),
    nodes: (root.get('nodes').list() ?? []).map((each) => ({
      name: each.get('name').text() ?? '',
      addresses: [each.get('ip').text(), ...(each.get('ips').texts() ?? [])].filter((text) => text !== undefined),
      local: each.get('local').boolean() ?? false,
      kubeApiserver: each.get('kubeApiserver').boolean() ?? false,
    })),
    services: (root.get('services').list() ?? []).map((each) => ({
      namespace: required(each, 'namespace'),
      name: required(each, 'name'),
      labels: Object.fromEntries(each.get('labels').entries()),
      backends: each.get('backends').texts() ?? [],
    })),
    kubeApiservers: root.get('kubeApiserver').texts() ?? [],
  };
}

function required(field: Field, name: string): string {
  const text = field.get(name).text();
  if (text === undefined || text === '') throw field.get(name).error('is missing');
  return text;
}

function readNamedPort(field: Field): NamedPort {
  return {
    name: required(field, 'name'),
    port: field.get('port').integer(1, 65535) ?? 0,
    protocol: field.get('protocol').text() ?? 'TCP',
  };
}

function readFlow(field: Field, set: PolicySet): PolicyFlow {
  return {
    source: readParty(field.get('source'), set),
    destination: readParty(field.get('destination'), set),
    protocol: field.get('protocol').text() ?? 'TCP',
    port: field.get('port').integer(0, 65535) ?? 0,
  };
}

function readParty(field: Field, set: PolicySet): Party {
  const text = field.text() ?? '';
  const slash = text.indexOf('/');
  const party = slash < 0 ? set.parties.byAddress(text) : set.parties.pod(text.slice(0, slash), text.slice(slash + 1));
  if (party === undefined)
    throw new PolicyFieldError(field.path, `"${text}" is neither the namespace/name of an endpoint nor an IP address`);
  return party;
}
