// Policies of a Kubernetes cluster, with the pods, namespaces and services that they are judged against, from what the relay
// watches. A change is told once it has settled; what did not change is not told again.

import type { ClusterListener, ObjectOf } from '#kubernetes/cluster-watch.ts';
import type { KubernetesObject, ObjectMeta } from '#kubernetes/kubernetes-object.ts';
import type { ResourceName } from '#kubernetes/resource.ts';
import { emptyWorld, type World, type WorldPod } from '#policy/world.ts';
import type { PolicyListener, PolicyObject, PolicySource } from './policy-source.ts';

/** What a watch is to read for this source, beside what names are made of. */
export const policyResources: readonly ResourceName[] = [
  'namespaces',
  'pods',
  'services',
  'nodes',
  'networkpolicies',
  'ciliumnetworkpolicies',
  'ciliumclusterwidenetworkpolicies',
];

const policyKinds = ['NetworkPolicy', 'CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'] as const;
const worldKinds = ['Namespace', 'Pod', 'Service', 'Node'] as const;

/** As ClusterWatch has them. */
export interface ClusterObjects {
  readonly text: string;
  objects<K extends KubernetesObject['kind']>(kind: K): Iterable<ObjectOf<K>>;
  subscribe(listener: ClusterListener): () => void;
}

export class ClusterPolicies implements PolicySource {
  readonly text: string;
  /** The API server takes what we may not know; one such policy must not put the others out of force. */
  readonly leavesOutFaulty = true;
  readonly #cluster: ClusterObjects;
  readonly #clusterName: string;
  #unsubscribe: () => void = () => undefined;

  /** @param clusterName as Cilium's identities name it */
  constructor(cluster: ClusterObjects, clusterName: string) {
    this.#cluster = cluster;
    this.#clusterName = clusterName;
    this.text = cluster.text;
  }

  async start(listener: PolicyListener): Promise<void> {
    this.#unsubscribe = this.#cluster.subscribe({
      settled: (kinds) => {
        if (worldKinds.some((kind) => kinds.has(kind))) void listener.world?.(this.#world());
        if (policyKinds.some((kind) => kinds.has(kind))) void listener.set(this.#policies());
      },
    });
    void listener.world?.(this.#world());
    await listener.set(this.#policies());
  }

  stop(): void {
    this.#unsubscribe();
  }

  #policies(): PolicyObject[] {
    return policyKinds.flatMap((kind) =>
      [...this.#cluster.objects(kind)].map(({ object, meta }) => ({
        object,
        origin: meta.namespace === '' ? meta.name : `${meta.namespace}/${meta.name}`,
      })),
    );
  }

  #world(): World {
    const pods = [...this.#cluster.objects('Pod')].filter(({ isFinished }) => !isFinished).map(toPod);
    const byNamespace = Map.groupBy(pods, ({ namespace }) => namespace);
    return {
      ...emptyWorld,
      cluster: this.#clusterName,
      pods,
      namespaces: [...this.#cluster.objects('Namespace')].map(({ meta }) => ({
        name: meta.name,
        labels: labelsOf(meta),
      })),
      nodes: [...this.#cluster.objects('Node')].map(({ meta, addresses }) => ({
        ...{ name: meta.name, addresses },
        ...{ local: false, kubeApiserver: false },
      })),
      services: [...this.#cluster.objects('Service')].map(({ meta, clusterAddresses, ports, selector }) => {
        const selected = (byNamespace.get(meta.namespace) ?? []).filter((pod) =>
          [...selector].every(([key, value]) => pod.labels[key] === value),
        );
        return {
          ...{ namespace: meta.namespace, name: meta.name, labels: labelsOf(meta), ports },
          addresses: clusterAddresses,
          // Without a selector its backends are listed elsewhere.
          backends: selector.size === 0 ? [] : selected.flatMap((pod) => pod.addresses),
        };
      }),
    };
  }
}

function toPod({ meta, addresses, hostNetwork, serviceAccount, namedPorts }: ObjectOf<'Pod'>): WorldPod {
  return {
    ...{ namespace: meta.namespace, name: meta.name, labels: labelsOf(meta), namedPorts },
    // A pod on its node's own network has the node's address, and policies do not select it.
    addresses: hostNetwork ? [] : addresses,
    serviceAccount: serviceAccount === '' ? 'default' : serviceAccount,
  };
}

function labelsOf({ labels }: ObjectMeta): Record<string, string> {
  return Object.fromEntries(labels);
}
