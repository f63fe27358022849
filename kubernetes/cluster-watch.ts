// Many resources of one cluster, watched over one client: what is known of all of them, who is told, and what is missing
// and why, in words.

import { setMaxListeners } from 'node:events';
import type { Notice } from '#proto/gen/parallax/v1/dashboard.ts';
import type { ApiAccess } from './api-access.ts';
import { ApiClient } from './api-client.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import type { Selection } from './list-objects.ts';
import { type ResourceName, resources } from './resource.ts';
import { defaultTiming, type ResourceCounters, ResourceWatch, type WatchTiming } from './resource-watch.ts';
import { SharedText } from './shared-text.ts';
import { watchNotices } from './watch-notices.ts';

export interface ClusterWatchOptions {
  readonly access: ApiAccess;
  /** "relay", "exporter": what the server's audit log calls us. */
  readonly component: string;
  readonly resources: readonly ResourceName[];
  /** Which objects of a resource. Default: all. */
  readonly selections?: Partial<Readonly<Record<ResourceName, Selection>>>;
  /** Whether pods keep the ids of their containers. Default false. */
  readonly keepsContainers?: boolean;
  readonly timing?: Partial<WatchTiming>;
  /** Longest wait for the API server's next bytes. Default 30,000. */
  readonly silenceMs?: number;
  /** Objects of each resource kept; those beyond are refused, counted and told. Default 200,000. */
  readonly maxObjects?: number;
  /** Unix milliseconds. Default Date.now. */
  readonly nowMs?: () => number;
  readonly random?: () => number;
}

export interface ClusterListener {
  /** New, or changed in something that is kept of it. */
  upsert?(object: KubernetesObject, seenUnixMs: number): void;
  remove?(object: KubernetesObject, seenUnixMs: number): void;
  /** After changes, once they pause for a tenth of a second or every second: kinds of objects that came, changed or went. */
  settled?(kinds: ReadonlySet<KubernetesObject['kind']>): void;
}

export type ObjectOf<K extends KubernetesObject['kind']> = KubernetesObject & { readonly kind: K };

const settleMs = 100;
const maxSettleMs = 1000;

export class ClusterWatch {
  /** For messages: which server, and where that was read from. */
  readonly text: string;
  readonly #client: ApiClient;
  readonly #watches: readonly ResourceWatch[];
  readonly #listeners = new Set<ClusterListener>();
  readonly #nowMs: () => number;
  readonly #stop = new AbortController();
  readonly #changed = new Set<KubernetesObject['kind']>();
  #settleTimer: NodeJS.Timeout | undefined;
  #settleBeforeMs = 0;
  #running: Promise<unknown> = Promise.resolve();
  #onTold: () => void = () => {};

  constructor(options: ClusterWatchOptions) {
    const { access, component, silenceMs, selections = {}, maxObjects = 200_000, random = Math.random } = options;
    this.text = access.text;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#client = new ApiClient(access, { component, ...(silenceMs === undefined ? {} : { silenceMs }) });
    // Each watch listens for the end; Node warns of more than ten listeners as of a leak.
    setMaxListeners(0, this.#stop.signal);
    const shared = new SharedText();
    this.#watches = options.resources.map((name) => {
      const selection = selections[name];
      return new ResourceWatch({
        client: this.#client,
        resource: resources[name],
        ...(selection === undefined ? {} : { selection }),
        shared,
        keepsContainers: options.keepsContainers ?? false,
        timing: { ...defaultTiming, ...options.timing },
        maxObjects,
        nowMs: this.#nowMs,
        random,
        upsert: (object) => this.#tell(object, 'upsert'),
        remove: (object) => this.#tell(object, 'remove'),
        told: () => this.#onTold(),
      });
    });
  }

  /**
   * Begins to watch; call it once. Resolves when everything was listed, is refused or fails, and after `withinMs` in any
   * case: what is not known then comes later.
   */
  async start(withinMs = 10_000): Promise<void> {
    const { signal } = this.#stop;
    const settled = new Promise<void>((resolve) => {
      this.#onTold = () => {
        if (this.#watches.every(({ standing }) => standing.state !== 'starting')) resolve();
      };
      this.#onTold();
    });
    this.#running = Promise.all(this.#watches.map((watch) => watch.run(signal)));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([settled, late]);
    clearTimeout(timer);
    this.#settle();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#settleTimer);
    this.#client.close();
    await this.#running;
  }

  /** Told of all objects there are, then of each change. @returns how to unsubscribe */
  subscribe(listener: ClusterListener): () => void {
    const nowMs = this.#nowMs();
    for (const watch of this.#watches) for (const object of watch.objects()) listener.upsert?.(object, nowMs);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All of a kind, as they are now. */
  *objects<K extends KubernetesObject['kind']>(kind: K): Generator<ObjectOf<K>> {
    for (const watch of this.#watches) {
      if (watch.resource.kind === kind) for (const object of watch.objects()) yield object as ObjectOf<K>;
    }
  }

  /** True once a resource was listed whole, or is known not to be installed. */
  isSynced(name: ResourceName): boolean {
    return this.#watches.some(({ resource, isSynced }) => resource.name === name && isSynced);
  }

  /** True if the cluster has this resource: it was listed, now or before. */
  isInstalled(name: ResourceName): boolean {
    return this.#watches.some(
      ({ resource, isSynced, standing }) => resource.name === name && isSynced && standing.state !== 'absent',
    );
  }

  /** What is not known, and why. */
  notices(): Notice[] {
    return watchNotices(this.text, this.#watches, this.#nowMs());
  }

  counters(): ReadonlyMap<ResourceName, ResourceCounters & { readonly objects: number }> {
    return new Map(this.#watches.map((watch) => [watch.resource.name, { ...watch.counters, objects: watch.size }]));
  }

  #tell(object: KubernetesObject, what: 'upsert' | 'remove'): void {
    const nowMs = this.#nowMs();
    for (const listener of this.#listeners) listener[what]?.(object, nowMs);
    if (this.#changed.size === 0) this.#settleBeforeMs = nowMs + maxSettleMs;
    this.#changed.add(object.kind);
    clearTimeout(this.#settleTimer);
    const waitMs = Math.max(0, Math.min(settleMs, this.#settleBeforeMs - nowMs));
    this.#settleTimer = setTimeout(() => this.#settle(), waitMs).unref();
  }

  #settle(): void {
    clearTimeout(this.#settleTimer);
    if (this.#changed.size === 0) return;
    const kinds = new Set(this.#changed);
    this.#changed.clear();
    for (const listener of this.#listeners) listener.settled?.(kinds);
  }
}
