// The world that policies are evaluated against, from Kubernetes objects: namespaces, pods, nodes, services. What is missing or
// of another shape in an object is left out of it; nothing but policy's own questions is read.

import {
  emptyWorld,
  type NamedPort,
  type ServicePort,
  type World,
  type WorldPod,
  type WorldService,
} from '#policy/world.ts';

type Json = Readonly<Record<string, unknown>>;

export function worldOfObjects(objects: readonly unknown[]): World {
  const of = (kind: string): Json[] => objects.map(asObject).filter((each) => each.kind === kind);
  const pods = of('Pod').filter(isAlive).map(toPod);
  return {
    ...emptyWorld,
    namespaces: of('Namespace').map((each) => {
      const { name, labels } = metadataOf(each);
      return { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } };
    }),
    pods,
    nodes: of('Node').map((each) => ({
      name: metadataOf(each).name,
      addresses: asList(asObject(each.status).addresses)
        .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
        .map(({ address }) => asText(address)),
      local: false,
      kubeApiserver: false,
    })),
    services: of('Service').map((each) => toService(each, pods)),
  };
}

/** A pod that has ended may have given its address to another. */
function isAlive(pod: Json): boolean {
  return !['Succeeded', 'Failed'].includes(asText(asObject(pod.status).phase));
}

function toPod(pod: Json): WorldPod {
  const spec = asObject(pod.spec);
  const status = asObject(pod.status);
  const { name, namespace, labels } = metadataOf(pod);
  const listed = asList(status.podIPs).map(({ ip }) => asText(ip));
  // A pod on its node's own network has the node's address, and policies do not select it.
  const addresses = spec.hostNetwork === true ? [] : [...new Set([asText(status.podIP), ...listed])];
  const ports = asList(spec.containers).flatMap((container) => asList(container.ports));
  return {
    namespace,
    name,
    labels,
    addresses: addresses.filter((address) => address !== ''),
    namedPorts: ports.flatMap((port): NamedPort[] =>
      asText(port.name) === '' || typeof port.containerPort !== 'number'
        ? []
        : [{ name: asText(port.name), port: port.containerPort, protocol: asText(port.protocol) || 'TCP' }],
    ),
    serviceAccount: asText(spec.serviceAccountName) || 'default',
  };
}

function toService(service: Json, pods: readonly WorldPod[]): WorldService {
  const spec = asObject(service.spec);
  const { name, namespace, labels } = metadataOf(service);
  const selector = Object.entries(asTexts(spec.selector));
  const selected = pods.filter(
    (pod) => pod.namespace === namespace && selector.every(([key, value]) => pod.labels[key] === value),
  );
  const listed = Array.isArray(spec.clusterIPs) ? spec.clusterIPs.map(asText) : [];
  const addresses = [...new Set([asText(spec.clusterIP), ...listed])];
  return {
    namespace,
    name,
    labels,
    // Without a selector its backends are listed elsewhere, and not known here.
    backends: selector.length === 0 ? [] : selected.flatMap((pod) => pod.addresses),
    addresses: addresses.filter((address) => address !== '' && address !== 'None'),
    ports: asList(spec.ports).flatMap((port): ServicePort[] => {
      if (typeof port.port !== 'number') return [];
      const { targetPort } = port;
      const isTarget = typeof targetPort === 'number' || typeof targetPort === 'string';
      return [
        { protocol: asText(port.protocol) || 'TCP', port: port.port, targetPort: isTarget ? targetPort : port.port },
      ];
    }),
  };
}

function metadataOf(object: Json): { name: string; namespace: string; labels: Record<string, string> } {
  const metadata = asObject(object.metadata);
  return {
    name: asText(metadata.name),
    namespace: asText(metadata.namespace) || 'default',
    labels: asTexts(metadata.labels),
  };
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function asList(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asTexts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asObject(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
