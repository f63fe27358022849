// networking.k8s.io/v1 NetworkPolicy, as Kubernetes prescribes it and as Cilium enforces it. Where they differ:
// - Cilium also enforces rules of a direction that policyTypes leaves out;
// - Cilium's ipBlock never matches pods or nodes;
// - Cilium's selectors read identities, which lack labels such as pod-template-hash.

import { containsPrefix, type Prefix, parsePrefix } from './address.ts';
import type { Field } from './field.ts';
import { describeSelector, type LabelSelector, matchesLabels } from './label-selector.ts';
import type { Party } from './party.ts';
import { identityPeer, podPeer, prefixPeer } from './peers.ts';
import type { PortMatch } from './ports.ts';
import {
  type Dialect,
  type Direction,
  type Entry,
  type Peer,
  type PolicyName,
  policyReference,
  type Section,
} from './rule.ts';
import { readSelector } from './selector-field.ts';

const externalOnly: ReadonlySet<Party['kind']> = new Set(['external']);
const everything: ReadonlySet<Party['kind']> = new Set(['external', 'node', 'pod']);
const protocols = ['TCP', 'UDP', 'SCTP'];

const kubernetesKey = (key: string): string => `k8s:${key}`;
const namespaceKey = (key: string): string => `k8s:io.cilium.k8s.namespace.labels.${key}`;

/** @throws PolicyFieldError naming the field and the rule it breaks. */
export function readNetworkPolicy(policy: PolicyName, spec: Field, dialect: Dialect): readonly Section[] {
  spec.warnOfOthers(['podSelector', 'ingress', 'egress', 'policyTypes']);
  const subject = readSelector(spec.get('podSelector'), kubernetesKey) ?? [];
  const ingress = spec.get('ingress').list() ?? [];
  const egress = spec.get('egress').list() ?? [];
  const types = readTypes(spec.get('policyTypes'), egress.length > 0);
  const section = (direction: Direction, rules: readonly Field[]): Section[] => {
    if (!types.has(direction) && (dialect === 'kubernetes' || rules.length === 0)) return [];
    return [
      {
        policy,
        reference: policyReference(policy),
        direction,
        subjectText: `pods of ${policy.namespace} with ${describeSelector(subject)}`,
        selects: (pod) =>
          pod.pod.namespace === policy.namespace &&
          matchesLabels(subject, dialect === 'kubernetes' ? pod.podLabels : pod.identityLabels),
        defaultDeny: true,
        entries: rules.map((rule) => readRule(rule, policy.namespace, direction, dialect)),
      },
    ];
  };
  return [...section('ingress', ingress), ...section('egress', egress)];
}

function readTypes(field: Field, hasEgress: boolean): ReadonlySet<Direction> {
  const written = field.list();
  if (written === undefined || written.length === 0) return new Set(hasEgress ? ['ingress', 'egress'] : ['ingress']);
  return new Set(
    written.map((each) => {
      const text = each.text();
      if (text !== 'Ingress' && text !== 'Egress') throw each.error(`"${text}" is neither Ingress nor Egress`);
      return text === 'Ingress' ? 'ingress' : 'egress';
    }),
  );
}

function readRule(rule: Field, namespace: string, direction: Direction, dialect: Dialect): Entry {
  const peerField = direction === 'ingress' ? 'from' : 'to';
  rule.warnOfOthers([peerField, 'ports']);
  const peers = rule.get(peerField).list() ?? [];
  const ports = rule.get('ports').list() ?? [];
  return {
    path: rule.path.replace(/^spec\./, ''),
    action: 'allow',
    // Kubernetes: an empty or missing list means all.
    peers: peers.length === 0 ? undefined : peers.map((peer) => readPeer(peer, namespace, dialect)),
    ports: ports.length === 0 ? undefined : ports.map(readPort),
    l7: undefined,
  };
}

function readPeer(peer: Field, namespace: string, dialect: Dialect): Peer {
  peer.warnOfOthers(['podSelector', 'namespaceSelector', 'ipBlock']);
  const pods = readSelector(peer.get('podSelector'), kubernetesKey);
  const block = peer.get('ipBlock');
  const namespaceField = peer.get('namespaceSelector');
  if (block.isSet) {
    if (pods !== undefined || namespaceField.isSet)
      throw block.error('cannot stand beside podSelector or namespaceSelector');
    return readBlock(block, dialect);
  }
  if (pods === undefined && !namespaceField.isSet)
    throw peer.error('names no podSelector, namespaceSelector or ipBlock');
  if (dialect === 'kubernetes') return podPeer(namespace, pods, readSelector(namespaceField, kubernetesKey));
  return ciliumPodPeer(namespace, pods ?? [], readSelector(namespaceField, namespaceKey));
}

function ciliumPodPeer(own: string, pods: LabelSelector, namespaces: LabelSelector | undefined): Peer {
  const name = 'k8s:io.kubernetes.pod.namespace';
  // Only an empty namespace selector is narrowed to what has a namespace. One that only says what a namespace lacks also holds
  // for nodes and the world, which lack everything: so does Cilium read it (pkg/k8s/network_policy.go).
  const within: LabelSelector =
    namespaces === undefined
      ? [{ name, operator: 'In', values: new Set([own]) }]
      : namespaces.length === 0
        ? [{ name, operator: 'Exists', values: new Set() }]
        : namespaces;
  const where = namespaces === undefined ? `namespace ${own}` : `namespaces with ${describeSelector(namespaces)}`;
  return identityPeer(
    [...pods, ...within],
    `pods of ${where}${pods.length === 0 ? '' : ` with ${describeSelector(pods)}`}`,
  );
}

function readBlock(block: Field, dialect: Dialect): Peer {
  block.warnOfOthers(['cidr', 'except']);
  const prefix = readPrefix(block.get('cidr'));
  const except = (block.get('except').list() ?? []).map(readPrefix);
  for (const [index, hole] of except.entries())
    if (!containsPrefix(prefix, hole))
      block.get('except').warn(`entry ${index}, ${hole.text}, lies outside ${prefix.text}`);
  return prefixPeer(prefix, except, dialect === 'kubernetes' ? everything : externalOnly);
}

/** @throws PolicyFieldError if the text is no prefix. */
export function readPrefix(field: Field): Prefix {
  const text = field.text();
  const prefix = text === undefined ? undefined : parsePrefix(text);
  if (prefix === undefined) throw field.error(`"${text ?? ''}" is no CIDR such as 10.0.0.0/8 or fd00::/8`);
  return prefix;
}

function readPort(field: Field): PortMatch {
  field.warnOfOthers(['protocol', 'port', 'endPort']);
  const protocol = field.get('protocol').text() ?? 'TCP';
  if (!protocols.includes(protocol))
    throw field.get('protocol').error(`"${protocol}" is none of ${protocols.join(', ')}`);
  const port = field.get('port');
  const endPort = field.get('endPort').integer(1, 65535);
  if (!port.isSet) {
    if (endPort !== undefined) throw field.get('endPort').error('needs port');
    return { kind: 'all', protocols: [protocol] };
  }
  if (typeof port.value === 'string') {
    if (endPort !== undefined) throw field.get('endPort').error('needs a port by number, not by name');
    return { kind: 'named', protocols: [protocol], name: port.value };
  }
  const from = port.integer(1, 65535) ?? 0;
  if (endPort !== undefined && endPort < from) throw field.get('endPort').error(`${endPort} is below port ${from}`);
  return { kind: 'range', protocols: [protocol], from, to: endPort ?? from };
}
