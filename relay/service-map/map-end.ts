// One end of a connection as the map sees it: which address, and which vertex it is known as, if any. Pure.

import type { EndpointDescription } from '#observer/endpoint-dictionary.ts';
import { VertexKind } from '#proto/gen/parallax/v1/dashboard.ts';

/** What a vertex is, without figures. Equal ids mean equal vertices. */
export interface MapVertex {
  readonly id: string;
  readonly kind: VertexKind;
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly workloadKind: string;
  readonly labels: readonly string[];
}

/** How much a name says, so that the better of two names of one address wins. */
export const RANK_NONE = 0;
export const RANK_RESERVED = 1;
export const RANK_EXTERNAL = 2;
export const RANK_SERVICE = 3;
export const RANK_WORKLOAD = 4;

export interface MapEnd {
  /** Different for each end that ever was in this process. */
  readonly serial: number;
  /**
   * Which machine address this is: equal for all observers that see this end, whatever they know of it. The address
   * itself; with the node's name where an address means another end on each node (loopback, link-local); where a
   * flow has no address, the pod or the vertex.
   */
  readonly place: string;
  readonly vertex: MapVertex;
  readonly rank: number;
  /** As the flow has it, by which filters go: a service's may stand in its vertex. */
  readonly namespace: string;
  /** Tells the instances of a vertex apart: the pod, or the place. */
  readonly instance: string;
  /** True if the place is another one on each node: see `place`. */
  readonly isPerNode: boolean;
}

/** Workload kinds that an exporter gives to what runs on a host outside of pods. */
const hostProcessKinds = new Set(['Process', 'Unit', 'Container']);

const RESERVED_LABEL = 'reserved:';
/** Words of Cilium's reserved identities (pkg/identity/numericidentity.go), where an endpoint has no reserved label. */
const reservedWords: readonly (string | undefined)[] = [
  undefined,
  'host',
  'world',
  'unmanaged',
  'health',
  'init',
  'remote-node',
  'kube-apiserver',
  'ingress',
  'world',
  'world',
];

/**
 * The end that `description` stands for, seen from node `nodeName` ("cluster/node" or "node").
 * @param isReused the address is another machine's in each cluster
 */
export function describeEnd(
  description: EndpointDescription,
  nodeName: string,
  serial: number,
  isReused = false,
): MapEnd {
  const { vertex, rank } = nameOf(description);
  const pod = description.endpoint?.podName ?? '';
  const podPlace = `${vertex.namespace}/${pod}`;
  const isPerNode = isPerNodeAddress(description.ip);
  const inCluster = isReused ? `${description.ip}@${vertex.cluster || clusterOfNode(nodeName)}` : description.ip;
  const address = isPerNode ? `${description.ip}%${nodeName}` : inCluster;
  const nameless = pod === '' ? vertex.id : podPlace;
  const place = address === '' ? nameless : address;
  return {
    ...{ serial, place, vertex, rank, namespace: description.endpoint?.namespace ?? '' },
    ...{ instance: pod === '' ? place : podPlace, isPerNode: isPerNode || isReused },
  };
}

/** "" where the node's name has no cluster's before it. */
function clusterOfNode(nodeName: string): string {
  return nodeName.slice(0, Math.max(0, nodeName.indexOf('/')));
}

/** Stands for all ends of a namespace beyond the bound. */
export function otherEnd(of: MapEnd, serial: number): MapEnd {
  const id = `other/${of.vertex.cluster}/${of.vertex.namespace}`;
  const vertex = { ...of.vertex, id, kind: VertexKind.VERTEX_KIND_OTHER, name: 'other', workloadKind: '', labels: [] };
  const { namespace } = of;
  return { serial, place: id, vertex, rank: RANK_WORKLOAD, namespace, instance: id, isPerNode: false };
}

function nameOf({ endpoint, names, service }: EndpointDescription): { vertex: MapVertex; rank: number } {
  const cluster = endpoint?.clusterName ?? '';
  const namespace = endpoint?.namespace ?? '';
  const labels = endpoint?.labels ?? [];
  const workload = endpoint?.workloads[0];
  const vertexOf = (kind: VertexKind, room: string, name: string, workloadKind = ''): MapVertex => ({
    id: `${room}/${cluster}/${namespace}/${workloadKind}/${name}`,
    kind,
    cluster,
    namespace,
    name,
    workloadKind,
    labels,
  });
  if (workload !== undefined && workload.name !== '' && hostProcessKinds.has(workload.kind)) {
    const vertex = vertexOf(VertexKind.VERTEX_KIND_HOST_PROCESS, 'process', workload.name, workload.kind);
    return { vertex, rank: RANK_WORKLOAD };
  }
  const podName = endpoint?.podName ?? '';
  const workloadName = workload === undefined || workload.name === '' ? podName : workload.name;
  if (workloadName !== '') {
    const kind = workloadName === podName ? 'Pod' : (workload?.kind ?? '');
    return { vertex: vertexOf(VertexKind.VERTEX_KIND_WORKLOAD, 'workload', workloadName, kind), rank: RANK_WORKLOAD };
  }
  if (service !== undefined && service.name !== '') {
    const id = `service/${cluster}/${service.namespace}/${service.name}`;
    const vertex = vertexOf(VertexKind.VERTEX_KIND_WORKLOAD, 'service', service.name, 'Service');
    return { vertex: { ...vertex, id, namespace: service.namespace }, rank: RANK_SERVICE };
  }
  const dnsName = names[0];
  if (dnsName !== undefined && dnsName !== '') {
    const name = dnsName.endsWith('.') ? dnsName.slice(0, -1) : dnsName;
    return { vertex: externalVertex(name), rank: RANK_EXTERNAL };
  }
  const word = reservedWord(endpoint?.identity ?? 0, labels);
  const vertex = { ...vertexOf(VertexKind.VERTEX_KIND_RESERVED, 'reserved', word), id: `reserved/${cluster}/${word}` };
  if (word === 'world' || word === 'unknown') return { vertex: outsideVertex(word), rank: RANK_NONE };
  return { vertex, rank: RANK_RESERVED };
}

/** A name on the outside is the same vertex whichever cluster saw it. */
function externalVertex(name: string): MapVertex {
  const kind = VertexKind.VERTEX_KIND_EXTERNAL;
  return { id: `external/${name}`, kind, cluster: '', namespace: '', name, workloadKind: '', labels: [] };
}

/** All addresses that nobody can name are one vertex: "world", or "unknown" where not even that was told. */
function outsideVertex(word: string): MapVertex {
  const kind = VertexKind.VERTEX_KIND_RESERVED;
  const labels = word === 'world' ? [`${RESERVED_LABEL}world`] : [];
  return { id: `reserved/${word}`, kind, cluster: '', namespace: '', name: word, workloadKind: '', labels };
}

function reservedWord(identity: number, labels: readonly string[]): string {
  // A Kubernetes API server carries two reserved labels; that one says more than remote-node or host.
  const words = labels.filter((label) => label.startsWith(RESERVED_LABEL)).map((label) => label.slice(9));
  if (words.includes('kube-apiserver')) return 'kube-apiserver';
  const word = words[0] ?? reservedWords[identity] ?? 'unknown';
  return word.startsWith('world') ? 'world' : word;
}

function isPerNodeAddress(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1' || ip.startsWith('169.254.') || /^fe[89ab]/i.test(ip);
}
