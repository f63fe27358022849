// The parts of Kubernetes objects that name endpoints, checked field by field: objects come from files or from an API
// server and are trusted no further than this file.

export interface ObjectMeta {
  readonly name: string;
  /** Tells apart objects that had the same name after each other; empty in hand-written files. */
  readonly uid: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly generateName: string;
  /** The controller's reference, if there is one. */
  readonly controller: { readonly kind: string; readonly name: string } | undefined;
  readonly creationUnixMs: number | undefined;
  readonly deletionUnixMs: number | undefined;
}

export interface ServicePortSpec {
  /** Empty where a service has one port. */
  readonly name: string;
  /** "TCP", "UDP" or "SCTP". */
  readonly protocol: string;
  readonly port: number;
  /** Undefined where it is given by name. */
  readonly targetPort: number | undefined;
}

export type KubernetesObject =
  | {
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
    }
  | { readonly kind: 'Namespace'; readonly meta: ObjectMeta }
  | {
      readonly kind: 'Service';
      readonly meta: ObjectMeta;
      readonly addresses: readonly string[];
      readonly ports: readonly ServicePortSpec[];
      readonly selector: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'ReplicaSet' | 'Job'; readonly meta: ObjectMeta }
  | { readonly kind: 'Node'; readonly meta: ObjectMeta; readonly addresses: readonly string[] }
  | {
      readonly kind: 'EndpointSlice';
      readonly meta: ObjectMeta;
      readonly serviceName: string;
      readonly addresses: readonly string[];
      readonly ports: readonly Pick<ServicePortSpec, 'name' | 'protocol' | 'port'>[];
    };

/** Undefined for kinds that name no endpoint. Throws an Error in words if the object is not one of Kubernetes. */
export function parseKubernetesObject(value: unknown): KubernetesObject | undefined {
  const object = record(value);
  const kind = text(object.kind);
  if (kind === '') throw new Error('an object has no "kind"; expected a Kubernetes object such as a Pod or a List');
  const spec = record(object.spec);
  const status = record(object.status);
  switch (kind) {
    case 'Pod':
      return {
        kind,
        meta: meta(object, kind),
        addresses: [
          ...new Set([...list(status.podIPs).map((entry) => text(record(entry).ip)), text(status.podIP)]),
        ].filter((address) => address !== ''),
        serviceAccount: text(spec.serviceAccountName),
        nodeName: text(spec.nodeName),
        hostNetwork: spec.hostNetwork === true,
        isFinished: status.phase === 'Succeeded' || status.phase === 'Failed',
        containerIds: [...list(status.containerStatuses), ...list(status.initContainerStatuses)]
          .map((container) => text(record(container).containerID).replace(/^.*:\/\//, ''))
          .filter((id) => id !== ''),
      };
    case 'Service': {
      const addresses = [text(spec.clusterIP), ...list(spec.clusterIPs).map(text), ...list(spec.externalIPs).map(text)];
      const ingress = list(record(status.loadBalancer).ingress).map((entry) => text(record(entry).ip));
      const isAddress = (address: string) => address !== '' && address !== 'None';
      return {
        kind,
        meta: meta(object, kind),
        addresses: [...new Set([...addresses, ...ingress])].filter(isAddress),
        ports: list(spec.ports).map(servicePort),
        selector: texts(spec.selector),
      };
    }
    case 'Node': {
      const addresses = list(status.addresses).map(record);
      const ips = addresses.filter((entry) => text(entry.type).endsWith('IP')).map((entry) => text(entry.address));
      return { kind, meta: meta(object, kind), addresses: ips };
    }
    case 'EndpointSlice': {
      const own = meta(object, kind);
      const serviceName = own.labels.get('kubernetes.io/service-name') ?? '';
      const addresses = list(object.endpoints).flatMap((endpoint) => list(record(endpoint).addresses).map(text));
      return { kind, meta: own, serviceName, addresses, ports: list(object.ports).map(servicePort) };
    }
    case 'Namespace':
    case 'ReplicaSet':
    case 'Job':
      return { kind, meta: meta(object, kind) };
    default:
      return undefined;
  }
}

function meta(object: Record<string, unknown>, kind: string): ObjectMeta {
  const metadata = record(object.metadata);
  const name = text(metadata.name);
  if (name === '') throw new Error(`a ${kind} has no metadata.name`);
  const owners = list(metadata.ownerReferences).map(record);
  const controller = owners.find((owner) => owner.controller === true);
  return {
    name,
    uid: text(metadata.uid),
    namespace: text(metadata.namespace),
    labels: texts(metadata.labels),
    generateName: text(metadata.generateName),
    controller: controller && { kind: text(controller.kind), name: text(controller.name) },
    creationUnixMs: time(metadata.creationTimestamp),
    deletionUnixMs: time(metadata.deletionTimestamp),
  };
}

/** Also of an EndpointSlice, whose ports have no target. */
function servicePort(value: unknown): ServicePortSpec {
  const { name, protocol, port, targetPort } = record(value);
  return {
    name: text(name),
    protocol: text(protocol) || 'TCP',
    port: Number(text(port)),
    // Absent means the service's own port; a name is looked up in the pod by the API server alone.
    targetPort: targetPort === undefined ? Number(text(port)) : typeof targetPort === 'number' ? targetPort : undefined,
  };
}

function texts(value: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries(record(value)).map(([key, entry]) => [key, text(entry)] as const));
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
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
