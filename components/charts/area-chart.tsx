'use client';

// One filled line and one quiet line over time.

import { area, curveMonotoneX, line } from 'd3';
import { durationText } from '../format/figures.ts';
import { ChartFrame, PLOT, roundTop } from './chart-frame.tsx';

const HEIGHT = 84;
const tones = { accent: 'stroke-accent', muted: 'stroke-fg-3' } as const;

interface AreaChartProps {
  readonly label: string;
  readonly timesMs: readonly number[];
  /** The first is filled. NaN leaves a hole. */
  readonly lines: readonly { readonly values: readonly number[]; readonly tone: keyof typeof tones }[];
  readonly unit: 'ms';
}

export function AreaChart({ label, timesMs, lines }: AreaChartProps) {
  const all = lines.flatMap(({ values }) => values).filter(Number.isFinite);
  const top = roundTop(Math.max(0.001, ...all) * 1.05);
  const x = (_: number, index: number) => PLOT.left + (index / Math.max(1, timesMs.length - 1)) * PLOT.width;
  const y = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const path = line<number>(x, y).defined(Number.isFinite).curve(curveMonotoneX);
  const fill = area<number>(x, HEIGHT, y).defined(Number.isFinite).curve(curveMonotoneX);
  const filled = lines[0]?.values ?? [];
  return (
    <ChartFrame
      label={label}
      height={HEIGHT}
      top={top}
      timesMs={timesMs}
      ticks={[0, top / 2, top]}
      note={(index) => lines.map(({ values }) => durationText((values[index] ?? 0) * 1000)).join(' · ')}
    >
      <linearGradient id="area-fill" x1="0" x2="0" y1="0" y2="1">
        <stop offset="0" stopColor="var(--accent)" stopOpacity="0.22" />
        <stop offset="1" stopColor="var(--accent)" stopOpacity="0" />
      </linearGradient>
      <path d={fill(filled) ?? ''} fill="url(#area-fill)" />
      {lines.toReversed().map(({ values, tone }) => (
        <path
          key={tone}
          d={path(values) ?? ''}
          fill="none"
          strokeWidth={tone === 'accent' ? 1.6 : 1.3}
          className={tones[tone]}
        />
      ))}
    </ChartFrame>
  );
}
