'use client';

// One row. Memoised: a row is drawn again only when it, its place or the columns change.

import { ScrollText } from 'lucide-react';
import { memo } from 'react';
import { byteText } from '../format/figures.ts';
import { clockMs } from '../format/times.ts';
import type { FlowRow } from '../store/flow-row.ts';
import type { Column } from '../url/table-look.ts';
import { EndpointName } from './endpoint-name.tsx';
import { LatencyBar } from './latency-bar.tsx';
import { dropWords, VerdictMark } from './verdict-mark.tsx';

interface FlowRowProps {
  readonly row: FlowRow;
  readonly index: number;
  readonly top: number;
  readonly columns: readonly Column[];
  /** CSS grid template of the columns. */
  readonly template: string;
  readonly isSelected: boolean;
  readonly onSelect: (row: FlowRow) => void;
}

export const FlowRowView = memo(function FlowRowView(props: FlowRowProps) {
  const { row, columns, isSelected } = props;
  const tone = isSelected ? 'bg-accent-soft' : row.verdict === 'dropped' ? 'bg-bad-soft' : 'hover:bg-hover';
  return (
    <tr
      tabIndex={-1}
      aria-rowindex={props.index + 1}
      aria-selected={isSelected}
      onClick={() => props.onSelect(row)}
      onKeyDown={(event) => event.key === 'Enter' && props.onSelect(row)}
      className={`absolute inset-x-0 top-0 grid h-7 cursor-default items-center gap-4 px-4 text-cell ${tone}`}
      style={{ transform: `translateY(${props.top}px)`, gridTemplateColumns: props.template }}
    >
      {columns.map((column, at) => (
        <td key={column} className={`min-w-0 ${isReasonOver(row, columns, at) ? '-mr-18' : ''}`}>
          {cell(column, row)}
        </td>
      ))}
    </tr>
  );
});

/** A drop has no size, and its reason is longer than a latency: it runs on into the empty cell. */
function isReasonOver(row: FlowRow, columns: readonly Column[], at: number): boolean {
  return row.verdict === 'dropped' && row.bytes < 0 && columns[at] === 'latency' && columns[at + 1] === 'size';
}

function cell(column: Column, row: FlowRow) {
  switch (column) {
    case 'time':
      return <span className="font-mono text-fg-3 text-mono">{clockMs(row.timeMs)}</span>;
    case 'source':
      return <EndpointName endpoint={row.source} />;
    case 'destination':
      return <EndpointName endpoint={row.destination} withPort />;
    case 'request':
      return <Request row={row} />;
    case 'verdict':
      return <VerdictMark row={row} />;
    case 'latency':
      return row.verdict === 'dropped' ? (
        <span className="block truncate text-fg-2" title={row.why || undefined}>
          {[dropWords(row.dropReason), row.deniedBy].filter(Boolean).join(' · ')}
        </span>
      ) : (
        <LatencyBar us={row.latencyUs} />
      );
    case 'size':
      return <span className="block text-right text-fg-2">{row.bytes < 0 ? '' : byteText(row.bytes)}</span>;
    case 'node':
      return <span className="block truncate text-fg-2">{row.node}</span>;
    case 'pod':
      return (
        <span className="block truncate text-fg-2">
          {[row.source.pod, row.destination.pod].filter(Boolean).join(' → ')}
        </span>
      );
  }
}

/** Packets may have told of the same request, in a row of its own: this one is the proxy's word. */
function LogMark({ proxy }: { readonly proxy: string }) {
  const words = `told by the access log of ${proxy}`;
  return (
    <span title={words} className="ml-2 shrink-0 text-fg-3">
      <ScrollText aria-hidden className="size-3" />
      <span className="sr-only">{words}</span>
    </span>
  );
}

function Request({ row }: { readonly row: FlowRow }) {
  const tone = row.outcome === 'server' ? 'text-warn' : 'text-fg-2';
  // Quieter than what was asked over it: a request is what most readers look for.
  const isConnection = row.outcome === 'none' && row.method !== 'TLS' && row.verdict !== 'dropped';
  return (
    <span className="flex min-w-0 items-center">
      <span className={`w-[52px] shrink-0 truncate text-2xs ${isConnection ? 'text-fg-3' : 'font-medium text-fg-2'}`}>
        {row.method}
      </span>
      <span className={`min-w-0 flex-1 truncate ${isConnection ? 'text-fg-3 text-xs' : 'font-mono text-mono'}`}>
        {row.request}
      </span>
      {row.status !== '' && <span className={`ml-2 shrink-0 text-xs ${tone}`}>{row.status}</span>}
      {row.loggedBy !== '' && <LogMark proxy={row.loggedBy} />}
    </span>
  );
}
