// Reads the NetworkPolicy objects of demo/policies: the subset of networking.k8s.io/v1 the demo enforces.
// Whatever the enforcer could not keep (egress, ipBlock, expressions, port ranges) is refused here, never ignored.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export type MatchLabels = Readonly<Record<string, string>>;

export interface PolicyPeer {
  /** Absent: pods of the policy's own namespace. */
  readonly namespaceSelector?: MatchLabels;
  /** Absent: all pods of the selected namespaces. */
  readonly podSelector?: MatchLabels;
}

export interface PolicyPort {
  readonly protocol: 'TCP' | 'UDP';
  /** A number, or a container port's name. */
  readonly port: number | string;
}

/** Empty `peers` or `ports` mean any, as in the API. */
export interface IngressRule {
  readonly peers: readonly PolicyPeer[];
  readonly ports: readonly PolicyPort[];
}

export interface NetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly podSelector: MatchLabels;
  readonly ingress: readonly IngressRule[];
  /** The object as written, for objects.json. */
  readonly object: Readonly<Record<string, unknown>>;
}

/** All policies of the demo, by file name. */
export function loadPolicies(folder = join(import.meta.dirname, '../policies')): NetworkPolicy[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return names.sort().map((name) => parsePolicy(readFileSync(join(folder, name), 'utf8'), name));
}

/** Throws an Error naming `origin` and the field when the text is no policy the enforcer can keep. */
export function parsePolicy(text: string, origin: string): NetworkPolicy {
  const object = record(parse(text), origin, ['apiVersion', 'kind', 'metadata', 'spec']);
  if (object.kind !== 'NetworkPolicy') throw new Error(`${origin}: kind is ${String(object.kind)}, not NetworkPolicy`);
  const metadata = record(object.metadata, `${origin}: metadata`);
  const spec = record(object.spec, `${origin}: spec`, ['podSelector', 'policyTypes', 'ingress']);
  if (list(spec.policyTypes, `${origin}: spec.policyTypes`).some((type) => type !== 'Ingress')) {
    throw new Error(`${origin}: spec.policyTypes: the demo enforces Ingress alone`);
  }
  return {
    namespace: asText(metadata.namespace, `${origin}: metadata.namespace`),
    name: asText(metadata.name, `${origin}: metadata.name`),
    podSelector: selector(spec.podSelector, `${origin}: spec.podSelector`),
    ingress: list(spec.ingress, `${origin}: spec.ingress`).map((rule, n) =>
      ingressRule(rule, `${origin}: ingress[${n}]`),
    ),
    object,
  };
}

function ingressRule(value: unknown, at: string): IngressRule {
  const rule = record(value, at, ['from', 'ports']);
  return {
    peers: list(rule.from, `${at}.from`).map((peer, n) => policyPeer(peer, `${at}.from[${n}]`)),
    ports: list(rule.ports, `${at}.ports`).map((port, n) => policyPort(port, `${at}.ports[${n}]`)),
  };
}

function policyPeer(value: unknown, at: string): PolicyPeer {
  const peer = record(value, at, ['namespaceSelector', 'podSelector']);
  return {
    ...('namespaceSelector' in peer && {
      namespaceSelector: selector(peer.namespaceSelector, `${at}.namespaceSelector`),
    }),
    ...('podSelector' in peer && { podSelector: selector(peer.podSelector, `${at}.podSelector`) }),
  };
}

function policyPort(value: unknown, at: string): PolicyPort {
  const entry = record(value, at, ['protocol', 'port']);
  const protocol = entry.protocol ?? 'TCP';
  if (protocol !== 'TCP' && protocol !== 'UDP')
    throw new Error(`${at}.protocol: ${String(protocol)} is not TCP or UDP`);
  if (typeof entry.port !== 'number' && typeof entry.port !== 'string') throw new Error(`${at}.port: a port is needed`);
  return { protocol, port: entry.port };
}

function selector(value: unknown, at: string): MatchLabels {
  const labels = record(record(value ?? {}, at, ['matchLabels']).matchLabels ?? {}, `${at}.matchLabels`);
  return Object.fromEntries(
    Object.entries(labels).map(([key, label]) => [key, asText(label, `${at}.matchLabels.${key}`)]),
  );
}

function record(value: unknown, at: string, allowed?: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${at}: an object is needed`);
  const unknownKey = allowed && Object.keys(value).find((key) => !allowed.includes(key));
  if (unknownKey) throw new Error(`${at}: the demo's enforcer does not know '${unknownKey}'`);
  return { ...value };
}

function list(value: unknown, at: string): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${at}: a list is needed`);
  return value;
}

function asText(value: unknown, at: string): string {
  if (typeof value !== 'string') throw new Error(`${at}: a string is needed, not ${JSON.stringify(value)}`);
  return value;
}
