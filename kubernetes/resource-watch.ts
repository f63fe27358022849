// Keeps the objects of one resource as the API server has them: list, watch from there, and whatever goes wrong, come back.
// Owns the loop and what is known; tells each change once. An informer of the client library would keep whole objects, and
// stop at the first error that is not a 410.

import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from './api-client.ts';
import { ApiError, type ApiErrorKind } from './api-error.ts';
import { isServed } from './is-served.ts';
import { type KubernetesObject, parseKubernetesObject } from './kubernetes-object.ts';
import { listObjects, type Selection } from './list-objects.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import type { SharedText } from './shared-text.ts';
import { type WatchEvent, watchStream } from './watch-stream.ts';

export interface WatchTiming {
  /** Wait after a first failure; doubled with each further one. Default 1000. */
  readonly backoffMs: number;
  /** Default 30,000. */
  readonly maxBackoffMs: number;
  /** Wait before a resource that is refused or not installed is asked for again. Default 60,000. */
  readonly refusedMs: number;
  /** How long a watch stays open; up to a fifth more, so that watches do not all end at once. Default 290. */
  readonly watchSeconds: number;
}

export const defaultTiming: WatchTiming = {
  backoffMs: 1000,
  maxBackoffMs: 30_000,
  refusedMs: 60_000,
  watchSeconds: 290,
};

export type Standing =
  | { readonly state: 'starting' | 'watching' | 'absent' }
  | { readonly state: 'failing'; readonly kind: ApiErrorKind; readonly text: string; readonly sinceMs: number };

export interface ResourceWatchOptions {
  readonly client: ApiClient;
  readonly resource: Resource;
  readonly selection?: Selection;
  readonly shared?: SharedText;
  readonly keepsContainers?: boolean;
  readonly timing: WatchTiming;
  /** Objects beyond are refused and counted. */
  readonly maxObjects: number;
  readonly nowMs: () => number;
  /** [0, 1). */
  readonly random: () => number;
  upsert(object: KubernetesObject): void;
  remove(object: KubernetesObject): void;
  /** Standing, or that all is known. */
  told(): void;
}

export interface ResourceCounters {
  lists: number;
  watches: number;
  events: number;
  /** Lists that became necessary because a version was too old (410), or the server's history was another. */
  relists: number;
  failures: number;
  /** Objects that were not as Kubernetes has them, or beyond the bound. */
  refused: number;
}

/** A watch that ends sooner without a word is taken for a failure, or a server could keep us in a busy loop. */
const shortWatchMs = 1000;

export class ResourceWatch {
  readonly resource: Resource;
  readonly counters: ResourceCounters = { lists: 0, watches: 0, events: 0, relists: 0, failures: 0, refused: 0 };
  standing: Standing = { state: 'starting' };
  /** True once a list was complete, or it is known that there is nothing to list. */
  isSynced = false;
  /** Why an object was refused last; undefined if none was. */
  refusal: string | undefined;
  readonly #options: ResourceWatchOptions;
  readonly #objects = new Map<string, KubernetesObject>();
  /** Where to go on watching; undefined: a list is due. */
  #version: string | undefined;
  #failures = 0;
  /** Lists that took longer than the server remembers; the next has larger pages. */
  #expiredLists = 0;
  /** Times that the server refused to watch from #version. */
  #refusedWatches = 0;

  constructor(options: ResourceWatchOptions) {
    this.#options = options;
    this.resource = options.resource;
  }

  get size(): number {
    return this.#objects.size;
  }

  objects(): Iterable<KubernetesObject> {
    return this.#objects.values();
  }

  /** Runs until the signal. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = 0;
      try {
        if (this.#version === undefined) await this.#list(signal);
        else pauseMs = await this.#watch(this.#version, signal);
      } catch (error) {
        if (signal.aborted) return;
        pauseMs = this.#fail(await this.#explained(ApiError.from(error), signal));
      }
      if (pauseMs > 0) await wait(pauseMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, selection = {} } = this.#options;
    this.counters.lists += 1;
    const found = new Set<string>();
    const limit = { ...selection, pageSizeFactor: 2 ** Math.min(3, this.#expiredLists) };
    const version = await listObjects(client, resource, limit, signal, (object) => this.#apply(object, found));
    for (const [key, object] of this.#objects) if (!found.has(key)) this.#forget(key, object);
    this.#version = version;
    this.#expiredLists = 0;
    this.#refusedWatches = 0;
    this.#stand({ state: 'watching' }, true);
  }

  /** @returns how long to wait before the next watch, milliseconds */
  async #watch(from: string, signal: AbortSignal): Promise<number> {
    const { client, resource, selection = {}, timing, random, nowMs } = this.#options;
    this.counters.watches += 1;
    const seconds = Math.round(timing.watchSeconds * (1 + random() / 5));
    const begunMs = nowMs();
    let isQuiet = true;
    const options = { ...selection, resourceVersion: from, seconds };
    for await (const event of watchStream(client, resource, options, signal)) {
      if (this.standing.state !== 'watching') this.#stand({ state: 'watching' }, this.isSynced);
      if (event.type === 'OPENED') continue;
      isQuiet = false;
      this.#failures = 0;
      this.#refusedWatches = 0;
      if (isEarlier(event.resourceVersion, this.#version ?? '')) {
        throw new ApiError('expired', 'the server counts its versions anew');
      }
      this.#take(event);
    }
    if (!isQuiet || nowMs() - begunMs >= shortWatchMs) {
      this.#failures = 0;
      return 0;
    }
    return this.#backoff();
  }

  #take(event: Exclude<WatchEvent, { type: 'OPENED' }>): void {
    this.counters.events += 1;
    if (event.type === 'DELETED') {
      const key = keyOf(event.object);
      const known = this.#objects.get(key);
      if (known !== undefined) this.#forget(key, known);
    } else if (event.type !== 'BOOKMARK') this.#apply(event.object);
    this.#version = event.resourceVersion;
  }

  #apply(value: unknown, found?: Set<string>): void {
    const { resource, shared, keepsContainers, maxObjects } = this.#options;
    const key = keyOf(value);
    const before = this.#objects.get(key);
    let object: KubernetesObject | undefined;
    try {
      object = parseKubernetesObject(value, {
        kind: resource.kind,
        apiVersion: apiVersionOf(resource),
        ...(shared === undefined ? {} : { shared }),
        ...(keepsContainers === undefined ? {} : { keepsContainers }),
      });
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error));
      return;
    }
    if (object === undefined) return;
    found?.add(key);
    if (before === undefined && this.#objects.size >= maxObjects) {
      this.#refuse(`there are more than ${maxObjects}, the most that are kept`);
      return;
    }
    // Most updates change what nobody here asks for, such as a node's heartbeat.
    if (before !== undefined && isDeepStrictEqual(before, object)) return;
    this.#objects.set(key, object);
    this.#options.upsert(object);
  }

  #refuse(text: string): void {
    this.counters.refused += 1;
    this.refusal = text;
  }

  #forget(key: string, object: KubernetesObject): void {
    this.#objects.delete(key);
    this.#options.remove(object);
  }

  /** A refusal of what is not installed says nothing but that. */
  async #explained(error: ApiError, signal: AbortSignal): Promise<ApiError> {
    const { client, resource } = this.#options;
    if (error.kind !== 'forbidden' || !resource.isOptional || (await isServed(client, resource, signal))) return error;
    return new ApiError('absent', 'it is not installed', { cause: error });
  }

  /** @returns how long to wait, milliseconds */
  #fail(error: ApiError): number {
    const { timing, nowMs } = this.#options;
    const { kind } = error;
    if (kind === 'expired') {
      this.counters.relists += 1;
      if (this.#version === undefined) this.#expiredLists += 1;
      this.#version = undefined;
      return this.#failures++ === 0 ? 0 : this.#backoff();
    }
    if (kind === 'absent' && this.resource.isOptional) {
      for (const [key, object] of this.#objects) this.#forget(key, object);
      this.#version = undefined;
      this.#stand({ state: 'absent' }, true);
      return timing.refusedMs;
    }
    this.counters.failures += 1;
    // After a restore, or in front of another server, our version may be from a future that never comes.
    const wasAnswered = kind !== 'unreachable' && kind !== 'stalled' && kind !== 'unauthorized';
    if (this.#version !== undefined && wasAnswered && ++this.#refusedWatches >= 3) {
      this.counters.relists += 1;
      this.#version = undefined;
      this.#refusedWatches = 0;
    }
    const sinceMs = this.standing.state === 'failing' ? this.standing.sinceMs : nowMs();
    this.#stand({ state: 'failing', kind, text: error.message, sinceMs }, this.isSynced);
    const backoffMs = this.#backoff();
    return kind === 'forbidden' || kind === 'absent' ? timing.refusedMs : Math.max(backoffMs, error.retryAfterMs ?? 0);
  }

  /** Between half and all of a time that doubles with each failure. */
  #backoff(): number {
    const { timing, random } = this.#options;
    this.#failures += 1;
    const atMostMs = Math.min(timing.maxBackoffMs, timing.backoffMs * 2 ** Math.min(16, this.#failures - 1));
    return atMostMs * (0.5 + random() / 2);
  }

  #stand(standing: Standing, isSynced: boolean): void {
    this.standing = standing;
    this.isSynced = isSynced;
    this.#options.told();
  }
}

function keyOf(value: unknown): string {
  const { metadata } = (value ?? {}) as { metadata?: { name?: unknown; namespace?: unknown } | null };
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

/** Versions are numbers in every server there is (and by definition since Kubernetes 1.35); others are not compared. */
function isEarlier(version: string, than: string): boolean {
  return /^\d{1,20}$/.test(version) && /^\d{1,20}$/.test(than) && BigInt(version) < BigInt(than);
}
