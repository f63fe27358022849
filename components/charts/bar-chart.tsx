'use client';

// Bars over time, a part of each in another colour on top. Many samples are averaged into at most 60 bars.

import { shortNumber } from '../format/figures.ts';
import { ChartFrame, PLOT, roundTop } from './chart-frame.tsx';

const HEIGHT = 40;
const MOST_BARS = 60;
const tones = { accent: 'fill-accent/70', bad: 'fill-bad/80' } as const;

interface BarChartProps {
  readonly label: string;
  readonly timesMs: readonly number[];
  readonly totals: readonly number[];
  readonly parts: readonly number[];
  readonly tone?: 'accent' | 'bad';
}

export function BarChart(props: BarChartProps) {
  const timesMs = averaged(props.timesMs);
  const totals = averaged(props.totals);
  const parts = averaged(props.parts);
  const top = roundTop(Math.max(...totals, 0.1) * 1.02);
  const pitch = PLOT.width / Math.max(1, totals.length);
  const width = Math.max(1, Math.min(12, pitch * 0.78));
  return (
    <ChartFrame
      label={props.label}
      height={HEIGHT}
      top={top}
      timesMs={timesMs}
      ticks={[0, top]}
      note={(index) => `${shortNumber(totals[index] ?? 0)}/s${failedText(parts[index] ?? 0)}`}
    >
      {totals.map((total, index) => {
        const height = (total / top) * HEIGHT;
        const failed = ((parts[index] ?? 0) / top) * HEIGHT;
        const x = PLOT.left + index * pitch + (pitch - width) / 2;
        return (
          <g key={timesMs[index]}>
            <rect
              x={x}
              y={HEIGHT - height}
              width={width}
              height={height}
              rx={1}
              className={tones[props.tone ?? 'accent']}
            />
            {failed > 0 && (
              <rect
                x={x}
                y={HEIGHT - height}
                width={width}
                height={Math.max(1.5, failed)}
                rx={1}
                className="fill-warn-fill"
              />
            )}
          </g>
        );
      })}
    </ChartFrame>
  );
}

function failedText(perSecond: number): string {
  return perSecond === 0 ? '' : `, ${shortNumber(perSecond)}/s failed`;
}

function averaged(values: readonly number[]): number[] {
  const size = Math.ceil(values.length / MOST_BARS) || 1;
  const bars: number[] = [];
  for (let at = 0; at < values.length; at += size) {
    const part = values.slice(at, at + size);
    bars.push(part.reduce((sum, value) => sum + value, 0) / part.length);
  }
  return bars;
}
