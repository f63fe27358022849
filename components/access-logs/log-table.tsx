'use client';

// Live records, newest on top, only the rows in view in the document. Holds still while the reader points at it, has
// scrolled, or has paused.

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp } from 'lucide-react';
import { memo, useCallback, useRef, useState } from 'react';
import { useElementWidth } from '../controls/use-element-width.ts';
import { useKeys } from '../controls/use-keys.ts';
import { LatencyBar } from '../flows/latency-bar.tsx';
import { useHeldRows } from '../flows/use-held-rows.ts';
import { wholeNumber } from '../format/figures.ts';
import { meshWords } from '../format/mesh-words.ts';
import { clockMs } from '../format/times.ts';
import type { LogRow } from './log-row.ts';
import { StatusText } from './status-text.tsx';

const ROW_PX = 28;

interface Column {
  readonly name: string;
  readonly track: string;
  readonly minTableWidth: number;
}

const columns: readonly Column[] = [
  { name: 'Time', track: '96px', minTableWidth: 480 },
  { name: 'Source', track: 'minmax(110px,1fr)', minTableWidth: 620 },
  { name: 'Service', track: 'minmax(96px,1fr)', minTableWidth: 0 },
  { name: 'Request', track: 'minmax(120px,1.8fr)', minTableWidth: 0 },
  { name: 'Status', track: '56px', minTableWidth: 0 },
  { name: 'Flags', track: '72px', minTableWidth: 560 },
  { name: 'Duration', track: '128px', minTableWidth: 520 },
  { name: 'Upstream', track: 'minmax(120px,0.8fr)', minTableWidth: 980 },
  { name: 'Mesh', track: '104px', minTableWidth: 860 },
];

export interface LogTableProps {
  readonly rows: readonly LogRow[];
  readonly isPaused: boolean;
  readonly onResume: () => void;
  readonly selected: number | null;
  readonly onSelect: (seq: number) => void;
}

export function LogTable({ rows: live, isPaused, onResume, selected, onSelect }: LogTableProps) {
  const [isPointed, setIsPointed] = useState(false);
  const [isScrolled, setIsScrolled] = useState(false);
  const scroller = useRef<HTMLTableSectionElement>(null);
  const width = useElementWidth(scroller);
  const shown = columns.filter(({ minTableWidth }) => minTableWidth <= width);
  const isHeld = isPaused || isPointed || isScrolled;
  const { rows, waiting } = useHeldRows(live, isHeld);
  const template = shown.map(({ track }) => track).join(' ');
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 4,
  });
  const select = useCallback((row: LogRow) => onSelect(row.seq), [onSelect]);
  const step = (by: number) => {
    const at = rows.findIndex(({ seq }) => seq === selected);
    const to = at < 0 ? rows.length - 1 : Math.min(rows.length - 1, Math.max(0, at - by));
    const next = rows[to];
    if (next === undefined) return;
    select(next);
    virtual.scrollToIndex(rows.length - 1 - to);
  };
  useKeys({ j: () => step(1), k: () => step(-1) });
  const resume = () => {
    scroller.current?.scrollTo({ top: 0 });
    setIsPointed(false);
    setIsScrolled(false);
    onResume();
  };
  return (
    <div className="relative min-h-0 flex-1">
      <table aria-label="Access logs" aria-rowcount={rows.length} className="flex h-full flex-col">
        <thead className="block shrink-0 border-line border-y">
          <tr className="grid h-7 items-center gap-4 px-4 text-2xs text-fg-3" style={{ gridTemplateColumns: template }}>
            {shown.map(({ name }) => (
              <th key={name} scope="col" className="text-left font-normal">
                {name}
              </th>
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
            const row = rows[rows.length - 1 - item.index];
            if (row === undefined) return null;
            return (
              <RowView
                key={item.index}
                row={row}
                index={item.index}
                top={item.start}
                template={template}
                names={shown}
                isSelected={row.seq === selected}
                onSelect={select}
              />
            );
          })}
        </tbody>
      </table>
      {isHeld && waiting > 0 && (
        <button
          type="button"
          onClick={resume}
          className="absolute right-4 bottom-2 flex h-7 items-center gap-1.5 rounded-full border border-line-strong bg-raised px-3 text-fg-2 text-xs shadow-pop hover:text-fg"
        >
          <ArrowUp size={13} aria-hidden />
          {wholeNumber(waiting)} {isPaused ? 'waiting' : 'new'}
        </button>
      )}
    </div>
  );
}

interface RowViewProps {
  readonly row: LogRow;
  readonly index: number;
  readonly top: number;
  readonly template: string;
  readonly names: readonly Column[];
  readonly isSelected: boolean;
  readonly onSelect: (row: LogRow) => void;
}

const RowView = memo(function RowView({ row, index, top, template, names, isSelected, onSelect }: RowViewProps) {
  const tone = isSelected ? 'bg-accent-soft' : row.status >= 500 || row.status === 0 ? 'bg-bad-soft' : 'hover:bg-hover';
  return (
    <tr
      tabIndex={-1}
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      onClick={() => onSelect(row)}
      onKeyDown={(event) => event.key === 'Enter' && onSelect(row)}
      className={`absolute inset-x-0 top-0 grid h-7 cursor-default items-center gap-4 px-4 text-cell ${tone}`}
      style={{ transform: `translateY(${top}px)`, gridTemplateColumns: template }}
    >
      {names.map(({ name }) => (
        <td key={name} className="min-w-0 truncate">
          {cell(name, row)}
        </td>
      ))}
    </tr>
  );
});

function cell(name: string, row: LogRow) {
  switch (name) {
    case 'Time':
      return <span className="font-mono text-fg-3 text-mono">{clockMs(row.timeMs)}</span>;
    case 'Source':
      return <bdi>{row.source}</bdi>;
    case 'Service':
      return <bdi>{row.service}</bdi>;
    case 'Request':
      return (
        <span className="flex min-w-0 items-center">
          <span className="w-[52px] shrink-0 truncate font-medium text-2xs text-fg-2">{row.method}</span>
          <bdi className="min-w-0 flex-1 truncate font-mono text-mono">{row.path}</bdi>
          {row.isIntermediate && <span className="ml-2 text-2xs text-fg-3">goes on</span>}
        </span>
      );
    case 'Status':
      return <StatusText status={row.status} />;
    case 'Flags':
      return <span className="font-mono text-mono text-warn">{row.flags.join(' ')}</span>;
    case 'Duration':
      return <LatencyBar us={row.durationUs} />;
    case 'Upstream':
      return <span className="font-mono text-fg-2 text-mono">{row.upstream}</span>;
    default:
      return <span className="text-fg-2">{meshWords[row.mesh]}</span>;
  }
}
