'use client';

// What is incomplete and why, in one quiet line a matter: first our own line to the relay, then what the relay says.

import { CircleAlert, Info, TriangleAlert, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { plural } from '../format/figures.ts';
import { clock, spanText } from '../format/times.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import type { Connection, Counters } from '../store/messages.ts';
import type { NoticeModel } from '../store/status-model.ts';

const looks = {
  info: { icon: Info, tone: 'text-accent', soft: 'bg-accent-soft' },
  warning: { icon: TriangleAlert, tone: 'text-warn', soft: 'bg-warn-soft' },
  error: { icon: CircleAlert, tone: 'text-bad', soft: 'bg-bad-soft' },
} as const;

export function Notices() {
  const connection = useSnapshot((snapshot) => snapshot.connection);
  const status = useSnapshot((snapshot) => snapshot.status);
  const gap = useSnapshot((snapshot) => snapshot.counters.gap);
  const lost = useSnapshot((snapshot) => snapshot.counters.lost);
  const [closed, setClosed] = useState<readonly string[]>([]);
  const all = [...connectionNotice(connection), ...gapNotice(gap), ...lossNotice(lost), ...(status?.notices ?? [])];
  const open = all.filter((notice) => !closed.includes(noticeKey(notice)));
  return (
    <div role="status" className="max-h-40 overflow-y-auto">
      {open.map((notice) => (
        <NoticeLine key={noticeKey(notice)} notice={notice} onClose={() => setClosed([...closed, noticeKey(notice)])} />
      ))}
    </div>
  );
}

function NoticeLine({ notice, onClose }: { readonly notice: NoticeModel; readonly onClose: () => void }) {
  const { icon: Icon, tone, soft } = looks[notice.severity];
  return (
    <div className={`flex items-center gap-2 border-line border-b px-4 py-1.5 text-xs ${soft}`}>
      <Icon size={14} strokeWidth={1.8} className={`shrink-0 ${tone}`} aria-hidden />
      <p className="min-w-0 flex-1">
        {notice.text} {notice.mend !== '' && <span className="text-fg-2">{notice.mend}</span>}
        {notice.key === RECONNECTING && <Countdown />}
      </p>
      <button
        type="button"
        aria-label="Close this notice"
        onClick={onClose}
        className="rounded-chip p-1 text-fg-2 hover:text-fg"
      >
        <X size={13} aria-hidden />
      </button>
    </div>
  );
}

const RECONNECTING = 'page/reconnecting';

function Countdown() {
  const connection = useSnapshot((snapshot) => snapshot.connection);
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  if (connection.state !== 'reconnecting') return null;
  const left = connection.retryAtMs - nowMs;
  return (
    <span className="text-fg-2"> {left > 1_000 ? `Trying again in ${spanText(left)}.` : 'Trying again now.'}</span>
  );
}

function connectionNotice(connection: Connection): NoticeModel[] {
  if (connection.state === 'reconnecting') {
    const text = `Cut off from the relay: ${connection.reason}. What you see is from before.`;
    return [{ severity: 'error', key: RECONNECTING, text, mend: '' }];
  }
  if (connection.state === 'refused')
    return [
      {
        severity: 'error',
        key: 'page/refused',
        text: connection.reason,
        mend: 'Change the filter, then it is asked again.',
      },
    ];
  return [];
}

function gapNotice(gap: Counters['gap']): NoticeModel[] {
  if (gap === undefined) return [];
  const text = `No flows are known from ${clock(gap.fromMs)} to ${clock(gap.toMs)}: the page was cut off.`;
  return [{ severity: 'warning', key: `page/gap/${gap.fromMs}`, text, mend: 'The map counts on without a gap.' }];
}

/** Since the page was opened; what was lost before is told by the page of nodes, hop by hop. */
function lossNotice(lost: number): NoticeModel[] {
  if (lost === 0) return [];
  const text = `${plural(lost, 'event')} got lost on the way here: figures are too low by as much.`;
  return [{ severity: 'warning', key: 'page/lost', text, mend: '“Nodes and coverage” says where.' }];
}

/** A notice that was closed stays closed until it says something else. */
function noticeKey(notice: NoticeModel): string {
  return notice.key === RECONNECTING ? RECONNECTING : `${notice.key} ${notice.text.replace(/\d+/g, '')}`;
}
