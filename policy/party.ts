// One end of a flow as policy sees it: a pod, a node of the cluster, or an address outside.

import { type Address, parseAddress } from './address.ts';
import { isIdentityLabel, LabelSet } from './labels.ts';
import type { World, WorldPod, WorldService } from './world.ts';

export interface PodParty {
  readonly kind: 'pod';
  readonly pod: WorldPod;
  /** Equal for pods that no policy can tell apart by labels and namespace: small numbers from 0, so that answers can be kept in arrays. */
  readonly group: number;
  /** Place among the pods of the world; -1 for a pod that only a flow told of. */
  readonly index: number;
  readonly addresses: readonly Address[];
  /** As Cilium's identity has them: namespace, its labels, cluster and service account among them. */
  readonly identityLabels: LabelSet;
  /** The pod's own labels alone, as Kubernetes' selectors read them. */
  readonly podLabels: LabelSet;
  readonly namespaceLabels: LabelSet;
}

export interface NodeParty {
  readonly kind: 'node';
  readonly name: string;
  readonly address: Address;
  readonly local: boolean;
  readonly kubeApiserver: boolean;
  readonly identityLabels: LabelSet;
}

export interface ExternalParty {
  readonly kind: 'external';
  readonly address: Address;
  readonly text: string;
  readonly kubeApiserver: boolean;
  /** DNS names under which the pod that talks to it learned the address. */
  readonly names: readonly string[];
  readonly identityLabels: LabelSet;
}

export type Party = PodParty | NodeParty | ExternalParty;

export class Parties {
  readonly #pods: PodParty[] = [];
  readonly #unfinished: Generator<undefined, void>;
  readonly #byName = new Map<string, PodParty>();
  readonly #byAddress = new Map<string, PodParty | NodeParty>();
  readonly #apiservers: ReadonlySet<string>;
  readonly #labelSets = new Map<string, LabelSet>();
  readonly #groups = new Map<string, number>();
  readonly #services = new Map<string, WorldService>();
  readonly #cluster: string;

  /** @param inSteps the caller runs `steps` to its end before anything is asked */
  constructor(world: World, inSteps = false) {
    this.#cluster = world.cluster;
    this.#apiservers = new Set(world.kubeApiservers.map(canonical));
    this.#unfinished = this.#adoptAll(world);
    if (!inSteps) while (this.#unfinished.next().done !== true);
  }

  steps(): Generator<undefined, void> {
    return this.#unfinished;
  }

  get pods(): readonly PodParty[] {
    return this.#pods;
  }

  *#adoptAll(world: World): Generator<undefined, void> {
    const namespaces = new Map(world.namespaces.map((namespace) => [namespace.name, namespace.labels]));
    for (const pod of world.pods) {
      const party = this.adopt(pod, namespaces.get(pod.namespace) ?? {}, this.#pods.length);
      this.#pods.push(party);
      this.#byName.set(`${pod.namespace}/${pod.name}`, party);
      for (const address of party.addresses) this.#byAddress.set(address.text, party);
      yield undefined;
    }
    for (const service of world.services) {
      for (const address of service.addresses ?? []) this.#services.set(canonical(address), service);
      yield undefined;
    }
    for (const node of world.nodes)
      for (const text of node.addresses) {
        const address = parseAddress(text);
        if (address !== undefined) this.#byAddress.set(address.text, nodeParty(node, address));
      }
  }

  pod(namespace: string, name: string): PodParty | undefined {
    return this.#byName.get(`${namespace}/${name}`);
  }

  /** Pod or node with this address; else the outside. Undefined if the text is no address. */
  byAddress(text: string, names: readonly string[] = []): Party | undefined {
    const address = parseAddress(text);
    if (address === undefined) return undefined;
    const key = address.text;
    return this.#byAddress.get(key) ?? externalParty(address, this.#apiservers.has(key), names);
  }

  /** The service with this address of its own. */
  service(address: string): WorldService | undefined {
    return this.#services.get(canonical(address));
  }

  /** Groups told apart so far: what answers by group take memory for. */
  get groups(): number {
    return this.#groups.size;
  }

  /** A pod that the world does not hold, as a flow describes it. Its labels are kept for the life of this object. */
  adopt(pod: WorldPod, namespaceLabels: Readonly<Record<string, string>>, index = -1): PodParty {
    const own = Object.entries(pod.labels);
    const identity: [string, string][] = own
      .filter(([key]) => isIdentityLabel(key))
      .map(([key, value]) => [`k8s:${key}`, value]);
    for (const [key, value] of Object.entries(namespaceLabels))
      identity.push([`k8s:io.cilium.k8s.namespace.labels.${key}`, value]);
    identity.push(['k8s:io.kubernetes.pod.namespace', pod.namespace]);
    identity.push(['k8s:io.cilium.k8s.policy.cluster', this.#cluster]);
    identity.push(['k8s:io.cilium.k8s.policy.serviceaccount', pod.serviceAccount ?? 'default']);
    const identityLabels = this.#shared(identity);
    const podLabels = this.#shared(own.map(([key, value]) => [`k8s:${key}`, value]));
    const groupKey = `${identityLabels.key}\n\n${podLabels.key}`;
    const group = this.#groups.get(groupKey) ?? this.#groups.size;
    this.#groups.set(groupKey, group);
    return {
      kind: 'pod',
      pod,
      group,
      index,
      addresses: pod.addresses.map(parseAddress).filter((address) => address !== undefined),
      identityLabels,
      podLabels,
      namespaceLabels: this.#shared(Object.entries(namespaceLabels).map(([key, value]) => [`k8s:${key}`, value])),
    };
  }

  /** Pods of one workload share one set, so that a result kept by set serves them all. */
  #shared(entries: readonly [string, string][]): LabelSet {
    const set = new LabelSet(entries);
    const known = this.#labelSets.get(set.key);
    if (known !== undefined) return known;
    this.#labelSets.set(set.key, set);
    return set;
  }
}

function canonical(text: string): string {
  return parseAddress(text)?.text ?? text;
}

export function nodeParty(node: World['nodes'][number], address: Address): NodeParty {
  const labels: [string, string][] = [[node.local ? 'reserved:host' : 'reserved:remote-node', '']];
  if (node.kubeApiserver) labels.push(['reserved:kube-apiserver', '']);
  const { name, local, kubeApiserver } = node;
  return { kind: 'node', name, address, local, kubeApiserver, identityLabels: new LabelSet(labels) };
}

const worldLabels = {
  ipv4: new LabelSet([
    ['reserved:world', ''],
    ['reserved:world-ipv4', ''],
  ]),
  ipv6: new LabelSet([
    ['reserved:world', ''],
    ['reserved:world-ipv6', ''],
  ]),
};
// Cilium gives an API server outside the cluster the family's world label only, so that a selector for reserved:world
// misses it while the entity `world`, which names all three, has it.
const apiserverLabels = {
  ipv4: new LabelSet([
    ['reserved:kube-apiserver', ''],
    ['reserved:world-ipv4', ''],
  ]),
  ipv6: new LabelSet([
    ['reserved:kube-apiserver', ''],
    ['reserved:world-ipv6', ''],
  ]),
};

export function externalParty(address: Address, kubeApiserver: boolean, names: readonly string[]): ExternalParty {
  const identityLabels = (kubeApiserver ? apiserverLabels : worldLabels)[address.family];
  return { kind: 'external', address, text: address.text, kubeApiserver, names, identityLabels };
}

/** "shop/web", "node-1", "203.0.113.7 (world)": for explanations. */
export function describeParty(party: Party): string {
  if (party.kind === 'pod') return `${party.pod.namespace}/${party.pod.name}`;
  if (party.kind === 'node') return `${party.name} (${party.local ? 'host' : 'remote-node'})`;
  const name = party.names[0] ?? party.text;
  return party.kubeApiserver ? `${name} (kube-apiserver)` : `${name} (world)`;
}
