'use client';

// The order of the rows as the URL has it. A live table cannot be sorted without moving under its reader, so a sort pauses
// the flows, and letting them run again gives it up.

import { useEffect, useMemo, useRef } from 'react';
import type { FlowRow } from '../store/flow-row.ts';
import type { Column, Sort } from '../url/table-look.ts';
import { useSort } from '../url/url-state.ts';
import { useReading } from './reading.tsx';
import { nextSort, sortedRows } from './row-order.ts';

export interface RowOrder {
  readonly sort: Sort | null;
  readonly sortBy: (column: Column) => void;
}

export function useRowSort(): RowOrder {
  const { paused, setPaused } = useReading();
  const [sort, setSort] = useSort();
  const wasPaused = useRef(paused);
  useEffect(() => {
    const isResumed = wasPaused.current && !paused;
    wasPaused.current = paused;
    if (sort === null) return;
    if (isResumed) void setSort(null);
    else setPaused(true);
  }, [paused, sort, setPaused, setSort]);
  const sortBy = (column: Column) => {
    setPaused(true);
    void setSort(nextSort(sort, column));
  };
  return { sort, sortBy };
}

/** Row by its place from the top. @param rows oldest first */
export function useRowAt(rows: readonly FlowRow[], sort: Sort | null): (index: number) => FlowRow | undefined {
  const sorted = useMemo(() => (sort === null ? undefined : sortedRows(rows, sort)), [rows, sort]);
  return (index) => (sorted === undefined ? rows[rows.length - 1 - index] : sorted[index]);
}
