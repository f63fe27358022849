// Three figures in a row, each with how it moved since the page has watched it.

import { duration, percent, rateNumber } from '../format/figures.ts';
import { spanText } from '../format/times.ts';
import type { FigureSample } from '../store/figure-history.ts';
import type { Figures } from '../store/figures.ts';

interface Signal {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly change: string;
  /** Whether the change is to the worse. */
  readonly tone: 'better' | 'worse' | 'neutral';
}

export function Signals({
  figures,
  samples,
}: {
  readonly figures: Figures;
  readonly samples: readonly FigureSample[];
}) {
  const first = samples.length > 1 ? samples[0] : undefined;
  const since = first === undefined ? '' : `since ${spanText((samples.at(-1)?.timeMs ?? 0) - first.timeMs)} ago`;
  const tones = { better: 'text-ok', worse: 'text-warn', neutral: 'text-fg-3' };
  return (
    <dl className="grid grid-cols-3 gap-3 px-5 pt-4">
      {signalsOf(figures, first).map(({ name, value, unit, change, tone }) => (
        <div key={name}>
          <dt className="text-2xs text-fg-3">{name}</dt>
          <dd>
            <span className="font-semibold text-metric tracking-[-0.02em]">{value}</span>
            <span className="ml-0.5 text-fg-3 text-xs">{unit}</span>
            <span className={`block h-[15px] text-2xs ${tones[tone]}`} title={since}>
              {change}
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function signalsOf(figures: Figures, first: FigureSample | undefined): Signal[] {
  const requests = figures.requestsPerSecond;
  const latency = figures.p99Us === undefined ? { value: '–', unit: '' } : duration(figures.p99Us);
  const before = first === undefined || Number.isNaN(first.p99Us) ? undefined : first.p99Us;
  const latencyChange = before === undefined || figures.p99Us === undefined ? 0 : (figures.p99Us - before) / 1000;
  const rateChange =
    first === undefined || first.requestsPerSecond === 0 ? 0 : (requests / first.requestsPerSecond - 1) * 100;
  const errorsBefore =
    first === undefined || first.requestsPerSecond === 0 ? 0 : first.errorsPerSecond / first.requestsPerSecond;
  const errorChange = first === undefined ? 0 : (figures.errorShare - errorsBefore) * 100;
  return [
    {
      name: figures.hasRequests ? 'Requests' : 'Connections',
      value: rateNumber(requests),
      unit: '/s',
      change: changeText(rateChange, '%', 1),
      tone: 'neutral',
    },
    {
      name: 'Latency p99',
      ...latency,
      change: changeText(latencyChange, ' ms', latencyChange < 10 ? 1 : 0),
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

function changeText(change: number, unit: string, digits: number): string {
  const text = Math.abs(change).toFixed(digits);
  return Number(text) === 0 ? '' : `${change > 0 ? '+' : '−'}${text}${unit}`;
}

function toneOf(change: number, threshold: number): Signal['tone'] {
  if (Math.abs(change) < threshold) return 'neutral';
  return change > 0 ? 'worse' : 'better';
}
