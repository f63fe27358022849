// From seconds to bars: at most 120, each a whole number of seconds, ending at the newest second.

import type { TimelineSecond } from '../store/timeline.ts';

export interface HistogramBar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly matched: number;
  /** Counted in the rows that were sent, so at least this many. */
  readonly dropped: number;
  readonly errors: number;
  /** Of the flows in this bar. */
  readonly dropShare: number;
}

const MOST_BARS = 120;

export function histogramBars(
  seconds: readonly TimelineSecond[],
  endMs: number,
  windowSeconds: number,
): HistogramBar[] {
  const barSeconds = Math.max(1, Math.ceil(windowSeconds / MOST_BARS));
  const count = Math.ceil(windowSeconds / barSeconds);
  const startSecond = endMs / 1000 - count * barSeconds;
  const sums = Array.from({ length: count }, () => ({ matched: 0, dropped: 0, errors: 0 }));
  for (const { second, matched, dropped, errors } of seconds) {
    const bar = sums[Math.floor((second - startSecond) / barSeconds)];
    if (bar === undefined) continue;
    bar.matched += matched;
    bar.dropped += dropped;
    bar.errors += errors;
  }
  return sums.map((bar, index) => {
    const fromMs = (startSecond + index * barSeconds) * 1000;
    return {
      ...bar,
      fromMs,
      toMs: fromMs + barSeconds * 1000,
      dropShare: bar.matched === 0 ? 0 : bar.dropped / bar.matched,
    };
  });
}

const TICK_STEPS_S = [10, 15, 30, 60, 120, 180, 300];

/** Five to nine marks at round times of the reader's clock. */
export function timeTicks(startMs: number, endMs: number): { readonly atMs: number; readonly text: string }[] {
  const span = (endMs - startMs) / 1000;
  const step = (TICK_STEPS_S.find((seconds) => span / seconds <= 8) ?? 600) * 1000;
  const ticks: { atMs: number; text: string }[] = [];
  const margin = (endMs - startMs) * 0.03;
  for (let atMs = Math.ceil((startMs + margin) / step) * step; atMs <= endMs - margin; atMs += step) {
    const time = new Date(atMs);
    const seconds = time.getSeconds();
    const minutes = `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`;
    ticks.push({ atMs, text: step % 60_000 === 0 ? minutes : `${minutes}:${String(seconds).padStart(2, '0')}` });
  }
  return ticks;
}
