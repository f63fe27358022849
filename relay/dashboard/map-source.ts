// Maps for viewers: the one that is computed for a window and filter is every viewer's for the next half second.

import type { CompiledFilter } from '#flow/filter/compile.ts';
import type { ServiceMap } from '#proto/gen/parallax/v1/dashboard.ts';
import type { FilteredMap, FilteredMaps } from '../service-map/filtered-maps.ts';
import type { ServiceMapAggregate } from '../service-map/service-map.ts';

/** Viewers' clocks are not in step: a map a little younger than their interval is as good as a new one. */
const freshMs = 400;
/** Making a map may take this share of the time: a large one is made less often. */
const maxShare = 0.05;

export interface MapView {
  /** The map, or undefined while a filtered one is still being made. Equal objects are equal maps. */
  current(): ServiceMap | undefined;
  release(): void;
}

export class MapSource {
  readonly #whole: ServiceMapAggregate;
  readonly #filtered: FilteredMaps;
  readonly #nowMs: () => number;
  readonly #fresh = new Map<string, { readonly map: ServiceMap; readonly freshUntilMs: number }>();

  constructor(whole: ServiceMapAggregate, filtered: FilteredMaps, nowMs: () => number) {
    this.#whole = whole;
    this.#filtered = filtered;
    this.#nowMs = nowMs;
  }

  /** @throws TooManyFiltersError */
  view(filterKey: string, filter: CompiledFilter, windowSeconds: number): MapView {
    if (filter.matchesAll) return { current: () => this.#make('', this.#whole, windowSeconds), release: () => {} };
    const { map, release } = this.#filtered.acquire(filterKey, filter);
    return {
      current: () => (map.catchUp(this.#nowMs()) ? this.#make(filterKey, map, windowSeconds) : undefined),
      release,
    };
  }

  #make(filterKey: string, from: ServiceMapAggregate | FilteredMap, windowSeconds: number): ServiceMap {
    const nowMs = this.#nowMs();
    for (const [key, { freshUntilMs }] of this.#fresh) if (nowMs >= freshUntilMs) this.#fresh.delete(key);
    const key = `${windowSeconds} ${filterKey}`;
    const known = this.#fresh.get(key);
    if (known !== undefined) return known.map;
    const beganMs = performance.now();
    const map = from.map(windowSeconds, nowMs);
    const tookMs = performance.now() - beganMs;
    this.#fresh.set(key, { map, freshUntilMs: nowMs + Math.max(freshMs, tookMs / maxShare) });
    return map;
  }
}
