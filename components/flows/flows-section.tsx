'use client';

// The flows: filter, timeline, table. On the map's page a panel of whole rows, on its own page the full height.

import { useMemo } from 'react';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import { useTimeRange } from '../url/url-state.ts';
import { FilterBar } from './filter-bar.tsx';
import { FlowTable } from './flow-table.tsx';
import { Histogram } from './histogram.tsx';

export function FlowsSection() {
  const rows = useSnapshot((snapshot) => snapshot.rows);
  const sessionId = useSnapshot((snapshot) => snapshot.sessionId);
  const [range] = useTimeRange();
  const shown = useMemo(
    () => (range === null ? rows : rows.filter((row) => row.timeMs >= range.fromMs && row.timeMs < range.toMs)),
    [rows, range],
  );
  return (
    <section aria-label="Flows" className="flex h-full min-h-0 flex-col border-line border-t bg-surface">
      <FilterBar />
      <Histogram />
      <FlowTable key={sessionId} rows={shown} />
    </section>
  );
}
