// Three figures in a row, each with how it moved in the last minute.

import { duration, percent, rateNumber } from '../format/figures.ts';
import { type Figures, percentileUs } from '../store/figures.ts';
import type { Series, SeriesPoint } from '../store/series.ts';

interface Signal {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly change: string;
  /** Whether the change is to the worse. */
  readonly tone: 'better' | 'worse' | 'neutral';
}

/** The last minute is compared with the time before it. */
const LATELY_MS = 60_000;

export function Signals({ figures, series }: { readonly figures: Figures; readonly series: Series | undefined }) {
  const tones = { better: 'text-ok', worse: 'text-warn', neutral: 'text-fg-3' };
  return (
    <dl className="grid grid-cols-3 gap-3 px-5 pt-4">
      {signalsOf(figures, series).map(({ name, value, unit, change, tone }) => (
        <div key={name}>
          <dt className="text-2xs text-fg-3">{name}</dt>
          <dd>
            <span className="font-semibold text-metric tracking-[-0.02em]">{value}</span>
            <span className="ml-0.5 text-fg-3 text-xs">{unit}</span>
            <span
              className={`block h-[15px] text-2xs ${tones[tone]}`}
              title={change === '' ? undefined : 'The last minute against the time before it'}
            >
              {change}
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function signalsOf(figures: Figures, series: Series | undefined): Signal[] {
  const points = series?.points ?? [];
  const lately = Math.max(1, Math.round(LATELY_MS / (series?.bucketMs ?? LATELY_MS)));
  const now = summary(points.slice(-lately));
  const before = summary(points.slice(0, -lately));
  const rateChange = before.requests > 0 ? (now.requests / before.requests - 1) * 100 : 0;
  const latencyChange =
    Number.isFinite(before.p99Us) && Number.isFinite(now.p99Us) ? (now.p99Us - before.p99Us) / 1000 : 0;
  const errorChange = before.requests > 0 ? (now.errorShare - before.errorShare) * 100 : 0;
  const latency = figures.p99Us === undefined ? { value: '–', unit: '' } : duration(figures.p99Us);
  return [
    {
      name: figures.hasRequests ? 'Requests' : 'Connections',
      value: rateNumber(figures.requestsPerSecond),
      unit: '/s',
      change: changeText(rateChange, '%', 1),
      tone: 'neutral',
    },
    {
      name: 'Latency p99',
      ...latency,
      change: changeText(latencyChange, ' ms', Math.abs(latencyChange) < 10 ? 1 : 0),
      tone: toneOf(latencyChange, 1),
    },
    {
      name: 'Errors',
      value: percent(figures.errorShare),
      unit: '%',
      change: changeText(errorChange, '%', 2),
      tone: toneOf(errorChange, 0.01),
    },
  ];
}

interface Summary {
  /** A second, over all points. */
  readonly requests: number;
  readonly errorShare: number;
  readonly p99Us: number;
}

function summary(points: readonly SeriesPoint[]): Summary {
  const requests = points.reduce((sum, point) => sum + point.requestsPerSecond, 0);
  const errors = points.reduce((sum, point) => sum + point.errorsPerSecond, 0);
  const latency: number[] = [];
  for (const point of points) {
    point.latency.forEach((count, bucket) => {
      latency[bucket] = (latency[bucket] ?? 0) + count;
    });
  }
  return {
    requests: points.length === 0 ? 0 : requests / points.length,
    errorShare: requests === 0 ? 0 : errors / requests,
    p99Us: percentileUs(latency, 0.99) ?? Number.NaN,
  };
}

function changeText(change: number, unit: string, digits: number): string {
  const text = Math.abs(change).toFixed(digits);
  return Number(text) === 0 ? '' : `${change > 0 ? '+' : '−'}${text}${unit}`;
}

function toneOf(change: number, threshold: number): Signal['tone'] {
  if (Math.abs(change) < threshold) return 'neutral';
  return change > 0 ? 'worse' : 'better';
}
