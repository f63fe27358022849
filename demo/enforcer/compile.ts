// NetworkPolicy objects to nftables text for one pod's own network namespace. Pure. A pod no policy selects gets no
// rules; a selected one drops what no rule allows, so that the kernel names NETFILTER_DROP as its reason.
import { containerPorts, type PodPlan, podLabels } from '../plan.ts';
import type { IngressRule, MatchLabels, NetworkPolicy, PolicyPeer, PolicyPort } from './network-policy.ts';

/** What the enforcer has to know of a pod. */
export interface PolicyPod {
  readonly namespace: string;
  readonly labels: MatchLabels;
  readonly ipv4: string;
  readonly ipv6: string | null;
  /** Container port numbers by name. */
  readonly ports: Readonly<Record<string, number>>;
}

export const policyTable = 'parallax_demo';

/** The pod's ruleset as `nft -f` reads it, or null when no policy selects the pod. */
export function compilePod(
  pod: PolicyPod,
  policies: readonly NetworkPolicy[],
  pods: readonly PolicyPod[],
): string | null {
  const selecting = policies.filter(
    (policy) => policy.namespace === pod.namespace && matches(policy.podSelector, pod.labels),
  );
  if (selecting.length === 0) return null;
  const accepts = selecting.flatMap((policy) =>
    policy.ingress.flatMap((rule) =>
      compileRule(rule, policy, pod, pods).map((line) => `${line} comment "${policy.namespace}/${policy.name}"`),
    ),
  );
  return [
    `table inet ${policyTable} {`,
    '  chain input {',
    '    type filter hook input priority filter; policy drop;',
    '    iif lo accept',
    '    ct state established,related accept',
    // Without neighbour discovery an IPv6 pod could not even be found: that is the link's business, not the policy's.
    '    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept',
    ...accepts.map((line) => `    ${line}`),
    '  }',
    '}',
    '',
  ].join('\n');
}

function compileRule(rule: IngressRule, policy: NetworkPolicy, pod: PolicyPod, pods: readonly PolicyPod[]): string[] {
  const sources = rule.peers.length === 0 ? [''] : sourceMatches(rule.peers, policy, pods);
  const ports = rule.ports.length === 0 ? [''] : rule.ports.flatMap((port) => portMatch(port, pod));
  return sources.flatMap((source) => ports.map((port) => `${source}${port}accept`));
}

/** One match a family that has addresses; none when the peers select no pod, so nothing is allowed. */
function sourceMatches(peers: readonly PolicyPeer[], policy: NetworkPolicy, pods: readonly PolicyPod[]): string[] {
  const allowed = pods.filter((pod) => peers.some((peer) => peerSelects(peer, policy, pod)));
  const ipv6 = allowed.flatMap((pod) => pod.ipv6 ?? []);
  return [
    ...(allowed.length > 0 ? [`ip saddr { ${allowed.map((pod) => pod.ipv4).join(', ')} } `] : []),
    ...(ipv6.length > 0 ? [`ip6 saddr { ${ipv6.join(', ')} } `] : []),
  ];
}

function peerSelects(peer: PolicyPeer, policy: NetworkPolicy, pod: PolicyPod): boolean {
  const inNamespace = peer.namespaceSelector
    ? matches(peer.namespaceSelector, { 'kubernetes.io/metadata.name': pod.namespace })
    : pod.namespace === policy.namespace;
  return inNamespace && matches(peer.podSelector ?? {}, pod.labels);
}

/** A name the pod has no port for matches nothing, as in the API. */
function portMatch({ protocol, port }: PolicyPort, pod: PolicyPod): string[] {
  const number = typeof port === 'number' ? port : pod.ports[port];
  return number === undefined ? [] : [`${protocol.toLowerCase()} dport ${number} `];
}

function matches(selector: MatchLabels, labels: MatchLabels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** The planned pods as the enforcer sees them; the internet is no pod and no selector finds it. */
export function policyPods(plan: readonly PodPlan[]): PolicyPod[] {
  return plan.filter((pod) => pod.workload.kind !== 'External').map(policyPod);
}

export function policyPod(pod: PodPlan): PolicyPod {
  return {
    namespace: pod.namespace,
    labels: podLabels(pod),
    ipv4: pod.ipv4,
    ipv6: pod.ipv6,
    ports: containerPorts(pod),
  };
}
