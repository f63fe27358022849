'use client';

// What small charts share: the plot's place, three lines across with their values, the time below, and the pointer.

import { type ReactNode, useState } from 'react';
import { shortNumber } from '../format/figures.ts';
import { clock, spanText } from '../format/times.ts';

export const PLOT = { left: 34, width: 298, full: 332 } as const;

interface ChartFrameProps {
  readonly label: string;
  readonly height: number;
  readonly top: number;
  readonly timesMs: readonly number[];
  readonly note: (index: number) => string;
  readonly ticks: readonly number[];
  /** What stands beside a tick; its number where absent. */
  readonly tickText?: (tick: number) => string;
  readonly children: ReactNode;
}

export function ChartFrame(props: ChartFrameProps) {
  const { timesMs, height, top } = props;
  const [pointed, setPointed] = useState<number>();
  const count = timesMs.length;
  if (count < 2)
    return (
      <p className="flex h-16 items-center text-2xs text-fg-3">The relay has been looking for a few seconds only.</p>
    );
  const y = (value: number) => height - (value / top) * height;
  const at = pointed === undefined ? undefined : Math.min(count - 1, pointed);
  return (
    <figure className="relative" onPointerLeave={() => setPointed(undefined)}>
      <svg
        role="img"
        aria-label={props.label}
        viewBox={`0 0 ${PLOT.full} ${height + 4}`}
        className="block w-full overflow-visible"
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const x = ((event.clientX - box.left) / box.width) * PLOT.full - PLOT.left;
          setPointed(Math.min(count - 1, Math.max(0, Math.round((x / PLOT.width) * (count - 1)))));
        }}
      >
        {props.ticks.map((tick) => (
          <g key={tick}>
            <line x1={PLOT.left} x2={PLOT.full} y1={y(tick)} y2={y(tick)} className="stroke-line" strokeWidth={1} />
            <text x={PLOT.left - 7} y={y(tick) + 3.5} textAnchor="end" className="fill-fg-3 text-[10.5px]">
              {(props.tickText ?? shortNumber)(tick)}
            </text>
          </g>
        ))}
        {props.children}
        {at !== undefined && (
          <line
            x1={PLOT.left + (at / (count - 1)) * PLOT.width}
            x2={PLOT.left + (at / (count - 1)) * PLOT.width}
            y1={0}
            y2={height}
            className="stroke-fg-3"
            strokeWidth={1}
          />
        )}
      </svg>
      <figcaption className="mt-0.5 flex justify-between pl-[34px] text-3xs text-fg-3">
        <span>
          {at === undefined ? `−${spanText((timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0))}` : clock(timesMs[at] ?? 0)}
        </span>
        <span>{at === undefined ? 'now' : props.note(at)}</span>
      </figcaption>
    </figure>
  );
}

/** The next of 1, 2, 2.5, 5 x 10^n at or above the value, so that ticks are round. */
export function roundTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 4, 5, 8, 10].find((each) => value <= each * power) ?? 10;
  return step * power;
}
