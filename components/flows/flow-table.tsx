'use client';

// The live table, newest on top, only the rows in view in the document. Follows until the reader looks closely.

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useElementWidth } from '../controls/use-element-width.ts';
import { useKeys } from '../controls/use-keys.ts';
import { wholeNumber } from '../format/figures.ts';
import type { FlowRow } from '../store/flow-row.ts';
import { flowKey } from '../url/selection.ts';
import { useColumns, useSelection } from '../url/url-state.ts';
import { ColumnHead } from './column-head.tsx';
import { gridTemplate, leastTableWidth, shownColumns } from './columns.ts';
import { FlowRowView } from './flow-row-view.tsx';
import { NoFlows } from './no-flows.tsx';
import { useReading } from './reading.tsx';
import { useColumnWidths } from './use-column-widths.ts';
import { useHeldRows } from './use-held-rows.ts';
import { useRowAt, useRowSort } from './use-row-sort.ts';

const ROW_PX = 28;

export function FlowTable({ rows: live }: { readonly rows: readonly FlowRow[] }) {
  const { paused, setPaused } = useReading();
  const [isPointed, setIsPointed] = useState(false);
  const [isScrolled, setIsScrolled] = useState(false);
  const [isStepping, setIsStepping] = useState(false);
  const [selection, setSelection] = useSelection();
  const [columns] = useColumns();
  const frame = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLTableSectionElement>(null);
  const { widths, resize } = useColumnWidths();
  const { sort, sortBy } = useRowSort();
  const tableWidth = useElementWidth(frame);
  const shown = useMemo(() => shownColumns(columns, tableWidth, widths), [columns, tableWidth, widths]);
  const template = gridTemplate(shown, widths);
  const selectedKey = selection?.kind === 'flow' ? selection.key : undefined;
  const isHeld = paused || isPointed || isScrolled || (isStepping && selectedKey !== undefined);
  const { rows, waiting } = useHeldRows(live, isHeld);
  const rowAt = useRowAt(rows, sort);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 4,
  });
  const select = useCallback((row: FlowRow) => void setSelection({ kind: 'flow', key: flowKey(row) }), [setSelection]);
  const isSelected = (row: FlowRow | undefined) => row !== undefined && flowKey(row) === selectedKey;
  const step = (by: number) => {
    const at = rows.findIndex((_, index) => isSelected(rowAt(index)));
    const to = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by));
    const next = rowAt(to);
    if (next === undefined) return;
    setIsStepping(true);
    select(next);
    virtual.scrollToIndex(to);
  };
  useKeys({ j: () => step(1), k: () => step(-1) });
  useEffect(() => {
    if (!isHeld) scroller.current?.scrollTo({ top: 0 });
  }, [isHeld]);
  const resume = () => {
    scroller.current?.scrollTo({ top: 0 });
    setPaused(false);
    setIsPointed(false);
    setIsScrolled(false);
    setIsStepping(false);
  };
  return (
    <div className="relative min-h-0 flex-1">
      <div ref={frame} className="absolute inset-0 overflow-x-auto overflow-y-hidden">
        <table
          aria-label="Flows"
          aria-rowcount={rows.length}
          className="flex h-full flex-col"
          style={{ minWidth: leastTableWidth(shown, widths) }}
        >
          <thead className="block shrink-0 border-line border-y">
            <tr
              className="grid h-7 items-center gap-4 px-4 text-2xs text-fg-3"
              style={{ gridTemplateColumns: template }}
            >
              {shown.map((column) => (
                <ColumnHead
                  key={column}
                  column={column}
                  sort={sort}
                  onSort={() => sortBy(column)}
                  onResize={(px) => resize(column, px)}
                />
              ))}
            </tr>
          </thead>
          <tbody
            ref={scroller}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable without a pointer
            tabIndex={0}
            onScroll={(event) => setIsScrolled(event.currentTarget.scrollTop > ROW_PX / 2)}
            onPointerEnter={() => setIsPointed(true)}
            onPointerLeave={() => setIsPointed(false)}
            className="relative block min-h-0 flex-1 overflow-y-auto overflow-x-hidden outline-offset-[-2px]"
          >
            <tr aria-hidden className="block" style={{ height: virtual.getTotalSize() }} />
            {virtual.getVirtualItems().map((item) => {
              const row = rowAt(item.index);
              if (row === undefined) return null;
              return (
                <FlowRowView
                  // By place, not by flow: at each commit the same few elements take new contents, none is made or thrown away.
                  key={item.index}
                  row={row}
                  index={item.index}
                  top={item.start}
                  columns={shown}
                  template={template}
                  isSelected={isSelected(row)}
                  onSelect={select}
                />
              );
            })}
          </tbody>
        </table>
      </div>
      {rows.length === 0 && (
        <div className="absolute inset-x-0 top-8">
          <NoFlows />
        </div>
      )}
      {isHeld && waiting > 0 && <Waiting count={waiting} paused={paused} onShow={resume} />}
    </div>
  );
}

function Waiting(props: { readonly count: number; readonly paused: boolean; readonly onShow: () => void }) {
  return (
    <button
      type="button"
      onClick={props.onShow}
      className="absolute right-4 bottom-2 flex h-7 items-center gap-1.5 rounded-full border border-line-strong bg-raised px-3 text-fg-2 text-xs shadow-pop hover:text-fg"
    >
      <ArrowUp size={13} aria-hidden />
      {wholeNumber(props.count)} {props.paused ? 'waiting' : 'new'}
    </button>
  );
}
