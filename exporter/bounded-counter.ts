// A Prometheus counter with a bound on its series, whatever its labels come to. A series is looked up once and added to
// by a plain addition, so that counting costs nothing on the path of flows; Prometheus reads it when it asks.

import { Counter, type Registry } from 'prom-client';

/** Of every label of the series that takes what comes after the bound. */
export const FOLDED = 'other';

export interface Series {
  /** Add to it; never less than it was. */
  count: number;
}

export interface BoundedCounterOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Label values beyond this many share one more series. */
  readonly maxSeries: number;
}

export class BoundedCounter {
  readonly name: string;
  readonly #maxSeries: number;
  readonly #series = new Map<string, Series & { readonly values: readonly string[] }>();
  readonly #byNumber = new Map<number, Series>();
  readonly #folded: Series = { count: 0 };
  #lookupsFolded = 0;

  constructor(registry: Registry, { name, help, labelNames, maxSeries }: BoundedCounterOptions) {
    this.name = name;
    this.#maxSeries = maxSeries;
    const named = (values: readonly string[]) =>
      Object.fromEntries(labelNames.map((label, index) => [label, values[index] ?? '']));
    const collect = (counter: Counter) => {
      counter.reset();
      for (const { values, count } of this.#series.values()) counter.inc(named(values), count);
      if (this.#lookupsFolded > 0) counter.inc(named(labelNames.map(() => FOLDED)), this.#folded.count);
    };
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        collect(this);
      },
    });
  }

  /** Series asked for beyond the bound, that were counted as one. */
  get lookupsFolded(): number {
    return this.#lookupsFolded;
  }

  /** @param values in the order of the label names. The same values give the same series, for as long as the process lives. */
  series(...values: readonly string[]): Series {
    const key = values.join('\0');
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= this.#maxSeries) {
      this.#lookupsFolded += 1;
      return this.#folded;
    }
    const fresh = { count: 0, values };
    this.#series.set(key, fresh);
    return fresh;
  }

  /** The same by a number that stands for the values, which are asked for once only. */
  numbered(number: number, values: () => readonly string[]): Series {
    const known = this.#byNumber.get(number);
    if (known !== undefined) return known;
    const series = this.series(...values());
    if (series !== this.#folded) this.#byNumber.set(number, series);
    return series;
  }
}
