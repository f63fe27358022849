// Latency as a number and a short bar on a log scale, 0.1 ms to 1 s, so that a slow row is seen before it is read.

import { durationText } from '../format/figures.ts';

const SLOW_US = 150_000;

export function LatencyBar({ us }: { readonly us: number }) {
  if (us < 0) return null;
  const share = Math.min(1, Math.max(0.06, Math.log10(us / 100) / 4));
  const isSlow = us >= SLOW_US;
  return (
    <span className="flex items-center gap-2">
      <span className="h-1 w-12 shrink-0 overflow-hidden rounded-full bg-line">
        <span
          className={`block h-full rounded-full ${isSlow ? 'bg-warn-fill' : 'bg-fg-3'}`}
          style={{ width: `${share * 100}%` }}
        />
      </span>
      <span className={isSlow ? 'text-warn' : 'text-fg-2'}>{durationText(us)}</span>
    </span>
  );
}
