'use client';

// Matching flows over the window as bars, drops in red from the base; point at a bar to read it, drag to keep a range.

import { X } from 'lucide-react';
import { type PointerEvent, useRef, useState } from 'react';
import { wholeNumber } from '../format/figures.ts';
import { clock } from '../format/times.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { useTimeRange, useWindowSeconds } from '../url/url-state.ts';
import { type HistogramBar, histogramBars, timeTicks } from './histogram-bars.ts';

const HEIGHT = 34;

export function Histogram() {
  const timeline = useSnapshot((snapshot) => snapshot.timeline);
  const [windowSeconds] = useWindowSeconds();
  const [range, setRange] = useTimeRange();
  const [pointed, setPointed] = useState<number>();
  const [dragFrom, setDragFrom] = useState<number>();
  const frame = useRef<HTMLDivElement>(null);
  const endMs = Math.ceil((timeline.at(-1)?.second ?? 0) + 1) * 1000;
  const bars = histogramBars(timeline, endMs, windowSeconds);
  const span = windowSeconds * 1000;
  const startMs = endMs - span;
  const barAt = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    if (box === undefined) return undefined;
    return Math.min(bars.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * bars.length)));
  };
  const finish = (event: PointerEvent) => {
    const to = barAt(event);
    // Without flows there is no time yet that could be chosen.
    if (dragFrom === undefined || to === undefined || timeline.length === 0) return;
    const [first, last] = [bars[Math.min(dragFrom, to)], bars[Math.max(dragFrom, to)]];
    setDragFrom(undefined);
    if (first && last)
      void setRange(first === last && range !== null ? null : { fromMs: first.fromMs, toMs: last.toMs });
  };
  const share = (ms: number) => `${Math.min(100, Math.max(0, ((ms - startMs) / span) * 100))}%`;
  const dragged =
    dragFrom === undefined || pointed === undefined
      ? undefined
      : ([dragFrom, pointed].sort((a, b) => a - b) as [number, number]);
  const shade =
    dragged === undefined ? range : { fromMs: bars[dragged[0]]?.fromMs ?? 0, toMs: bars[dragged[1]]?.toMs ?? 0 };
  return (
    <div className="shrink-0 px-4 pb-1">
      <div
        ref={frame}
        className="relative touch-none select-none"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragFrom(barAt(event));
        }}
        onPointerMove={(event) => setPointed(barAt(event))}
        onPointerUp={finish}
        onPointerLeave={() => setPointed(undefined)}
      >
        <Bars bars={bars} pointed={pointed} />
        {shade !== null && shade !== undefined && (
          <span
            aria-hidden
            className="pointer-events-none absolute inset-y-0 rounded-sm border-accent border-x bg-accent-soft"
            style={{ left: share(shade.fromMs), right: `calc(100% - ${share(shade.toMs)})` }}
          />
        )}
        {pointed !== undefined && bars[pointed] && <BarNote bar={bars[pointed]} at={(pointed + 0.5) / bars.length} />}
      </div>
      <div className="relative h-[15px] text-3xs text-fg-3">
        {timeline.length > 0 &&
          timeTicks(startMs, endMs).map(({ atMs, text }) => (
            <span key={atMs} className="absolute -translate-x-1/2" style={{ left: share(atMs) }}>
              {text}
            </span>
          ))}
        {range !== null && (
          <button
            type="button"
            onClick={() => setRange(null)}
            className="absolute right-0 flex items-center gap-1 bg-surface pl-2 text-accent hover:underline"
          >
            {clock(range.fromMs)} to {clock(range.toMs)} <X size={10} aria-label="Show all times" />
          </button>
        )}
      </div>
    </div>
  );
}

function Bars({ bars, pointed }: { readonly bars: readonly HistogramBar[]; readonly pointed: number | undefined }) {
  const most = Math.max(1, ...bars.map((bar) => bar.matched));
  const total = bars.reduce((sum, bar) => sum + bar.matched, 0);
  return (
    <svg
      role="img"
      aria-label={`${wholeNumber(total)} flows over the window`}
      viewBox={`0 0 ${bars.length * 10} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="block w-full"
      height={HEIGHT}
    >
      {bars.map((bar, index) => {
        const height = bar.matched === 0 ? 0 : Math.max(1.5, (bar.matched / most) * HEIGHT);
        const bad = bar.dropped === 0 ? 0 : Math.max(2, height * Math.min(1, bar.dropShare));
        const x = index * 10 + 0.8;
        return (
          <g key={bar.fromMs}>
            <rect
              x={x}
              y={HEIGHT - height}
              width={8.4}
              height={height}
              className={index === pointed ? 'fill-fg-3/60' : 'fill-fg-3/30'}
            />
            {bad > 0 && <rect x={x} y={HEIGHT - bad} width={8.4} height={bad} className="fill-bad" />}
          </g>
        );
      })}
    </svg>
  );
}

function BarNote({ bar, at }: { readonly bar: HistogramBar; readonly at: number }) {
  return (
    <div
      className="-translate-x-1/2 pointer-events-none absolute bottom-full z-20 mb-1 whitespace-nowrap rounded-chip border border-line bg-raised px-2 py-1 text-2xs shadow-pop"
      style={{ left: `clamp(80px, ${at * 100}%, calc(100% - 80px))` }}
    >
      <span className="text-fg-3">{clock(bar.fromMs)} </span>
      {wholeNumber(bar.matched)} flows
      {bar.dropped > 0 && <span className="text-bad"> · {wholeNumber(bar.dropped)} dropped</span>}
      {bar.errors > 0 && <span className="text-warn"> · {wholeNumber(bar.errors)} errors</span>}
    </div>
  );
}
