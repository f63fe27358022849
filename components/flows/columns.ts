// The table's columns: their names, widths, and at which width of the table they give way.

import type { Column } from '../url/url-state.ts';

interface ColumnSpec {
  readonly name: string;
  /** A CSS grid track. */
  readonly track: string;
  readonly align?: 'right';
  /** Hidden in tables narrower than this many pixels. */
  readonly minTableWidth: number;
}

export const columnSpecs: Readonly<Record<Column, ColumnSpec>> = {
  time: { name: 'Time', track: '96px', minTableWidth: 0 },
  source: { name: 'Source', track: 'minmax(120px,1fr)', minTableWidth: 0 },
  destination: { name: 'Destination', track: 'minmax(140px,1.1fr)', minTableWidth: 0 },
  request: { name: 'Request', track: 'minmax(150px,1.5fr)', minTableWidth: 560 },
  verdict: { name: 'Verdict', track: '96px', minTableWidth: 0 },
  latency: { name: 'Latency', track: '128px', minTableWidth: 800 },
  size: { name: 'Size', track: '68px', align: 'right', minTableWidth: 900 },
  node: { name: 'Node', track: 'minmax(80px,0.6fr)', minTableWidth: 700 },
  pod: { name: 'Pods', track: 'minmax(150px,1.4fr)', minTableWidth: 700 },
};

export function shownColumns(columns: readonly Column[], tableWidth: number): Column[] {
  return columns.filter((column) => columnSpecs[column].minTableWidth <= tableWidth);
}

export function gridTemplate(columns: readonly Column[]): string {
  return columns.map((column) => columnSpecs[column].track).join(' ');
}
