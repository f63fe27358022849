// Gives every pod of the cluster what makes it a thing on this machine: pod name, uid, addresses, network namespace
// and interface. Pure and deterministic: the same cluster has the same names and addresses at every start.
import { createHash } from 'node:crypto';
import { workloads } from './cluster.ts';
import type { Workload, WorkloadKey } from './topology.ts';

export const bridgeName = 'px-demo0';
export const netnsPrefix = 'px-demo-';
export const interfacePrefix = 'pxd-';
/** Where pods send what is for a service address; no machine has it, the bridge rewrites such frames on their way. */
export const serviceGateway = { ipv4: '10.244.255.254', mac: '02:70:78:ff:ff:fe' } as const;

export interface PodPlan {
  readonly workload: Workload;
  /** Kubernetes namespace, or `internet`. */
  readonly namespace: string;
  readonly app: string;
  /** `web-6d4b01-03dde`; StatefulSets count `redis-0`. */
  readonly name: string;
  readonly templateHash: string;
  readonly uid: string;
  readonly containerId: string;
  readonly netns: string;
  /** Host side of the veth pair, at most 15 characters (IFNAMSIZ - 1). */
  readonly hostInterface: string;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string | null;
}

/** All pods, in the order of cluster.ts. */
export function planPods(list: readonly Workload[] = workloads): PodPlan[] {
  const namespaces = [...new Set(list.map(namespaceOf))];
  const seats = new Map<string, number>();
  const pods: PodPlan[] = [];
  for (const workload of list) {
    const namespace = namespaceOf(workload);
    for (let replica = 0; replica < workload.replicas; replica++) {
      const seat = (seats.get(namespace) ?? 9) + 1;
      seats.set(namespace, seat);
      pods.push(planPod(workload, replica, namespaces.indexOf(namespace), seat, pods.length + 1));
    }
  }
  return pods;
}

/** The pods of a workload; empty when there is no such workload. */
export function podsOf(pods: readonly PodPlan[], key: WorkloadKey): PodPlan[] {
  return pods.filter((pod) => pod.workload.key === key);
}

/** `catalog.shop.svc.cluster.local`; the shop's public name for the gateway, as the internet calls it. */
export function serviceName(key: WorkloadKey): string {
  if (key === 'ingress/gateway') return 'shop.example';
  const [namespace, name] = key.split('/');
  return `${name}.${namespace}.svc.cluster.local`;
}

function planPod(workload: Workload, replica: number, network: number, seat: number, ordinal: number): PodPlan {
  const namespace = namespaceOf(workload);
  const app = workload.key.slice(namespace.length + 1);
  const templateHash = digest(`template ${workload.key}`).slice(0, 6);
  const suffix = digest(`pod ${workload.key} ${replica}`);
  const outside = workload.kind === 'External';
  const short = replica === 0 ? app : `${app}-${replica + 1}`;
  return {
    workload,
    namespace,
    app,
    name: workload.kind === 'StatefulSet' ? `${app}-${replica}` : `${app}-${templateHash}-${suffix.slice(0, 5)}`,
    templateHash,
    uid: uidOf(`pod ${workload.key} ${replica}`),
    containerId: digest(`container ${workload.key} ${replica}`),
    netns: netnsPrefix + short,
    hostInterface: interfacePrefix + short,
    mac: `02:70:78:00:00:${ordinal.toString(16).padStart(2, '0')}`,
    ipv4: outside ? `203.0.113.${seat}` : `10.244.${network}.${seat}`,
    ipv6: workload.hasIpv6 ? `fd00:10:244:${network}::${seat.toString(16)}` : null,
  };
}

/** The labels a Deployment's or StatefulSet's pod carries. */
export function podLabels(pod: PodPlan): Record<string, string> {
  const workloadLabels = { app: pod.app, 'app.kubernetes.io/name': pod.app, 'app.kubernetes.io/part-of': 'shop' };
  return pod.workload.kind === 'StatefulSet'
    ? { ...workloadLabels, 'statefulset.kubernetes.io/pod-name': pod.name }
    : { ...workloadLabels, 'pod-template-hash': pod.templateHash };
}

/** Container ports by name: the protocol's name, as manifests commonly call them. */
export function containerPorts(pod: PodPlan): Record<string, number> {
  const { program } = pod.workload;
  if (program.kind === 'node') {
    return Object.fromEntries(
      program.servers.map((server) => [
        server.protocol === 'grpc' ? 'grpc' : server.protocol === 'https' ? 'https' : 'http',
        server.port,
      ]),
    );
  }
  if (program.kind === 'nginx') return { http: 80, https: 443 };
  return { [program.kind === 'dnsmasq' ? 'dns' : program.kind]: program.port };
}

/** A stable UUID for an object of the demo. */
export function uidOf(subject: string): string {
  const hex = digest(subject);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

function namespaceOf(workload: Workload): string {
  return workload.key.slice(0, workload.key.indexOf('/'));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
