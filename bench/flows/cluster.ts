// An imaginary cluster: namespaces, workloads and their pods with the labels Cilium gives them, spread over nodes.

import { Endpoint } from '#proto/gen/flow/flow.ts';
import type { Random } from './random.ts';

export interface FixtureEndpoint {
  /** Its place in the list. */
  readonly number: number;
  readonly ip: string;
  readonly endpoint: Endpoint;
  readonly nodeName: string;
  /** DNS names of an endpoint outside the cluster. */
  readonly names: readonly string[];
}

const NAMESPACES = ['shop', 'payments', 'search', 'media', 'accounts', 'monitoring', 'ingress', 'batch'];
const WORKLOADS = ['frontend', 'cart', 'checkout', 'catalog', 'recommender', 'session', 'postgres', 'redis', 'worker'];
const WORLD_NAMES = ['api.stripe.com', 's3.eu-central-1.amazonaws.com', 'github.com', 'registry.npmjs.org'];
export const PODS_PER_WORKLOAD = 25;
/** One endpoint in this many is outside the cluster. */
const WORLD_EVERY = 50;

export function makeEndpoints(random: Random, count: number, nodes: readonly string[]): FixtureEndpoint[] {
  return Array.from({ length: count }, (_, i) => {
    if (i % WORLD_EVERY === WORLD_EVERY - 1) return makeWorldEndpoint(random, i);
    return makePod(random, i, random.pick(nodes));
  });
}

function makePod(random: Random, index: number, nodeName: string): FixtureEndpoint {
  const group = Math.floor(index / PODS_PER_WORKLOAD);
  const namespace = NAMESPACES[group % NAMESPACES.length] ?? 'default';
  const generation = Math.floor(group / (NAMESPACES.length * WORKLOADS.length));
  const base = WORKLOADS[Math.floor(group / NAMESPACES.length) % WORKLOADS.length] ?? 'app';
  const workload = generation === 0 ? base : `${base}-${generation}`;
  const hash = random.below(0x7fffffff).toString(36).padStart(6, '0');
  return {
    number: index,
    ip: `10.${128 + (index >>> 16)}.${(index >>> 8) & 0xff}.${index & 0xff}`,
    nodeName,
    names: [],
    endpoint: Endpoint.fromPartial({
      ID: 100 + (index % 4000),
      identity: 20_000 + group,
      clusterName: 'default',
      namespace,
      podName: `${workload}-6d4b${(group % 0xfff).toString(16)}-${hash}`,
      labels: [
        `k8s:app.kubernetes.io/name=${workload}`,
        `k8s:app.kubernetes.io/part-of=${namespace}-platform`,
        `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${namespace}`,
        'k8s:io.cilium.k8s.policy.cluster=default',
        `k8s:io.cilium.k8s.policy.serviceaccount=${workload}`,
        `k8s:io.kubernetes.pod.namespace=${namespace}`,
      ],
      workloads: [{ name: workload, kind: 'Deployment' }],
    }),
  };
}

function makeWorldEndpoint(random: Random, index: number): FixtureEndpoint {
  return {
    number: index,
    ip: `93.184.${(index >>> 8) & 0xff}.${index & 0xff}`,
    nodeName: '',
    names: [random.pick(WORLD_NAMES)],
    endpoint: Endpoint.fromPartial({ identity: 2, labels: ['reserved:world'] }),
  };
}
