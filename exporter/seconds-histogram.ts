// A Prometheus histogram of seconds whose series are looked up once and added to by plain additions: prom-client hashes the
// labels of each observation, which costs more than the rest of counting a flow.

import {
  Histogram,
  type MetricObjectWithValues,
  type MetricType,
  type MetricValueWithName,
  type Registry,
} from 'prom-client';

export interface SecondsHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, rising. */
  readonly buckets: readonly number[];
}

/** prom-client declares an enum that it does not have at run time. */
const HISTOGRAM = 'histogram' as unknown as MetricType;

type Labels = Readonly<Record<string, string>>;

export class SecondsSeries {
  /** Observations by bucket; what is above all of them last. */
  readonly counts: Float64Array;
  readonly #bounds: readonly number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(seconds: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += seconds;
  }
}

/** Its labels have to be of closed sets: it has no bound on its series. */
export class SecondsHistogram extends Histogram {
  readonly #options: SecondsHistogramOptions;
  readonly #series = new Map<string, { readonly labels: Labels; readonly observed: SecondsSeries }>();

  constructor(registry: Registry, options: SecondsHistogramOptions) {
    const { name, help, labelNames, buckets } = options;
    super({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [] });
    this.#options = options;
    registry.registerMetric(this);
  }

  /** The same labels give the same series, for as long as the process lives. */
  series(labels: Labels): SecondsSeries {
    const { labelNames, buckets } = this.#options;
    const key = labelNames.map((label) => labels[label]).join('\0');
    let known = this.#series.get(key);
    if (known === undefined) {
      known = { labels, observed: new SecondsSeries(buckets) };
      this.#series.set(key, known);
    }
    return known.observed;
  }

  override get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { name, help } = this.#options;
    const values = [...this.#series.values()].flatMap(({ labels, observed }) => this.#valuesOf(labels, observed));
    return Promise.resolve({ name, help, type: HISTOGRAM, aggregator: 'sum', collect: () => {}, values });
  }

  /** What the registry asks for when it writes text. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return this.get();
  }

  #valuesOf(labels: Labels, { counts, sum }: SecondsSeries): MetricValueWithName<string>[] {
    const { name, buckets } = this.#options;
    let count = 0;
    const bucketed = Array.from(counts, (inBucket, index) => {
      count += inBucket;
      return { metricName: `${name}_bucket`, labels: { le: buckets[index] ?? '+Inf', ...labels }, value: count };
    });
    return [
      ...bucketed,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
