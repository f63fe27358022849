'use client';

// The newest flows of what is selected, in two short lines each.

import { dropWords, MarkShape, markOf } from '../flows/verdict-mark.tsx';
import { durationText } from '../format/figures.ts';
import { clockMs } from '../format/times.ts';
import type { FlowRow } from '../store/flow-row.ts';
import { flowKey } from '../url/selection.ts';
import { useSelection } from '../url/url-state.ts';
import { newest } from './matching-rows.ts';

const MOST = 40;

export function RecentFlows({ rows }: { readonly rows: readonly FlowRow[] }) {
  const [, setSelection] = useSelection();
  if (rows.length === 0) return <p className="px-5 pt-5 text-fg-2 text-xs">None of its flows is in the table now.</p>;
  return (
    <ul className="px-3 pt-2">
      {newest(rows, MOST).map((row) => (
        <li key={row.seq}>
          <button
            type="button"
            onClick={() => setSelection({ kind: 'flow', key: flowKey(row) })}
            className="grid w-full grid-cols-[14px_minmax(0,1fr)_auto] items-center rounded-chip px-2 py-1.5 text-left hover:bg-hover"
          >
            <MarkShape mark={markOf(row)} />
            <span className="truncate font-mono text-mono">
              <span className="font-medium font-sans text-2xs text-fg-2">{row.method} </span>
              {row.request} {row.status !== '' && <span className="text-fg-2">{row.status}</span>}
            </span>
            <span className="pl-2 text-2xs text-fg-3">{clockMs(row.timeMs)}</span>
            <span />
            <span className="truncate text-2xs text-fg-3">
              {row.source.name} to {row.destination.name}:{row.destination.port}
            </span>
            <span className="pl-2 text-2xs text-fg-2">
              {row.verdict === 'dropped'
                ? dropWords(row.dropReason)
                : row.latencyUs >= 0
                  ? durationText(row.latencyUs)
                  : ''}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
