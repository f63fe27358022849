'use client';

// The page's stream of access logs, kept open while the tab is seen. Rows are handed over four times a second; a hidden tab
// has no stream.

import { useEffect, useState } from 'react';
import { type AccessLogSummary, WatchAccessLogsResponse } from '#proto/gen/parallax/v1/access_log.ts';
import type { Connection } from '../store/messages.ts';
import { runWatchLoop } from '../store/watch-loop.ts';
import { type LogRow, toLogRow } from './log-row.ts';

/** Rows kept, some 3 kB each: 15 MB. The oldest leave. */
const maxRows = 5000;
const historyRows = 1000;
const commitMs = 250;

export interface AccessLogState {
  readonly connection: Connection;
  /** Oldest first. */
  readonly rows: readonly LogRow[];
  readonly summary: AccessLogSummary | undefined;
  readonly matched: number;
  /** Matched, but left out to keep the table's rate. */
  readonly skipped: number;
  /** Gone before they could be read. */
  readonly lost: number;
}

const none: AccessLogState = {
  connection: { state: 'connecting' },
  rows: [],
  summary: undefined,
  matched: 0,
  skipped: 0,
  lost: 0,
};

export function useAccessLogs(filter: string, windowSeconds: number): AccessLogState {
  const [state, setState] = useState(none);
  useEffect(() => {
    let stopped = new AbortController();
    const open = () => {
      stopped = new AbortController();
      const query = new URLSearchParams({ q: filter, window: String(windowSeconds), history: String(historyRows) });
      void readLogs(`/api/access-logs/watch?${query}`, stopped.signal, setState);
    };
    const onVisibility = () => {
      stopped.abort();
      if (!document.hidden) open();
    };
    setState((before) => ({ ...none, summary: before.summary }));
    if (!document.hidden) open();
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      stopped.abort();
    };
  }, [filter, windowSeconds]);
  return state;
}

async function readLogs(url: string, signal: AbortSignal, commit: (state: AccessLogState) => void): Promise<void> {
  let next: AccessLogState = none;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const change = (part: Partial<AccessLogState>) => {
    next = { ...next, ...part };
    timer ??= setTimeout(() => {
      timer = undefined;
      if (!signal.aborted) commit(next);
    }, commitMs);
  };
  await runWatchLoop({
    url,
    signal,
    onConnection: (connection) => {
      // A new stream begins with what the relay keeps, so nothing of the old one is needed.
      if (connection.state === 'live') next = { ...none, summary: next.summary };
      change({ connection });
    },
    onMessage: (payload) => change(taken(next, payload)),
    fetch: (input, init) => fetch(input, init),
    now: Date.now,
    random: Math.random,
    wait: waitFor,
  });
  clearTimeout(timer);
}

function taken(state: AccessLogState, payload: Uint8Array): Partial<AccessLogState> {
  const { message } = WatchAccessLogsResponse.decode(payload);
  switch (message?.$case) {
    case 'batch': {
      const { records, matched, skipped, lost } = message.value;
      return {
        rows: [...state.rows, ...records.map(toLogRow)].slice(-maxRows),
        matched: state.matched + Number(matched),
        skipped: state.skipped + Number(skipped),
        lost: state.lost + Number(lost),
      };
    }
    case 'summary':
      return { summary: message.value };
    case undefined:
      return {};
  }
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
