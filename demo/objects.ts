// The cluster as the Kubernetes API would list it: Namespace, Node, Deployment, ReplicaSet, StatefulSet, Pod, Service,
// EndpointSlice, NetworkPolicy in one v1 List. Pure. The internet's client is left out: no API server knows it.
import type { NetworkPolicy } from './enforcer/network-policy.ts';
import { containerPorts, type PodPlan, podLabels, uidOf } from './plan.ts';
import type { Workload } from './topology.ts';

type KubernetesObject = Readonly<Record<string, unknown>>;

export interface ObjectsOptions {
  readonly nodeName: string;
  readonly createdAt: Date;
  /** False when the bridge could not be taught service addresses: then every Service is headless. */
  readonly hasClusterIps: boolean;
}

/** A v1 List; `JSON.stringify` of it is objects.json. */
export function kubernetesObjects(
  plan: readonly PodPlan[],
  policies: readonly NetworkPolicy[],
  options: ObjectsOptions,
): { apiVersion: 'v1'; kind: 'List'; metadata: object; items: KubernetesObject[] } {
  const pods = plan.filter((pod) => pod.workload.kind !== 'External');
  const firstPods = pods.filter((pod, n) => pods.findIndex((other) => other.workload === pod.workload) === n);
  const items = [
    ...[...new Set(pods.map((pod) => pod.namespace))].map((name) => namespace(name, options)),
    node(options),
    ...firstPods.flatMap((pod) => owners(pod, options)),
    ...pods.map((pod) => podObject(pod, options)),
    ...firstPods.flatMap((pod) => service(pod, pods, options)),
    ...policies.map((policy) => policyObject(policy, options)),
  ];
  return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '1' }, items };
}

function metadata(
  name: string,
  kind: string,
  { createdAt }: ObjectsOptions,
  inNamespace?: string,
  labels?: object,
): object {
  return {
    name,
    ...(inNamespace !== undefined && { namespace: inNamespace }),
    uid: uidOf(`${kind} ${inNamespace ?? ''}/${name}`),
    resourceVersion: '1',
    creationTimestamp: `${createdAt.toISOString().slice(0, 19)}Z`,
    ...(labels && { labels }),
  };
}

function namespace(name: string, options: ObjectsOptions): KubernetesObject {
  const labels = { 'kubernetes.io/metadata.name': name };
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: metadata(name, 'Namespace', options, undefined, labels),
    status: { phase: 'Active' },
  };
}

function node(options: ObjectsOptions): KubernetesObject {
  const labels = { 'kubernetes.io/hostname': options.nodeName, 'kubernetes.io/os': 'linux' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: metadata(options.nodeName, 'Node', options, undefined, labels),
    spec: { podCIDR: '10.244.0.0/16', podCIDRs: ['10.244.0.0/16', 'fd00:10:244::/48'] },
    status: { addresses: [{ type: 'Hostname', address: options.nodeName }] },
  };
}

/** ReplicaSets are named like the API's controller names them: workload, dash, hash of the pod template. */
function replicaSetName(pod: PodPlan): string {
  return `${pod.app}-${pod.templateHash}`;
}

function ownerReference(kind: string, name: string, inNamespace: string): object {
  const uid = uidOf(`${kind} ${inNamespace}/${name}`);
  return { apiVersion: 'apps/v1', kind, name, uid, controller: true, blockOwnerDeletion: true };
}

function owners(pod: PodPlan, options: ObjectsOptions): KubernetesObject[] {
  const { app, namespace: inNamespace, workload } = pod;
  const spec = { replicas: workload.replicas, selector: { matchLabels: { app } } };
  const status = { replicas: workload.replicas, readyReplicas: workload.replicas };
  const top = {
    apiVersion: 'apps/v1',
    kind: workload.kind,
    metadata: metadata(app, workload.kind, options, inNamespace, { app }),
    spec,
    status,
  };
  if (workload.kind === 'StatefulSet') return [top];
  const name = replicaSetName(pod);
  const labels = { app, 'pod-template-hash': pod.templateHash };
  const ownerReferences = [ownerReference('Deployment', app, inNamespace)];
  const replicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { ...metadata(name, 'ReplicaSet', options, inNamespace, labels), ownerReferences },
    spec: { replicas: workload.replicas, selector: { matchLabels: labels } },
    status,
  };
  return [top, replicaSet];
}

function podObject(pod: PodPlan, options: ObjectsOptions): KubernetesObject {
  const isStateful = pod.workload.kind === 'StatefulSet';
  const owner = isStateful
    ? ownerReference('StatefulSet', pod.app, pod.namespace)
    : ownerReference('ReplicaSet', replicaSetName(pod), pod.namespace);
  const ports = Object.entries(containerPorts(pod)).map(([name, containerPort]) => ({
    name,
    containerPort,
    protocol: transportOf(pod.workload),
  }));
  const podIPs = [{ ip: pod.ipv4 }, ...(pod.ipv6 ? [{ ip: pod.ipv6 }] : [])];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata(pod.name, 'Pod', options, pod.namespace, podLabels(pod)),
      uid: pod.uid,
      generateName: isStateful ? `${pod.app}-` : `${replicaSetName(pod)}-`,
      ownerReferences: [owner],
    },
    spec: {
      nodeName: options.nodeName,
      serviceAccountName: 'default',
      containers: [{ name: pod.app, image: `demo/${pod.app}`, ports }],
    },
    status: {
      phase: 'Running',
      podIP: pod.ipv4,
      podIPs,
      startTime: `${options.createdAt.toISOString().slice(0, 19)}Z`,
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: pod.app, ready: true, containerID: `containerd://${pod.containerId}` }],
    },
  };
}

function service(pod: PodPlan, pods: readonly PodPlan[], options: ObjectsOptions): KubernetesObject[] {
  const { app, namespace: inNamespace, workload } = pod;
  const plan = workload.service;
  if (!plan) return [];
  const clusterIP = (options.hasClusterIps && plan.clusterIp) || 'None';
  const portName = Object.entries(containerPorts(pod)).find(([, number]) => number === plan.targetPort)?.[0] ?? 'main';
  const labels = { app };
  const serviceObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(app, 'Service', options, inNamespace, labels),
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      selector: labels,
      ports: [{ name: portName, protocol: plan.transport, port: plan.port, targetPort: plan.targetPort }],
    },
  };
  const sliceLabels = { ...labels, 'kubernetes.io/service-name': app };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: metadata(`${app}-ipv4`, 'EndpointSlice', options, inNamespace, sliceLabels),
    addressType: 'IPv4',
    ports: [{ name: portName, protocol: plan.transport, port: plan.targetPort }],
    endpoints: pods
      .filter((other) => other.workload === workload)
      .map((backend) => ({
        addresses: [backend.ipv4],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: options.nodeName,
        targetRef: { kind: 'Pod', namespace: inNamespace, name: backend.name, uid: backend.uid },
      })),
  };
  return [serviceObject, slice];
}

function transportOf(workload: Workload): 'TCP' | 'UDP' {
  return workload.service?.transport ?? 'TCP';
}

function policyObject(policy: NetworkPolicy, options: ObjectsOptions): KubernetesObject {
  return { ...policy.object, metadata: metadata(policy.name, 'NetworkPolicy', options, policy.namespace) };
}
