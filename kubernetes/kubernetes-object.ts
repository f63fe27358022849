// The parts of Kubernetes objects that Parallax asks for, checked field by field: objects come from files or from an API
// server and are trusted no further than this file. All else of an object is left behind here.

import type { SharedText } from './shared-text.ts';

export interface ObjectMeta {
  readonly name: string;
  /** Tells apart objects that had the same name after each other; empty in hand-written files. */
  readonly uid: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
  /** The controller's reference, if there is one. */
  readonly controller: { readonly kind: string; readonly name: string } | undefined;
  readonly creationUnixMs: number | undefined;
}

export interface ContainerPort {
  readonly name: string;
  readonly port: number;
  /** "TCP", "UDP" or "SCTP". */
  readonly protocol: string;
}

export interface ServicePortSpec {
  /** Empty where a service has one port. */
  readonly name: string;
  /** "TCP", "UDP" or "SCTP". */
  readonly protocol: string;
  readonly port: number;
  /** A container port's number, or its name. */
  readonly targetPort: number | string;
  /** Of every node, for services of type NodePort and LoadBalancer; 0 for none. */
  readonly nodePort: number;
}

export interface PodObject {
  readonly kind: 'Pod';
  readonly meta: ObjectMeta;
  readonly addresses: readonly string[];
  readonly serviceAccount: string;
  readonly nodeName: string;
  /** The pod shares the node's addresses, which therefore do not name it. */
  readonly hostNetwork: boolean;
  /** Succeeded or Failed: its address may be another's by now. */
  readonly isFinished: boolean;
  /** Ids without the runtime's prefix, "containerd://". */
  readonly containerIds: readonly string[];
  /** Ports of its containers that have a name. */
  readonly namedPorts: readonly ContainerPort[];
}

export interface ServiceObject {
  readonly kind: 'Service';
  readonly meta: ObjectMeta;
  /** Cluster addresses, external ones, those of load balancers. */
  readonly addresses: readonly string[];
  /** Cluster addresses alone. */
  readonly clusterAddresses: readonly string[];
  readonly ports: readonly ServicePortSpec[];
  readonly selector: ReadonlyMap<string, string>;
  /** Shared with the services of the same name in other clusters (Cilium's ClusterMesh). */
  readonly isGlobal: boolean;
}

export interface NodeObject {
  readonly kind: 'Node';
  readonly meta: ObjectMeta;
  readonly addresses: readonly string[];
  /** Label topology.kubernetes.io/zone; empty where there is none. */
  readonly zone: string;
}

export interface EndpointSliceObject {
  readonly kind: 'EndpointSlice';
  readonly meta: ObjectMeta;
  readonly serviceName: string;
  readonly addresses: readonly string[];
  readonly ports: readonly Pick<ServicePortSpec, 'name' | 'protocol' | 'port'>[];
}

export interface CiliumIdentityObject {
  readonly kind: 'CiliumIdentity';
  readonly meta: ObjectMeta;
  readonly identity: number;
  /** "k8s:app=web", sorted. */
  readonly labels: readonly string[];
}

/** Kinds that are kept as the API has them, for who knows how to read them. */
export type PolicyKind =
  | 'NetworkPolicy'
  | 'CiliumNetworkPolicy'
  | 'CiliumClusterwideNetworkPolicy'
  | 'CiliumCIDRGroup'
  | 'ClusterNetworkPolicy';

export interface PolicyObject {
  readonly kind: PolicyKind;
  readonly meta: ObjectMeta;
  /** The object with apiVersion and kind, without status, managed fields and kubectl's copy of it. */
  readonly object: Readonly<Record<string, unknown>>;
}

export type KubernetesObject =
  | PodObject
  | { readonly kind: 'Namespace'; readonly meta: ObjectMeta }
  | ServiceObject
  | { readonly kind: 'ReplicaSet' | 'Job'; readonly meta: ObjectMeta }
  | NodeObject
  | EndpointSliceObject
  | CiliumIdentityObject
  | PolicyObject;

export interface ParseOptions {
  /** Of items of a list, which do not tell it themselves. */
  readonly kind?: string;
  readonly apiVersion?: string;
  /** Where repeated text is kept once. Default: each object has its own. */
  readonly shared?: SharedText;
  /** False where nobody asks for a pod by its containers. Default true. */
  readonly keepsContainers?: boolean;
}

const policyKinds: ReadonlySet<string> = new Set<PolicyKind>([
  'NetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'CiliumCIDRGroup',
  'ClusterNetworkPolicy',
]);

/** Undefined for kinds that nothing here asks for. Throws an Error in words if the object is not one of Kubernetes. */
export function parseKubernetesObject(value: unknown, options: ParseOptions = {}): KubernetesObject | undefined {
  const object = record(value);
  const kind = options.kind ?? text(object.kind);
  if (kind === '') throw new Error('an object has no "kind"; expected a Kubernetes object such as a Pod or a List');
  const { shared } = options;
  const spec = record(object.spec);
  const status = record(object.status);
  switch (kind) {
    case 'Pod':
      return {
        kind,
        meta: meta(object, kind, shared),
        addresses: unique([...list(status.podIPs).map((entry) => text(record(entry).ip)), text(status.podIP)]),
        serviceAccount: share(text(spec.serviceAccountName), shared),
        nodeName: share(text(spec.nodeName), shared),
        hostNetwork: spec.hostNetwork === true,
        isFinished: status.phase === 'Succeeded' || status.phase === 'Failed',
        containerIds: options.keepsContainers === false ? none : containerIds(status),
        namedPorts: namedPorts(spec, shared),
      };
    case 'Service': {
      const isAddress = (address: string) => address !== '' && address !== 'None';
      const clusterAddresses = unique([text(spec.clusterIP), ...list(spec.clusterIPs).map(text)]).filter(isAddress);
      const ingress = list(record(status.loadBalancer).ingress).map((entry) => text(record(entry).ip));
      const annotations = record(record(object.metadata).annotations);
      return {
        kind,
        meta: meta(object, kind, shared),
        addresses: unique([...clusterAddresses, ...list(spec.externalIPs).map(text), ...ingress]).filter(isAddress),
        clusterAddresses,
        ports: list(spec.ports).map(servicePort),
        selector: texts(spec.selector),
        isGlobal: ['service.cilium.io/global', 'io.cilium/global-service'].some((key) => annotations[key] === 'true'),
      };
    }
    case 'Node': {
      const own = meta(object, kind, shared);
      const addresses = list(status.addresses).map(record);
      const ips = addresses.filter((entry) => text(entry.type).endsWith('IP')).map((entry) => text(entry.address));
      return { kind, meta: own, addresses: ips, zone: own.labels.get('topology.kubernetes.io/zone') ?? '' };
    }
    case 'EndpointSlice': {
      const own = meta(object, kind, shared);
      const serviceName = own.labels.get('kubernetes.io/service-name') ?? '';
      const addresses = list(object.endpoints).flatMap((endpoint) => list(record(endpoint).addresses).map(text));
      return { kind, meta: own, serviceName, addresses, ports: list(object.ports).map(servicePort) };
    }
    case 'CiliumIdentity': {
      const labels = [...texts(object['security-labels'])].map(([key, label]) => `${key}=${label}`).sort();
      const own = meta(object, kind, shared);
      const identity = Number(own.name);
      if (!Number.isInteger(identity) || identity < 0 || identity >= 2 ** 32)
        throw new Error(`the CiliumIdentity ${own.name} is not named by a number`);
      return { kind, meta: own, identity, labels };
    }
    case 'Namespace':
    case 'ReplicaSet':
    case 'Job':
      return { kind, meta: meta(object, kind, shared) };
    default:
      return isPolicyKind(kind)
        ? { kind, meta: meta(object, kind, shared), object: bare(object, kind, options) }
        : undefined;
  }
}

/** Kept as the API has it: it names nothing. */
export function isPolicy(object: KubernetesObject): object is PolicyObject {
  return isPolicyKind(object.kind);
}

/** What is true of any name of an object (DNS-1123 subdomain, or laxer), so that no name can pass for markup or a path. */
const namePattern = /^[A-Za-z0-9](?:[-A-Za-z0-9_.:]{0,251}[A-Za-z0-9])?$/;
/** Of labels that break the rules of Kubernetes nothing is to be had, and they are left out. */
const labelKeyPattern =
  /^(?:[A-Za-z0-9][-A-Za-z0-9.]{0,251}[A-Za-z0-9]\/|[A-Za-z0-9]\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValuePattern = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

function meta(object: Readonly<Record<string, unknown>>, kind: string, shared: SharedText | undefined): ObjectMeta {
  const metadata = record(object.metadata);
  const name = text(metadata.name);
  const namespace = text(metadata.namespace);
  if (name === '') throw new Error(`a ${kind} has no metadata.name`);
  for (const given of [name, namespace]) {
    if (given !== '' && !namePattern.test(given))
      throw new Error(`a ${kind} is called ${JSON.stringify(given.slice(0, 40))}, which is no name in Kubernetes`);
  }
  const controller = list(metadata.ownerReferences)
    .map(record)
    .find((owner) => owner.controller === true);
  const labels = new Map(
    [...texts(metadata.labels)].filter(([key, value]) => labelKeyPattern.test(key) && labelValuePattern.test(value)),
  );
  return {
    name,
    uid: text(metadata.uid),
    namespace: share(namespace, shared),
    labels: shared === undefined ? labels : shared.labels(labels),
    controller: controller && {
      kind: share(text(controller.kind), shared),
      name: share(text(controller.name), shared),
    },
    creationUnixMs: time(metadata.creationTimestamp),
  };
}

function isPolicyKind(kind: string): kind is PolicyKind {
  return policyKinds.has(kind);
}

function bare(
  object: Readonly<Record<string, unknown>>,
  kind: string,
  { apiVersion }: ParseOptions,
): Record<string, unknown> {
  const { status: _status, metadata, ...rest } = object;
  const { managedFields: _fields, annotations, ...kept } = record(metadata);
  const { 'kubectl.kubernetes.io/last-applied-configuration': _copy, ...others } = record(annotations);
  const named = Object.keys(others).length === 0 ? kept : { ...kept, annotations: others };
  return { ...rest, apiVersion: object.apiVersion ?? apiVersion, kind, metadata: named };
}

function containerIds(status: Readonly<Record<string, unknown>>): readonly string[] {
  return [...list(status.containerStatuses), ...list(status.initContainerStatuses)]
    .map((container) => text(record(container).containerID).replace(/^.*:\/\//, ''))
    .filter((id) => id !== '');
}

function namedPorts(spec: Readonly<Record<string, unknown>>, shared: SharedText | undefined): readonly ContainerPort[] {
  const ports = list(spec.containers)
    .flatMap((container) => list(record(container).ports).map(record))
    .flatMap(({ name, containerPort, protocol }) =>
      text(name) === '' || typeof containerPort !== 'number'
        ? []
        : [{ name: share(text(name), shared), port: containerPort, protocol: share(text(protocol) || 'TCP', shared) }],
    );
  return ports.length === 0 ? none : ports;
}

/** Also of an EndpointSlice, whose ports have no target. */
function servicePort(value: unknown): ServicePortSpec {
  const { name, protocol, port, targetPort, nodePort } = record(value);
  const number = Number(text(port));
  return {
    name: text(name),
    protocol: text(protocol) || 'TCP',
    port: number,
    // Absent means the service's own port.
    targetPort: typeof targetPort === 'number' || typeof targetPort === 'string' ? targetPort : number,
    nodePort: typeof nodePort === 'number' ? nodePort : 0,
  };
}

const none: readonly never[] = [];

function unique(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].filter((address) => address !== '');
}

function share(value: string, shared: SharedText | undefined): string {
  return shared === undefined ? value : shared.text(value);
}

function texts(value: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries(record(value)).map(([key, entry]) => [key, text(entry)] as const));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : none;
}

function text(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';
}

/** YAML parses an unquoted timestamp to a Date where its schema says so. */
function time(value: unknown): number | undefined {
  const unixMs = value instanceof Date ? value.getTime() : Date.parse(text(value));
  return Number.isNaN(unixMs) ? undefined : unixMs;
}
