// What the API server tells, kept as an index, and the namer over it. The watch is the caller's: policies are read from it
// too.

import type { ClusterWatch } from '#kubernetes/cluster-watch.ts';
import { PodIndex } from '#kubernetes/pod-index.ts';
import type { ResourceName } from '#kubernetes/resource.ts';
import { ServiceDirectory } from '#kubernetes/service-directory.ts';
import { EndNamer, type EndNamerCounters } from './end-namer.ts';

/** What names are made of. */
export const nameResources: readonly ResourceName[] = [
  'namespaces',
  'nodes',
  'services',
  'endpointslices',
  'replicasets',
  'jobs',
  'ciliumidentities',
  'pods',
];
/** Whatever has an address. */
const addressed: readonly ResourceName[] = ['pods', 'services', 'nodes'];

export class ClusterNames {
  readonly clusterName: string;
  readonly #watch: ClusterWatch;
  readonly #index: PodIndex;
  readonly #namer: EndNamer;
  readonly #unsubscribe: () => void;

  constructor(watch: ClusterWatch, clusterName: string) {
    this.clusterName = clusterName;
    this.#watch = watch;
    const index = new PodIndex({ clusterName });
    this.#index = index;
    this.#namer = new EndNamer({
      index,
      services: new ServiceDirectory(index),
      clusterName,
      isComplete: () => addressed.every((name) => watch.isSynced(name)),
    });
    this.#unsubscribe = watch.subscribe({
      upsert: (object, seenMs) => index.upsert(object, seenMs),
      remove: (object, seenMs) => index.remove(object, seenMs),
    });
  }

  /** The message with the names that its source left empty, valid until the next call; undefined: as it is. */
  name(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    return this.#namer.name(bytes, start, end);
  }

  counters(): EndNamerCounters & { readonly objects: number; readonly refused: number } {
    const { objects, refused } = this.#index.counters();
    return { ...this.#namer.counters, objects, refused };
  }

  notices(): ReturnType<ClusterWatch['notices']> {
    return this.#watch.notices();
  }

  stop(): void {
    this.#unsubscribe();
  }
}
