// A status as shape and colour: dot, triangle, cross. Decorative; the words are in the label of whatever carries it.

import type { Status } from '../graph/figures.ts';

export const STATUS_WORDS: Record<Status, string> = {
  ok: 'healthy',
  warn: 'errors, drops or slow answers',
  bad: 'mostly dropped or failing',
};

export function StatusMark({ status, className = '' }: { status: Status; className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 10 10" className={`size-2.5 ${className}`}>
      {status === 'ok' && <circle cx="5" cy="5" r="3" className="fill-ok" />}
      {status === 'warn' && <path d="M5 0.8 9.4 8.6H0.6Z" className="fill-warn-fill" />}
      {status === 'bad' && <path d="M2 2 8 8M8 2 2 8" strokeWidth="2" strokeLinecap="round" className="stroke-bad" />}
    </svg>
  );
}
