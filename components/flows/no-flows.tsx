'use client';

// Why there are no rows, and what to do: three different reasons that look alike.

import { Button } from '../controls/button.tsx';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { useFilterText, useTimeRange } from '../url/url-state.ts';

export function NoFlows() {
  const state = useSnapshot((snapshot) => snapshot.connection.state);
  const matched = useSnapshot((snapshot) => snapshot.counters.matched);
  const [filter, setFilter] = useFilterText();
  const [range, setRange] = useTimeRange();
  if (state === 'connecting') return <Waiting />;
  const reason =
    range !== null && matched > 0
      ? { text: 'No flows in the chosen time.', action: 'Show all times', act: () => void setRange(null) }
      : filter !== ''
        ? { text: 'No flow matches this filter yet.', action: 'Clear the filter', act: () => void setFilter(null) }
        : { text: 'No flows yet. They appear here as soon as something talks.', action: '', act: () => undefined };
  return (
    <div className="flex h-28 flex-col items-center justify-center gap-3 text-fg-2">
      <p>{reason.text}</p>
      {reason.action !== '' && <Button onClick={reason.act}>{reason.action}</Button>}
    </div>
  );
}

function Waiting() {
  return (
    <div className="px-4" role="presentation">
      <span className="sr-only">Connecting</span>
      {['w-4/5', 'w-3/5', 'w-2/3', 'w-1/2', 'w-3/4'].map((width) => (
        <div key={width} className="flex h-7 items-center">
          <span className={`h-2 animate-pulse rounded-full bg-line ${width}`} />
        </div>
      ))}
    </div>
  );
}
