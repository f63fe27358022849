// The table's columns: their names, widths, and at which width of the table they give way.

import type { Column, Widths } from '../url/table-look.ts';

interface ColumnSpec {
  readonly name: string;
  /** Pixels; of a column that grows, the least. */
  readonly px: number;
  /** Share of the width that is left over; none where the column keeps its own. */
  readonly grow?: number;
  readonly align?: 'right';
  /** Hidden in tables narrower than this many pixels. */
  readonly minTableWidth: number;
}

export const columnSpecs: Readonly<Record<Column, ColumnSpec>> = {
  time: { name: 'Time', px: 96, minTableWidth: 480 },
  source: { name: 'Source', px: 96, grow: 1, minTableWidth: 0 },
  destination: { name: 'Destination', px: 112, grow: 1.1, minTableWidth: 0 },
  request: { name: 'Request', px: 150, grow: 1.5, minTableWidth: 560 },
  verdict: { name: 'Verdict', px: 96, minTableWidth: 0 },
  latency: { name: 'Latency', px: 128, minTableWidth: 800 },
  size: { name: 'Size', px: 68, align: 'right', minTableWidth: 900 },
  node: { name: 'Node', px: 80, grow: 0.6, minTableWidth: 700 },
  pod: { name: 'Pods', px: 150, grow: 1.4, minTableWidth: 700 },
};

/** Between columns, and at both ends of a row: what the row's classes say. */
const GAP_PX = 16;

/** A column whose width the reader set stays, however narrow the table: it then scrolls sideways. */
export function shownColumns(columns: readonly Column[], tableWidth: number, widths: Widths): Column[] {
  return columns.filter(
    (column) => columnSpecs[column].minTableWidth <= tableWidth || widths.get(column) !== undefined,
  );
}

/** A CSS grid template; a column whose width the reader set keeps it. */
export function gridTemplate(columns: readonly Column[], widths: Widths): string {
  return columns
    .map((column) => {
      const { px, grow } = columnSpecs[column];
      const width = widths.get(column);
      if (width !== undefined) return `${width}px`;
      return grow === undefined ? `${px}px` : `minmax(${px}px,${grow}fr)`;
    })
    .join(' ');
}

/** Pixels below which the table scrolls sideways. */
export function leastTableWidth(columns: readonly Column[], widths: Widths): number {
  const sum = columns.reduce((total, column) => total + (widths.get(column) ?? columnSpecs[column].px), 0);
  return sum + GAP_PX * (columns.length + 1);
}
