// Where a request's time went, as the proxy measured it: one bar a part, on one scale.

import type { StorySpan } from '#proto/gen/parallax/v1/access_log.ts';
import { durationText } from '../format/figures.ts';

const tones: Readonly<Record<string, string>> = {
  'request received': 'bg-fg-3',
  'time in proxy': 'bg-accent',
  'request sent': 'bg-fg-3',
  'upstream wait': 'bg-warn-fill',
  'response received': 'bg-fg-3',
  'response sent': 'bg-fg-3',
};

export function Waterfall({ spans }: { readonly spans: readonly StorySpan[] }) {
  const total = Math.max(1, ...spans.map(({ endUs }) => Number(endUs)));
  if (spans.length === 0) return <p className="text-fg-3 text-xs">The proxy does not tell where the time went.</p>;
  return (
    <ol aria-label="Where the time went" className="flex flex-col gap-1 text-xs">
      {spans.map(({ name, startUs, endUs }) => {
        const [from, us] = [Number(startUs), Number(endUs) - Number(startUs)];
        return (
          <li key={name} className="grid grid-cols-[112px_1fr_64px] items-center gap-2">
            <span className="truncate text-fg-2">{name}</span>
            <span className="relative h-2 rounded-full bg-line" aria-hidden>
              <span
                className={`absolute inset-y-0 rounded-full ${tones[name] ?? 'bg-fg-3'}`}
                style={{ left: `${(from / total) * 100}%`, width: `max(2px, ${(us / total) * 100}%)` }}
              />
            </span>
            <span className="text-right tabular-nums">{durationText(us)}</span>
          </li>
        );
      })}
    </ol>
  );
}
