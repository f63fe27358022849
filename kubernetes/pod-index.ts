// Kubernetes objects as an answer to "whose address is this": pods, service addresses, nodes and the API server. Fed object
// by object (a watch) or as a whole set (a list, a file). No I/O; times are given.
import { AddressHistory } from './address-history.ts';
import type { EndpointInfo } from './endpoint-info.ts';
import { identityOfLabels, reservedEndpoint } from './identities.ts';
import type { KubernetesObject, ObjectMeta } from './kubernetes-object.ts';
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

interface Entry {
  readonly object: KubernetesObject;
  /** Computed on demand; of an earlier generation if namespaces or owners changed since. */
  cached: { readonly generation: number; readonly endpoint: EndpointInfo } | undefined;
}

export class PodIndex implements ObjectSource {
  private readonly clusterName: string;
  private readonly nodeName: string;
  private readonly maxObjects: number;
  private readonly keepDeletedMs: number;
  /** Living objects by kind, namespace and name. */
  private readonly living = new Map<string, Entry>();
  /** Living and recently ended owners of addresses, by key and uid. */
  private readonly owners = new Map<string, Entry>();
  private readonly history: AddressHistory;
  private readonly byContainer = new Map<string, string>();
  private generation = 0;
  private changes = 0;
  private refused = 0;

  constructor(options: PodIndexOptions = {}) {
    this.clusterName = options.clusterName ?? 'default';
    this.nodeName = options.nodeName ?? '';
    this.maxObjects = options.maxObjects ?? 200_000;
    this.keepDeletedMs = options.keepDeletedMs ?? 120_000;
    this.history = new AddressHistory(2 * this.maxObjects);
  }

  /** Grows with every change. */
  get version(): number {
    return this.changes;
  }

  /** All that live. */
  *objects(): Generator<KubernetesObject> {
    for (const { object } of this.living.values()) yield object;
  }

  /** Adds an object or replaces what it was. */
  upsert(object: KubernetesObject, seenUnixMs: number): void {
    this.changes++;
    const key = keyOf(object);
    const before = this.living.get(key);
    if (before && ownerKeyOf(before.object) !== ownerKeyOf(object)) this.remove(before.object, seenUnixMs);
    else if (!before && this.living.size >= this.maxObjects) {
      this.refused++;
      return;
    }
    const entry: Entry = { object, cached: undefined };
    this.living.set(key, entry);
    if (object.kind === 'Namespace' || object.kind === 'ReplicaSet' || object.kind === 'Job') this.generation++;
    else this.own(entry, before?.object, seenUnixMs);
  }

  /** Ends an object; flows of before are still named by it for a while. */
  remove(object: KubernetesObject, seenUnixMs: number): void {
    const key = keyOf(object);
    const entry = this.living.get(key);
    if (!entry) return;
    this.changes++;
    this.living.delete(key);
    if (object.kind === 'Namespace' || object.kind === 'ReplicaSet' || object.kind === 'Job') return;
    const ownerKey = ownerKeyOf(entry.object);
    const addresses = addressesOf(entry.object);
    for (const address of addresses) this.history.end(address, ownerKey, seenUnixMs);
    if (addresses.length === 0) this.owners.delete(ownerKey);
    if (entry.object.kind === 'Pod') for (const id of entry.object.containerIds) this.byContainer.delete(id);
    this.forget(seenUnixMs);
  }

  /** Makes these the only objects, ending all others: what a list says. */
  replaceAll(objects: Iterable<KubernetesObject>, seenUnixMs: number): void {
    const next = new Map<string, KubernetesObject>();
    for (const object of objects) next.set(keyOf(object), object);
    for (const [key, { object }] of [...this.living]) if (!next.has(key)) this.remove(object, seenUnixMs);
    for (const object of next.values()) this.upsert(object, seenUnixMs);
  }

  byAddress(address: string, atUnixMs = Number.MAX_SAFE_INTEGER): EndpointInfo | undefined {
    const ownerKey = this.history.ownerAt(address, atUnixMs);
    const entry = ownerKey === undefined ? undefined : this.owners.get(ownerKey);
    return entry && this.endpointOf(entry);
  }

  /** By the container's full id, without the runtime's prefix. */
  byContainerId(containerId: string): EndpointInfo | undefined {
    const entry = this.owners.get(this.byContainer.get(containerId) ?? '');
    return entry && this.endpointOf(entry);
  }

  counters(): { readonly objects: number; readonly addresses: number; readonly refused: number } {
    return { objects: this.living.size, addresses: this.history.size, refused: this.refused + this.history.refused };
  }

  private own(entry: Entry, before: KubernetesObject | undefined, seenUnixMs: number): void {
    const { object } = entry;
    const ownerKey = ownerKeyOf(object);
    this.owners.set(ownerKey, entry);
    const addresses = addressesOf(object);
    for (const address of before ? addressesOf(before) : []) {
      if (!addresses.includes(address)) this.history.end(address, ownerKey, seenUnixMs);
    }
    const createdMs = object.meta.creationUnixMs ?? 0;
    for (const address of addresses) this.history.begin(address, ownerKey, createdMs, seenUnixMs);
    if (object.kind === 'Pod') for (const id of object.containerIds) this.byContainer.set(id, ownerKey);
  }

  private forget(nowUnixMs: number): void {
    for (const ownerKey of this.history.forgetBefore(nowUnixMs - this.keepDeletedMs)) {
      const object = this.owners.get(ownerKey)?.object;
      const isLiving = object && this.living.get(keyOf(object))?.object === object;
      if (!isLiving) this.owners.delete(ownerKey);
    }
  }

  private endpointOf(entry: Entry): EndpointInfo {
    if (entry.cached?.generation === this.generation) return entry.cached.endpoint;
    const endpoint = this.describe(entry.object);
    entry.cached = { generation: this.generation, endpoint };
    return endpoint;
  }

  private describe(object: KubernetesObject): EndpointInfo {
    const { name, namespace } = object.meta;
    switch (object.kind) {
      case 'Pod': {
        const namespaceLabels = this.living.get(`Namespace//${namespace}`)?.object.meta.labels ?? new Map();
        const { meta, serviceAccount } = object;
        const labels = securityLabels(this.clusterName, namespace, meta.labels, namespaceLabels, serviceAccount);
        const workload = workloadOfPod(meta, (kind, owner) => this.meta(`${kind}/${namespace}/${owner}`));
        return {
          identity: identityOfLabels(this.clusterName, labels),
          clusterName: this.clusterName,
          namespace,
          labels,
          podName: name,
          workloads: workload ? [workload] : [],
          service: undefined,
        };
      }
      case 'Node':
        return reservedEndpoint(name === this.nodeName ? 'host' : 'remote-node');
      case 'EndpointSlice':
        return reservedEndpoint('kube-apiserver');
      default:
        return {
          identity: 0,
          clusterName: this.clusterName,
          namespace,
          labels: [],
          podName: '',
          workloads: [],
          service: { name, namespace },
        };
    }
  }

  private meta(key: string): ObjectMeta | undefined {
    return this.living.get(key)?.object.meta;
  }
}

function keyOf(object: KubernetesObject): string {
  return `${object.kind}/${object.meta.namespace}/${object.meta.name}`;
}

function ownerKeyOf(object: KubernetesObject): string {
  return `${keyOf(object)}/${object.meta.uid}`;
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
