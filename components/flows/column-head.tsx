'use client';

// The head of a column: press it to sort by it, drag its right edge to make it wider. Both work from the keyboard.

import { ArrowDown, ArrowUp } from 'lucide-react';
import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { type Column, LEAST_WIDTH_PX, MOST_WIDTH_PX, type Sort } from '../url/table-look.ts';
import { columnSpecs } from './columns.ts';

const STEP_PX = 8;
const LONG_STEP_PX = 40;

interface ColumnHeadProps {
  readonly column: Column;
  readonly sort: Sort | null;
  readonly onSort: () => void;
  /** Called while the edge moves; undefined gives the column its own width back. */
  readonly onResize: (px: number | undefined) => void;
}

export function ColumnHead({ column, sort, onSort, onResize }: ColumnHeadProps) {
  const { name, align } = columnSpecs[column];
  const head = useRef<HTMLTableCellElement>(null);
  const isSorted = sort?.column === column;
  const Arrow = sort?.descending === true ? ArrowDown : ArrowUp;
  return (
    <th
      ref={head}
      scope="col"
      aria-sort={isSorted ? (sort.descending ? 'descending' : 'ascending') : 'none'}
      className={`relative min-w-0 font-normal ${align === 'right' ? 'text-right' : 'text-left'}`}
    >
      <button
        type="button"
        onClick={onSort}
        className={`inline-flex max-w-full items-center gap-1 rounded-sm hover:text-fg ${isSorted ? 'text-fg' : ''}`}
      >
        <span className="truncate">{name}</span>
        {isSorted && <Arrow size={11} className="shrink-0" aria-hidden />}
      </button>
      <Edge name={name} head={head} onResize={onResize} />
    </th>
  );
}

interface EdgeProps {
  readonly name: string;
  readonly head: { readonly current: HTMLElement | null };
  readonly onResize: (px: number | undefined) => void;
}

function Edge({ name, head, onResize }: EdgeProps) {
  const drag = useRef<{ readonly x: number; readonly px: number }>(undefined);
  const widthPx = () => head.current?.getBoundingClientRect().width ?? 0;
  const press = (event: KeyboardEvent) => {
    const step = event.shiftKey ? LONG_STEP_PX : STEP_PX;
    if (event.key === 'ArrowRight') onResize(widthPx() + step);
    else if (event.key === 'ArrowLeft') onResize(widthPx() - step);
    else if (event.key === 'Home' || event.key === 'Delete') onResize(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an hr cannot stand in a table's head, nor be moved
    <span
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${name}`}
      aria-valuemin={LEAST_WIDTH_PX}
      aria-valuemax={MOST_WIDTH_PX}
      aria-valuenow={Math.round(widthPx())}
      tabIndex={0}
      onKeyDown={press}
      onDoubleClick={() => onResize(undefined)}
      onPointerDown={(event: PointerEvent<HTMLElement>) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, px: widthPx() };
      }}
      onPointerMove={(event) => {
        if (drag.current !== undefined) onResize(drag.current.px + event.clientX - drag.current.x);
      }}
      onPointerUp={() => {
        drag.current = undefined;
      }}
      onPointerCancel={() => {
        drag.current = undefined;
      }}
      className="group absolute inset-y-0 -right-3 z-10 flex w-3 cursor-col-resize touch-none justify-center"
    >
      <span className="h-full w-px bg-transparent group-hover:bg-line-strong group-focus-visible:bg-accent" />
    </span>
  );
}
