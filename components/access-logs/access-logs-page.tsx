'use client';

// Access logs of all proxies: filter, what the window tells, live records, one record in full. Filter, window and record live
// in the URL.

import { Download, Pause, Play, ScrollText } from 'lucide-react';
import { parseAsInteger, parseAsString, useQueryState } from 'nuqs';
import { useDeferredValue, useState } from 'react';
import type { RouteFigures } from '#proto/gen/parallax/v1/access_log.ts';
import { Button } from '../controls/button.tsx';
import { wholeNumber } from '../format/figures.ts';
import { useWindowSeconds } from '../url/url-state.ts';
import { LogDetails } from './log-details.tsx';
import { logFilterKeys, parseLogFilter, withLogTerm } from './log-filter-text.ts';
import { LogTable } from './log-table.tsx';
import { LogTimeline } from './log-timeline.tsx';
import { RouteTable } from './route-table.tsx';
import { type AccessLogState, useAccessLogs } from './use-access-logs.ts';

export function AccessLogsPage() {
  const [text, setText] = useQueryState('log', parseAsString.withDefault(''));
  const [windowSeconds] = useWindowSeconds();
  const [selected, setSelected] = useQueryState('record', parseAsInteger.withOptions({ history: 'push' }));
  const [isPaused, setIsPaused] = useState(false);
  const { errors } = parseLogFilter(text);
  // While something cannot be understood the last filter that could be stays.
  const [asked, setAsked] = useState('');
  const wanted = errors.length === 0 ? text : asked;
  if (wanted !== asked) setAsked(wanted);
  const state = useAccessLogs(useDeferredValue(wanted), windowSeconds);
  const { summary, rows } = state;
  const choose = ({ service, route }: RouteFigures) => {
    const byService = service === '' ? text : withLogTerm(text, 'service', service);
    const path = /^([A-Z]+) (\/.*)$/.exec(route);
    void setText(
      path === null ? withLogTerm(byService, 'route', route) : withLogTerm(byService, 'path', path[2] ?? ''),
    );
  };
  return (
    <div className="relative flex h-full min-h-0">
      <main className="flex min-w-0 flex-1 flex-col bg-surface">
        <div className="flex h-12 shrink-0 items-center gap-3 px-4">
          <h1 className="whitespace-nowrap font-semibold text-sm">Access logs</h1>
          <FilterField text={text} errors={errors} onChange={(next) => void setText(next === '' ? null : next)} />
          <Rate state={state} isPaused={isPaused} />
          <Button aria-pressed={isPaused} onClick={() => setIsPaused(!isPaused)}>
            {isPaused ? <Play size={13} aria-hidden /> : <Pause size={13} aria-hidden />}
            {isPaused ? 'Resume' : 'Pause'}
          </Button>
          <Export filter={wanted} />
        </div>
        {errors.length > 0 && (
          <p role="alert" className="px-4 pb-2 text-bad text-xs">
            {errors.join(' ')}
          </p>
        )}
        {summary !== undefined && !summary.silent && (
          <div className="grid h-36 shrink-0 grid-cols-2 gap-6 px-4 pb-3 max-lg:h-auto max-lg:grid-cols-1">
            <LogTimeline timeline={summary.timeline} windowSeconds={summary.windowSeconds} />
            <RouteTable routes={summary.routes} onChoose={choose} />
          </div>
        )}
        {summary?.silent === true ? (
          <NoProxies />
        ) : (
          <LogTable
            rows={rows}
            isPaused={isPaused}
            onResume={() => setIsPaused(false)}
            selected={selected}
            onSelect={(number) => void setSelected(number)}
          />
        )}
        <Losses state={state} />
      </main>
      {selected !== null && <LogDetails number={selected} onClose={() => void setSelected(null)} />}
    </div>
  );
}

function FilterField(props: {
  readonly text: string;
  readonly errors: readonly string[];
  readonly onChange: (text: string) => void;
}) {
  return (
    <input
      type="search"
      aria-label="Filter access logs"
      aria-invalid={props.errors.length > 0}
      value={props.text}
      maxLength={100_000}
      onChange={(event) => props.onChange(event.target.value)}
      placeholder={`${logFilterKeys.slice(0, 6).join(': ')}: ... or any text`}
      className="h-7 min-w-0 flex-1 rounded-control border border-line bg-sunken px-2.5 font-mono text-mono placeholder:text-fg-3 focus:border-accent"
    />
  );
}

function Rate({ state, isPaused }: { readonly state: AccessLogState; readonly isPaused: boolean }) {
  const { connection, summary } = state;
  if (connection.state === 'refused' || connection.state === 'reconnecting') {
    return <span className="truncate text-warn text-xs">{connection.reason}</span>;
  }
  const isLive = connection.state === 'live' && !isPaused;
  const last = summary?.timeline.at(-2);
  const requests = last?.statusClasses.reduce((sum, count) => sum + Number(count), 0) ?? 0;
  const perSecond = last === undefined ? 0 : requests / (last.durationMs / 1000);
  return (
    <span className="flex items-center gap-2 whitespace-nowrap text-fg-2 text-xs max-sm:hidden">
      <span className={`size-1.5 rounded-full ${isLive ? 'live-pulse bg-ok' : 'bg-fg-3'}`} aria-hidden />
      {wholeNumber(perSecond)} requests/s
    </span>
  );
}

function Export({ filter }: { readonly filter: string }) {
  const query = (format: string) => `/api/access-logs?${new URLSearchParams({ q: filter, number: '100000', format })}`;
  return (
    <span className="flex items-center gap-2 text-fg-2 text-xs max-md:hidden">
      <Download size={13} aria-hidden />
      <a href={query('json')} download="access-logs.jsonl" className="hover:underline">
        JSON
      </a>
      <a href={query('csv')} download="access-logs.csv" className="hover:underline">
        CSV
      </a>
    </span>
  );
}

/** What is not on this page, in figures. */
function Losses({ state: { skipped, lost } }: { readonly state: AccessLogState }) {
  if (skipped === 0 && lost === 0) return null;
  return (
    <p className="shrink-0 border-line border-t px-4 py-1.5 text-2xs text-fg-3">
      {skipped > 0 && `${wholeNumber(skipped)} more matched than a person can read; they are in the figures above. `}
      {lost > 0 && `${wholeNumber(lost)} left the relay's memory before they could be read.`}
    </p>
  );
}

function NoProxies() {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-3 px-6 text-center">
      <ScrollText size={28} strokeWidth={1.6} className="text-fg-3" aria-hidden />
      <p className="font-medium text-sm">No proxy sends its access log here</p>
      <p className="max-w-md text-fg-2 text-xs">
        Point the gRPC access log of Envoy, Istio, Envoy Gateway or Cilium at the relay's port, as docs/access-logs.md
        shows, or start the relay with <code className="font-mono">--access-log FILE</code>.
      </p>
    </div>
  );
}
