'use client';

// Requests of the window by status class as stacked bars, and the quantiles of their duration as lines. Point at a bar to
// read both.

import { useState } from 'react';
import type { AccessLogBucket } from '#proto/gen/parallax/v1/access_log.ts';
import { durationText, wholeNumber } from '../format/figures.ts';
import { clock } from '../format/times.ts';
import { unixMs } from '../store/unix-ms.ts';

const HEIGHT = 56;
const BARS = 60;

/** Bottom to top: the worst lies on the base line, where it is seen first. Index of status_classes. */
const classes = [
  { index: 5, name: '5xx', fill: 'fill-bad' },
  { index: 0, name: 'no response', fill: 'fill-bad' },
  { index: 4, name: '4xx', fill: 'fill-warn-fill' },
  { index: 3, name: '3xx', fill: 'fill-accent/60' },
  { index: 2, name: '2xx', fill: 'fill-fg-3/30' },
  { index: 1, name: '1xx', fill: 'fill-fg-3/30' },
] as const;

interface Bar {
  readonly fromMs: number;
  readonly counts: readonly number[];
  readonly total: number;
  readonly bucket: AccessLogBucket;
}

export function LogTimeline(props: { readonly timeline: readonly AccessLogBucket[]; readonly windowSeconds: number }) {
  const [pointed, setPointed] = useState<number>();
  const bars = barsOf(props.timeline);
  const stepMs = (props.windowSeconds * 1000) / BARS;
  const endMs = (bars.at(-1)?.fromMs ?? 0) + stepMs;
  const place = (fromMs: number) => Math.round((fromMs - (endMs - BARS * stepMs)) / stepMs);
  const bar = bars.find(({ fromMs }) => place(fromMs) === pointed);
  const total = bars.reduce((sum, one) => sum + one.total, 0);
  return (
    <figure className="relative min-w-0">
      <figcaption className="mb-1 flex h-4 items-center justify-between gap-3 text-2xs text-fg-3">
        <span>{bar === undefined ? `${wholeNumber(total)} requests` : barText(bar)}</span>
        <span className="flex gap-3">
          <Key tone="bg-fg-3" text="p50" />
          <Key tone="bg-accent" text="p99" />
        </span>
      </figcaption>
      <svg
        role="img"
        aria-label={`${wholeNumber(total)} requests over the window, by status, with the duration of the 50th and 99th percentile`}
        viewBox={`0 0 ${BARS * 10} ${HEIGHT}`}
        preserveAspectRatio="none"
        height={HEIGHT}
        className="block w-full"
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          setPointed(Math.floor(((event.clientX - box.left) / box.width) * BARS));
        }}
        onPointerLeave={() => setPointed(undefined)}
      >
        <Bars bars={bars} place={place} pointed={pointed} />
        <Line bars={bars} place={place} read={({ p50Us }) => Number(p50Us)} className="stroke-fg-3" />
        <Line bars={bars} place={place} read={({ p99Us }) => Number(p99Us)} className="stroke-accent" />
      </svg>
    </figure>
  );
}

interface MarkProps {
  readonly bars: readonly Bar[];
  readonly place: (fromMs: number) => number;
}

function Bars({ bars, place, pointed }: MarkProps & { readonly pointed: number | undefined }) {
  const most = Math.max(1, ...bars.map(({ total }) => total));
  return bars.map((bar) => {
    let y = HEIGHT;
    const at = place(bar.fromMs);
    return (
      <g key={bar.fromMs} opacity={pointed === undefined || pointed === at ? 1 : 0.55}>
        {classes.map(({ index, fill, name }) => {
          const count = bar.counts[index] ?? 0;
          if (count === 0) return null;
          const height = Math.max(1.5, (count / most) * HEIGHT);
          y -= height;
          return <rect key={name} x={at * 10 + 0.8} y={y} width={8.4} height={height} className={fill} />;
        })}
      </g>
    );
  });
}

/** Durations over a logarithmic scale from 0.1 ms to 100 s. */
function Line(props: MarkProps & { readonly read: (bucket: AccessLogBucket) => number; readonly className: string }) {
  const points = props.bars
    .filter(({ bucket }) => props.read(bucket) > 0)
    .map((bar) => {
      const share = Math.min(1, Math.max(0, Math.log10(props.read(bar.bucket) / 100) / 6));
      return `${props.place(bar.fromMs) * 10 + 5},${HEIGHT - 2 - share * (HEIGHT - 4)}`;
    });
  if (points.length < 2) return null;
  return (
    <polyline
      points={points.join(' ')}
      fill="none"
      strokeWidth={1.5}
      vectorEffect="non-scaling-stroke"
      className={props.className}
    />
  );
}

function Key({ tone, text }: { readonly tone: string; readonly text: string }) {
  return (
    <span className="flex items-center gap-1.5">
      <span className={`h-0.5 w-3 rounded-full ${tone}`} aria-hidden />
      {text}
    </span>
  );
}

function barsOf(timeline: readonly AccessLogBucket[]): Bar[] {
  return timeline.map((bucket) => {
    const counts = bucket.statusClasses.map(Number);
    return { fromMs: unixMs(bucket.start), counts, total: counts.reduce((sum, count) => sum + count, 0), bucket };
  });
}

function barText({ fromMs, counts, total, bucket }: Bar): string {
  const parts = classes
    .filter(({ index, name }) => (counts[index] ?? 0) > 0 && name !== '2xx')
    .map(({ index, name }) => `${wholeNumber(counts[index] ?? 0)} ${name}`);
  const quantiles =
    total === 0 ? '' : `, p50 ${durationText(Number(bucket.p50Us))}, p99 ${durationText(Number(bucket.p99Us))}`;
  return `${clock(fromMs)}: ${wholeNumber(total)} requests${parts.length === 0 ? '' : `, ${parts.join(', ')}`}${quantiles}`;
}
