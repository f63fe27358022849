// Maps of the flows that pass a filter: one aggregate for each filter in use, shared by those who look at it, made from
// the ring's columns when it is first asked for and kept up with the ring after that. A map of processes is made the same
// way, with or without a filter: who the processes are is looked for only while somebody looks at it.

import type { CompiledFilter } from '#flow/filter/compile.ts';
import { BLOCK, FilterPlan, MARK_FLOW } from '#observer/filter-plan.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { MapScope, type Series, type ServiceMap } from '#proto/gen/parallax/v1/dashboard.ts';
import type { EndSource, EndTable } from './end-table.ts';
import { ProcessEnds } from './process-ends.ts';
import type { SeriesSubject } from './series.ts';
import { ServiceMapAggregate } from './service-map.ts';

/** Filters in use at once; each aggregate is a few megabytes. Beyond it a new one is refused. */
const maxFilters = 32;
/** An eighth of the records of the unfiltered map: a filter that needs more is hardly one. */
const maxRecords = 4096;
/** A map of processes may be of the whole traffic. */
const maxProcessRecords = 16_384;
/** Longest run of a catch-up before others get their turn. */
const sliceMs = 8;

export class TooManyFiltersError extends Error {}

export class FilteredMap {
  /** Flows that the ring had overwritten before this map could count them. */
  missed = 0;
  readonly #ring: FlowRing;
  readonly #plan: FilterPlan;
  readonly #aggregate: ServiceMapAggregate;
  readonly #marks = new Uint8Array(BLOCK);
  #position: number;

  constructor(ring: FlowRing, ends: EndSource, filter: CompiledFilter, records = maxRecords) {
    this.#ring = ring;
    this.#plan = new FilterPlan(ring, filter);
    this.#aggregate = new ServiceMapAggregate({ ring, ends, maxRecords: records });
    this.#position = ring.oldest;
    if (ring.next > ring.oldest) this.#aggregate.coverFrom(ring.timeMs(ring.oldest));
  }

  /** Counts what came since; returns false when its time was up before the ring's end. */
  catchUp(nowMs: number): boolean {
    const ring = this.#ring;
    const deadline = performance.now() + sliceMs;
    if (this.#position < ring.oldest) {
      this.missed += ring.oldest - this.#position;
      this.#position = ring.oldest;
    }
    while (this.#position < ring.next) {
      const to = Math.min(ring.next, this.#position + BLOCK);
      this.#plan.select(this.#position, to, this.#marks);
      for (let sequence = this.#position; sequence < to; sequence += 1) {
        if (this.#marks[sequence - this.#position] === MARK_FLOW) this.#aggregate.add(sequence, nowMs);
      }
      this.#position = to;
      if (performance.now() > deadline) return this.#position === ring.next;
    }
    return true;
  }

  map(windowSeconds: number, nowMs: number, scope: MapScope): ServiceMap {
    return this.#aggregate.map(windowSeconds, nowMs, scope);
  }

  series(windowSeconds: number, nowMs: number, scope: MapScope, wanted: SeriesSubject): Series {
    return this.#aggregate.series(windowSeconds, nowMs, scope, wanted);
  }
}

export class FilteredMaps {
  readonly #ring: FlowRing;
  readonly #ends: EndTable;
  readonly #inUse = new Map<string, { readonly map: FilteredMap; users: number }>();

  constructor(ring: FlowRing, ends: EndTable) {
    this.#ring = ring;
    this.#ends = ends;
  }

  /**
   * @param key equal for equal filters and kinds of ends
   * @returns the filter's map, and what gives it back
   * @throws TooManyFiltersError
   */
  acquire(key: string, filter: CompiledFilter, scope: MapScope): { map: FilteredMap; release: () => void } {
    let held = this.#inUse.get(key);
    if (held === undefined) {
      if (this.#inUse.size >= maxFilters) {
        throw new TooManyFiltersError(
          `${maxFilters} filtered maps are in use, the most this relay keeps; close one or drop the filter.`,
        );
      }
      held = { map: this.#make(filter, scope), users: 0 };
      this.#inUse.set(key, held);
    }
    const mine = held;
    mine.users += 1;
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      mine.users -= 1;
      if (mine.users === 0) this.#inUse.delete(key);
    };
    return { map: mine.map, release };
  }
  #make(filter: CompiledFilter, scope: MapScope): FilteredMap {
    if (scope !== MapScope.MAP_SCOPE_PROCESS) return new FilteredMap(this.#ring, this.#ends, filter);
    const ends = new ProcessEnds(this.#ring, this.#ends);
    return new FilteredMap(this.#ring, ends, filter, filter.matchesAll ? maxProcessRecords : maxRecords);
  }
}
