// Kubernetes objects as an answer to "whose address is this": pods, service addresses, nodes and the API server. Fed object
// by object (a watch) or as a whole set (a list, a file). No I/O; times are given.
import { AddressHistory } from './address-history.ts';
import type { EndpointInfo } from './endpoint-info.ts';
import { reservedEndpoint } from './identities.ts';
import {
  isPolicy,
  type KubernetesObject,
  type NodeObject,
  type ObjectMeta,
  type PodObject,
} from './kubernetes-object.ts';
import { type LabelSet, LabelSets } from './label-sets.ts';
import { securityLabels } from './security-labels.ts';
import type { ObjectSource } from './service-directory.ts';
import { workloadOfPod } from './workload.ts';

export interface PodIndexOptions {
  /** Default "default". */
  readonly clusterName?: string;
  /** The node this runs on: its addresses are `host`, those of other nodes `remote-node`. */
  readonly nodeName?: string;
  /** Objects beyond are refused and counted. Default 200,000: about 1 KiB each, 200 MiB. */
  readonly maxObjects?: number;
  /** How long the owner of an address is remembered after its end. Default 120,000. */
  readonly keepDeletedMs?: number;
}

/** An object with an address, and what it is called. */
export interface Owner {
  readonly object: KubernetesObject;
  readonly endpoint: EndpointInfo;
}

/** What pods of a namespace are named with besides their own object. */
interface NamespaceSlot {
  labels: ReadonlyMap<string, string>;
  /** Controllers of its ReplicaSets and Jobs, by kind and name; undefined: it is known to have none. */
  readonly controllers: Map<string, ObjectMeta['controller']>;
  /** Grows when any of these changes. */
  generation: number;
}

class Entry implements Owner {
  object: KubernetesObject;
  readonly #index: EndpointSource;
  readonly #slot: NamespaceSlot;
  #endpoint: EndpointInfo | undefined;
  #generation = 0;
  #labelSet: LabelSet | undefined;

  constructor(object: KubernetesObject, slot: NamespaceSlot, index: EndpointSource) {
    this.object = object;
    this.#slot = slot;
    this.#index = index;
  }

  /** Computed when it is asked for, and again after what it depends on has changed. */
  get endpoint(): EndpointInfo {
    const isCurrent = this.#generation === this.#slot.generation && this.#labelSet?.isCurrent !== false;
    if (this.#endpoint !== undefined && isCurrent) return this.#endpoint;
    this.#generation = this.#slot.generation;
    this.#labelSet = this.object.kind === 'Pod' ? this.#index.labelSetOf(this.object, this.#slot) : undefined;
    this.#endpoint = this.#index.describe(this.object, this.#slot, this.#labelSet);
    return this.#endpoint;
  }

  replace(object: KubernetesObject): void {
    this.object = object;
    this.#endpoint = undefined;
  }
}

interface EndpointSource {
  labelSetOf(pod: PodObject, slot: NamespaceSlot): LabelSet;
  describe(object: KubernetesObject, slot: NamespaceSlot, labelSet: LabelSet | undefined): EndpointInfo;
}

export class PodIndex implements ObjectSource {
  readonly #clusterName: string;
  readonly #nodeName: string;
  readonly #maxObjects: number;
  readonly #keepDeletedMs: number;
  /** Living objects by kind, namespace and name. */
  readonly #living = new Map<string, Entry>();
  readonly #nodes = new Map<string, NodeObject>();
  readonly #slots = new Map<string, NamespaceSlot>();
  readonly #history: AddressHistory<Entry>;
  readonly #byContainer = new Map<string, Entry>();
  readonly #labelSets: LabelSets;
  #changes = 0;
  #refused = 0;
  #forgetAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: PodIndexOptions = {}) {
    this.#clusterName = options.clusterName ?? 'default';
    this.#nodeName = options.nodeName ?? '';
    this.#maxObjects = options.maxObjects ?? 200_000;
    this.#keepDeletedMs = options.keepDeletedMs ?? 120_000;
    this.#history = new AddressHistory(2 * this.#maxObjects);
    this.#labelSets = new LabelSets(this.#clusterName);
  }

  /** Grows with every change. */
  get version(): number {
    return this.#changes;
  }

  /** All that live. */
  *objects(): Generator<KubernetesObject> {
    for (const { object } of this.#living.values()) yield object;
  }

  /** Adds an object or replaces what it was. */
  upsert(object: KubernetesObject, seenUnixMs: number): void {
    if (isPolicy(object)) return;
    this.#changes++;
    const key = keyOf(object);
    const known = this.#living.get(key);
    if (known === undefined && this.#living.size >= this.#maxObjects) {
      this.#refused++;
      return;
    }
    // The same name with another uid is another object, with a life of its own.
    const isSame = known !== undefined && known.object.meta.uid === object.meta.uid;
    if (known !== undefined && !isSame) this.remove(known.object, seenUnixMs);
    const before = isSame ? addressesOf(known.object) : [];
    const entry = isSame ? known : new Entry(object, this.#slotOf(object), this);
    if (isSame) entry.replace(object);
    this.#living.set(key, entry);
    this.#learn(object);
    const addresses = addressesOf(object);
    for (const address of before) if (!addresses.includes(address)) this.#history.end(address, entry, seenUnixMs);
    const createdMs = object.meta.creationUnixMs ?? 0;
    for (const address of addresses) this.#history.begin(address, entry, createdMs, seenUnixMs);
    if (object.kind === 'Pod') for (const id of object.containerIds) this.#byContainer.set(id, entry);
  }

  /** Ends an object; flows of before are still named by it for a while. */
  remove(object: KubernetesObject, seenUnixMs: number): void {
    const key = keyOf(object);
    const entry = this.#living.get(key);
    if (entry === undefined) return;
    this.#changes++;
    this.#living.delete(key);
    this.#unlearn(entry.object);
    for (const address of addressesOf(entry.object)) this.#history.end(address, entry, seenUnixMs);
    if (entry.object.kind === 'Pod') for (const id of entry.object.containerIds) this.#byContainer.delete(id);
    this.#forget(seenUnixMs);
  }

  /** Makes these the only objects, ending all others: what a list says. */
  replaceAll(objects: Iterable<KubernetesObject>, seenUnixMs: number): void {
    const next = new Map<string, KubernetesObject>();
    for (const object of objects) next.set(keyOf(object), object);
    for (const [key, { object }] of [...this.#living]) if (!next.has(key)) this.remove(object, seenUnixMs);
    for (const object of next.values()) this.upsert(object, seenUnixMs);
  }

  /** `address` in canonical text. */
  byAddress(address: string, atUnixMs = Number.MAX_SAFE_INTEGER): EndpointInfo | undefined {
    return this.#history.ownerAt(address, atUnixMs)?.endpoint;
  }

  /** As byAddress, with the object that has the address. */
  ownerOf(address: string, atUnixMs: number): Owner | undefined {
    return this.#history.ownerAt(address, atUnixMs);
  }

  pod(namespace: string, name: string): Owner | undefined {
    return this.#living.get(`Pod/${namespace}/${name}`);
  }

  node(name: string): NodeObject | undefined {
    return this.#nodes.get(name);
  }

  /** By the container's full id, without the runtime's prefix. */
  byContainerId(containerId: string): EndpointInfo | undefined {
    return this.#byContainer.get(containerId)?.endpoint;
  }

  counters(): { readonly objects: number; readonly addresses: number; readonly refused: number } {
    return {
      objects: this.#living.size,
      addresses: this.#history.size,
      refused: this.#refused + this.#history.refused,
    };
  }

  /** For entries. */
  labelSetOf({ meta, serviceAccount }: PodObject, slot: NamespaceSlot): LabelSet {
    return this.#labelSets.of(
      securityLabels(this.#clusterName, meta.namespace, meta.labels, slot.labels, serviceAccount),
    );
  }

  /** For entries. */
  describe(object: KubernetesObject, slot: NamespaceSlot, labelSet: LabelSet | undefined): EndpointInfo {
    const { name, namespace } = object.meta;
    const named = { clusterName: this.#clusterName, namespace };
    switch (object.kind) {
      case 'Pod': {
        const workload = workloadOfPod(object.meta, slot.controllers);
        const { identity = 0, labels = [] } = labelSet ?? {};
        return { ...named, identity, labels, podName: name, workloads: workload ? [workload] : [], service: undefined };
      }
      case 'Node':
        return reservedEndpoint(name === this.#nodeName ? 'host' : 'remote-node');
      case 'EndpointSlice':
        return reservedEndpoint('kube-apiserver');
      default:
        return { ...named, identity: 0, labels: [], podName: '', workloads: [], service: { name, namespace } };
    }
  }

  #slotOf(object: KubernetesObject): NamespaceSlot {
    const namespace = object.kind === 'Namespace' ? object.meta.name : object.meta.namespace;
    let slot = this.#slots.get(namespace);
    if (slot === undefined) {
      slot = { labels: new Map(), controllers: new Map(), generation: 1 };
      this.#slots.set(namespace, slot);
    }
    return slot;
  }

  /** What changes nobody's name, such as a ReplicaSet's number of pods, makes nothing be computed again. */
  #learn(object: KubernetesObject): void {
    if (object.kind === 'CiliumIdentity') this.#labelSets.learn(object);
    else if (object.kind === 'Node') this.#nodes.set(object.meta.name, object);
    else if (object.kind === 'Namespace') {
      const slot = this.#slotOf(object);
      if (areEqual(slot.labels, object.meta.labels)) return;
      slot.labels = object.meta.labels;
      slot.generation++;
    } else if (object.kind === 'ReplicaSet' || object.kind === 'Job') {
      const slot = this.#slotOf(object);
      const { controller } = object.meta;
      const key = `${object.kind}/${object.meta.name}`;
      const before = slot.controllers.get(key);
      const isNew = !slot.controllers.has(key);
      slot.controllers.set(key, controller);
      if (isNew || before?.kind !== controller?.kind || before?.name !== controller?.name) slot.generation++;
    }
  }

  #unlearn(object: KubernetesObject): void {
    if (object.kind === 'CiliumIdentity') this.#labelSets.unlearn(object);
    else if (object.kind === 'Node') this.#nodes.delete(object.meta.name);
    else if (object.kind === 'Namespace') {
      const slot = this.#slotOf(object);
      slot.labels = new Map();
      slot.generation++;
      if (slot.controllers.size === 0) this.#slots.delete(object.meta.name);
    }
    // A controller's object goes before its last pods do: they keep its name.
    else if (object.kind === 'ReplicaSet' || object.kind === 'Job')
      this.#slotOf(object).controllers.delete(`${object.kind}/${object.meta.name}`);
  }

  /** At most each second: a pass over all addresses. */
  #forget(nowUnixMs: number): void {
    if (nowUnixMs < this.#forgetAtMs) return;
    this.#forgetAtMs = nowUnixMs + 1000;
    this.#history.forgetBefore(nowUnixMs - this.#keepDeletedMs);
  }
}

function areEqual(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean {
  return left.size === right.size && [...left].every(([key, value]) => right.get(key) === value);
}

function keyOf(object: KubernetesObject): string {
  return `${object.kind}/${object.meta.namespace}/${object.meta.name}`;
}

/** The addresses that an object names. */
function addressesOf(object: KubernetesObject): readonly string[] {
  switch (object.kind) {
    case 'Pod':
      return object.hostNetwork || object.isFinished ? [] : object.addresses;
    case 'Service':
    case 'Node':
      return object.addresses;
    case 'EndpointSlice':
      // Other slices list pods, which name themselves; the API server is no pod the API knows by address.
      return object.serviceName === 'kubernetes' && object.meta.namespace === 'default' ? object.addresses : [];
    default:
      return [];
  }
}
