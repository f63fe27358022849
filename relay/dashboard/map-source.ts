// Maps for viewers: the one that is computed for a window and filter is every viewer's for the next half second.

import type { CompiledFilter } from '#flow/filter/compile.ts';
import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import { MapScope, type Series, type ServiceMap } from '#proto/gen/parallax/v1/dashboard.ts';
import type { FilteredMaps } from '../service-map/filtered-maps.ts';
import { namespacesOf } from '../service-map/namespace-filter.ts';
import type { SeriesSubject } from '../service-map/series.ts';
import type { ServiceMapAggregate } from '../service-map/service-map.ts';

/** Viewers' clocks are not in step: a map a little younger than their interval is as good as a new one. */
const freshMs = 400;
/** Making a map may take this share of the time: a large one is made less often. */
const maxShare = 0.05;

export interface MapView {
  /** The map, or undefined while a filtered one is still being made. Equal objects are equal maps. */
  current(): ServiceMap | undefined;
  /** The course of a vertex or edge of that map; undefined as above. */
  series(wanted: SeriesSubject): Series | undefined;
  release(): void;
}

/** What of the flows a map is of. */
export interface MapSubject {
  /** Equal for equal filters. */
  readonly filterKey: string;
  readonly filter: CompiledFilter;
  readonly whitelist: readonly FlowFilter[];
  readonly blacklist: readonly FlowFilter[];
  readonly windowSeconds: number;
  readonly scope: MapScope;
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
  view({ filterKey, filter, whitelist, blacklist, windowSeconds, scope }: MapSubject): MapView {
    const namespaces = namespacesOf(whitelist, blacklist);
    if ((filter.matchesAll || namespaces !== undefined) && scope !== MapScope.MAP_SCOPE_PROCESS) {
      const make = () => this.#whole.map(windowSeconds, this.#nowMs(), scope, namespaces);
      return {
        current: () => this.#make(`${scope} ${windowSeconds} ${filterKey}`, make),
        series: (wanted) => this.#whole.series(windowSeconds, this.#nowMs(), scope, wanted, namespaces),
        release: () => {},
      };
    }
    // Workloads and pods are read from one aggregate; processes have one of their own.
    const key = `${scope === MapScope.MAP_SCOPE_PROCESS ? 'process' : ''} ${filterKey}`;
    const { map, release } = this.#filtered.acquire(key, filter, scope);
    const isCaughtUp = () => map.catchUp(this.#nowMs());
    const make = () => ({ ...map.map(windowSeconds, this.#nowMs(), scope), fromFlows: true });
    return {
      current: () => (isCaughtUp() ? this.#make(`flows ${scope} ${windowSeconds} ${key}`, make) : undefined),
      series: (wanted) => (isCaughtUp() ? map.series(windowSeconds, this.#nowMs(), scope, wanted) : undefined),
      release,
    };
  }

  #make(key: string, make: () => ServiceMap): ServiceMap {
    const nowMs = this.#nowMs();
    for (const [old, { freshUntilMs }] of this.#fresh) if (nowMs >= freshUntilMs) this.#fresh.delete(old);
    const known = this.#fresh.get(key);
    if (known !== undefined) return known.map;
    const beganMs = performance.now();
    const map = make();
    const tookMs = performance.now() - beganMs;
    this.#fresh.set(key, { map, freshUntilMs: nowMs + Math.max(freshMs, tookMs / maxShare) });
    return map;
  }
}
