// A verdict as shape and word: a dot for what went well, a triangle for what failed, a cross for what was refused. The
// shapes tell them apart where colours do not.

import type { FlowRow } from '../store/flow-row.ts';
import { verdictWord } from './verdict-words.ts';

export type Mark = 'ok' | 'warn' | 'bad' | 'none';

export function markOf(row: FlowRow): Mark {
  if (row.verdict === 'dropped') return 'bad';
  if (row.verdict === 'error' || row.outcome === 'server' || row.verdict === 'audit') return 'warn';
  return row.verdict === 'unknown' ? 'none' : 'ok';
}

export function VerdictMark({ row }: { readonly row: FlowRow }) {
  const mark = markOf(row);
  return (
    <span className="flex items-center gap-2" title={row.why || undefined}>
      <MarkShape mark={mark} />
      <span className={mark === 'bad' ? 'text-bad' : ''}>{verdictWord(row)}</span>
    </span>
  );
}

export function MarkShape({ mark }: { readonly mark: Mark }) {
  return (
    <svg viewBox="0 0 8 8" width="8" height="8" className="shrink-0" aria-hidden="true">
      {mark === 'ok' && <circle cx="4" cy="4" r="3" className="fill-ok" />}
      {mark === 'none' && <circle cx="4" cy="4" r="2.4" className="fill-none stroke-fg-3" />}
      {mark === 'warn' && <path d="M4 0.6 7.7 7.2H0.3Z" className="fill-warn-fill" />}
      {mark === 'bad' && (
        <path d="M1.3 1.3 6.7 6.7M6.7 1.3 1.3 6.7" className="stroke-2 stroke-bad" strokeLinecap="round" />
      )}
    </svg>
  );
}

/** NETFILTER_DROP as "netfilter drop", POLICY_DENIED as "policy denied". */
export function dropWords(reason: string): string {
  return (
    reason
      .replace(/^SKB_DROP_REASON_/, '')
      .toLowerCase()
      .replaceAll('_', ' ') || 'dropped'
  );
}
