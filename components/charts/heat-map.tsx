'use client';

// How many answers took how long, over time: columns of time, rows of latency by powers of two, darker where more.

import { durationText, wholeNumber } from '../format/figures.ts';
import { ChartFrame, PLOT } from './chart-frame.tsx';

const ROW_HEIGHT = 6;
const LEAST_ROWS = 8;

interface HeatMapProps {
  readonly label: string;
  readonly timesMs: readonly number[];
  /** A histogram for each time; bucket i covers [2^(i/2), 2^((i+1)/2)) microseconds. */
  readonly columns: readonly (readonly number[])[];
}

/** Two half-octave buckets a row: an octave is as fine as the eye can tell here. */
export function HeatMap({ label, timesMs, columns }: HeatMapProps) {
  const octaves = columns.map(octavesOf);
  const used = octaves.flatMap((counts) => counts.flatMap((count, octave) => (count > 0 ? [octave] : [])));
  if (used.length === 0) return null;
  const top = Math.max(...used) + 1;
  const bottom = Math.max(0, Math.min(Math.min(...used), top - LEAST_ROWS));
  const rows = top - bottom;
  const height = rows * ROW_HEIGHT;
  const most = Math.max(...octaves.flat());
  const pitch = PLOT.width / Math.max(1, columns.length);
  return (
    <ChartFrame
      label={label}
      height={height}
      top={rows}
      timesMs={timesMs}
      ticks={[0, rows / 2, rows]}
      tickText={(tick) => durationText(2 ** (bottom + tick)).replace(/\.\d+/, '')}
      note={(index) => `${wholeNumber((octaves[index] ?? []).reduce((sum, count) => sum + count, 0))} answers`}
    >
      {octaves.map((counts, index) =>
        counts.map((count, octave) =>
          count === 0 ? null : (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its time and its octave
              key={`${timesMs[index]} ${octave}`}
              x={PLOT.left + index * pitch}
              y={height - (octave - bottom + 1) * ROW_HEIGHT}
              width={Math.max(1, pitch - 0.6)}
              height={ROW_HEIGHT - 0.6}
              className="fill-accent"
              // A single slow answer must be seen beside thousands of fast ones.
              opacity={0.18 + 0.82 * (Math.log1p(count) / Math.log1p(most))}
            />
          ),
        ),
      )}
    </ChartFrame>
  );
}

function octavesOf(histogram: readonly number[]): number[] {
  const octaves: number[] = [];
  histogram.forEach((count, bucket) => {
    const octave = bucket >> 1;
    while (octaves.length <= octave) octaves.push(0);
    octaves[octave] = (octaves[octave] ?? 0) + count;
  });
  return octaves;
}
