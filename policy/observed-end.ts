// An end of a flow that was observed, as policy sees it: found in the world by name or address, else described by the labels
// that the flow carries. Says what is not known, since a verdict that rests on it is not certain.

import type { Endpoint } from '#proto/gen/flow/flow.ts';
import { parseAddress } from './address.ts';
import { externalParty, nodeParty, type Parties, type Party } from './party.ts';
import type { PolicyFlow } from './policy-set.ts';

export interface ObservedEnd {
  readonly endpoint: Endpoint | undefined;
  readonly address: string;
  readonly names: readonly string[];
}

/** What of an end is not known. */
export type Gap = 'labels' | 'names' | 'named ports';

export interface KnownEnd {
  /** With the gap "labels" a stand-in that matches by address alone. */
  readonly party: Party;
  readonly gaps: readonly Gap[];
  /** For sentences: "shop/web-1", "10.96.0.10". */
  readonly text: string;
  /** Where the address is a service's: how its ports lead on to the pods. */
  readonly targetPort?: (protocol: string, port: number) => number;
}

/** A flow with its ends as policy sees them, in the direction of its connection. */
export interface ObservedFlow {
  readonly flow: PolicyFlow;
  readonly source: KnownEnd;
  readonly destination: KnownEnd;
}

const namespaceLabelPrefix = 'io.cilium.k8s.namespace.labels.';
const metaLabels: ReadonlySet<string> = new Set([
  'io.kubernetes.pod.namespace',
  'io.cilium.k8s.policy.cluster',
  'io.cilium.k8s.policy.serviceaccount',
]);

/** Undefined if the flow tells neither a pod nor an address. */
export function knownEnd(parties: Parties, end: ObservedEnd): KnownEnd | undefined {
  const { endpoint, address, names } = end;
  const namespace = endpoint?.namespace ?? '';
  const podName = endpoint?.podName ?? '';
  if (namespace !== '' && podName !== '') {
    const pod = parties.pod(namespace, podName);
    if (pod !== undefined) return { party: pod, gaps: [], text: `${namespace}/${podName}` };
  }
  const labels = endpoint?.labels ?? [];
  if (namespace !== '' && labels.some((label) => label.startsWith('k8s:')))
    return {
      party: adoptPod(parties, namespace, podName === '' ? 'a pod' : podName, labels, address),
      gaps: ['named ports'],
      text: `${namespace}/${podName}`,
    };
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  const reserved = new Set(labels.filter((label) => label.startsWith('reserved:')).map((label) => label.slice(9)));
  const kubeApiserver = reserved.has('kube-apiserver');
  if (reserved.has('host') || reserved.has('remote-node')) {
    const local = reserved.has('host');
    const node = nodeParty({ name: address, addresses: [address], local, kubeApiserver }, parsed);
    return { party: node, gaps: [], text: address };
  }
  const text = names[0] ?? (namespace === '' ? address : `${namespace}/${podName}`);
  const noNames: readonly Gap[] = names.length === 0 ? ['names'] : [];
  if (reserved.has('world') || reserved.has('world-ipv4') || reserved.has('world-ipv6') || kubeApiserver)
    return { party: externalParty(parsed, kubeApiserver, names), gaps: noNames, text };
  const service = serviceEnd(parties, parsed.text);
  if (service !== undefined) return service;
  const found = parties.byAddress(address, names);
  if (found !== undefined && found.kind !== 'external') return { party: found, gaps: [], text };
  // Nobody said who this is. Outside the private ranges it can only be the world.
  const gaps: readonly Gap[] = isPrivate(parsed.text) || namespace !== '' ? ['labels'] : noNames;
  return { party: externalParty(parsed, false, names), gaps, text };
}

/** Pods of one service that no policy tells apart stand for each other; of others it is not known which was reached. */
function serviceEnd(parties: Parties, address: string): KnownEnd | undefined {
  const service = parties.service(address);
  if (service === undefined) return undefined;
  const text = `service ${service.namespace}/${service.name}`;
  const pods = service.backends.map((backend) => parties.byAddress(backend)).filter((party) => party?.kind === 'pod');
  const [first] = pods;
  if (first === undefined || pods.some((pod) => pod.group !== first.group)) {
    const parsed = parseAddress(address);
    return parsed && { party: externalParty(parsed, false, []), gaps: ['labels'], text };
  }
  return {
    party: first,
    gaps: [],
    text,
    targetPort: (protocol, port) => {
      const target =
        service.ports?.find((each) => each.protocol === protocol && each.port === port)?.targetPort ?? port;
      if (typeof target === 'number') return target;
      return first.pod.namedPorts.find((each) => each.name === target && each.protocol === protocol)?.port ?? port;
    },
  };
}

function adoptPod(
  parties: Parties,
  namespace: string,
  name: string,
  labels: readonly string[],
  address: string,
): Party {
  const own: Record<string, string> = {};
  // Kubernetes puts its name on every namespace; an identity may leave the label out.
  const ofNamespace: Record<string, string> = { 'kubernetes.io/metadata.name': namespace };
  let serviceAccount = 'default';
  for (const label of labels) {
    if (!label.startsWith('k8s:')) continue;
    const equals = label.indexOf('=');
    const key = label.slice(4, equals < 0 ? undefined : equals);
    const value = equals < 0 ? '' : label.slice(equals + 1);
    if (key.startsWith(namespaceLabelPrefix)) ofNamespace[key.slice(namespaceLabelPrefix.length)] = value;
    else if (!metaLabels.has(key)) own[key] = value;
    else if (key === 'io.cilium.k8s.policy.serviceaccount') serviceAccount = value;
  }
  const addresses = address === '' ? [] : [address];
  return parties.adopt({ namespace, name, labels: own, addresses, namedPorts: [], serviceAccount }, ofNamespace);
}

/** RFC 1918, RFC 6598, link-local, loopback, and ULA: where pods, nodes and services live. */
function isPrivate(address: string): boolean {
  return (
    /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(
      address,
    ) || /^(f[cd]|fe[89ab])[0-9a-f]{0,2}:|^::1$/.test(address)
  );
}
