'use client';

// Figures of what the pointer or the focus is on. Stands beside the anchor, inside the stage.

import { figureLines } from '../graph/figure-text.ts';
import type { Figures } from '../graph/figures.ts';
import type { Point } from '../routing/grid-metrics.ts';

export interface MapTooltipProps {
  readonly title: string;
  readonly subtitle: string;
  readonly figures: Figures;
  readonly seconds: number;
  readonly notes: readonly string[];
  /** Screen position inside the stage. */
  readonly at: Point;
  readonly stage: { readonly width: number; readonly height: number };
}

const WIDTH = 232;
const OFFSET = 14;
const LINE = 17;

export function MapTooltip({ title, subtitle, figures, seconds, notes, at, stage }: MapTooltipProps) {
  const lines = figureLines(figures, seconds);
  const height = 56 + (lines.length + notes.length) * LINE;
  const left = at.x + OFFSET + WIDTH > stage.width ? at.x - OFFSET - WIDTH : at.x + OFFSET;
  const top = Math.max(8, Math.min(at.y + OFFSET, stage.height - height - 8));
  return (
    <div
      role="tooltip"
      className="pointer-events-none absolute z-20 rounded-control border border-line bg-raised px-3 py-2 shadow-pop"
      style={{ width: WIDTH, left: Math.max(8, left), top }}
    >
      <p className="truncate font-medium text-cell text-fg">{title}</p>
      <p className="truncate text-2xs text-fg-3">{subtitle}</p>
      <dl className="mt-1.5 grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 text-2xs tabular-nums">
        {lines.map((line) => (
          <div key={line.label} className="contents">
            <dt className="text-fg-3">{line.label}</dt>
            <dd className={`text-right ${line.label === 'Dropped' ? 'text-bad' : 'text-fg'}`}>{line.text}</dd>
          </div>
        ))}
      </dl>
      {notes.map((note) => (
        <p key={note} className="mt-0.5 truncate text-2xs text-bad">
          {note}
        </p>
      ))}
    </div>
  );
}
