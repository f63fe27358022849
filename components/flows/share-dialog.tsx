'use client';

// Takes what the table shows elsewhere: as a link, as a command, as a file, as a view with a name. Loaded when opened.

import { Bookmark, Check, Copy, Download } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { Button } from '../controls/button.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { byteText, plural } from '../format/figures.ts';
import { clock } from '../format/times.ts';
import { saveView } from '../url/saved-views.ts';
import { useFilterText, useTimeRange, useWindowSeconds } from '../url/url-state.ts';
import { type ExportFormat, exportFlows } from './export-flows.ts';
import { exportTimes, observeCommands, timeText, type ViewTime } from './observe-commands.ts';
import { useReading } from './reading.tsx';

export function ShareDialog({ onClose }: { readonly onClose: () => void }) {
  const [filter] = useFilterText();
  const time = useViewTime();
  const commands = commandsOf(filter, time);
  return (
    <Dialog title="Copy or export these flows" titleShown onClose={onClose}>
      <p className="px-5 pt-1 text-fg-2 text-xs">{timeWords(time)}</p>
      <div className="grid gap-4 px-5 pt-4 pb-5">
        <div className="grid gap-2">
          <CopyRow name="Link" text={location.href} />
          {'fault' in commands ? (
            <p className="text-bad text-xs">The filter cannot be read: {commands.fault}</p>
          ) : (
            <>
              <CopyRow name="parallax observe" text={commands.parallax} />
              <CopyRow name="hubble observe" text={commands.hubble} />
            </>
          )}
        </div>
        <Export filter={filter} time={time} />
        <SaveView />
      </div>
    </Dialog>
  );
}

function useViewTime(): ViewTime {
  const [range] = useTimeRange();
  const [lastSeconds] = useWindowSeconds();
  const { paused } = useReading();
  return range === null ? { lastSeconds, isLive: !paused } : { range };
}

function timeWords(time: ViewTime): string {
  if ('range' in time) return `From ${clock(time.range.fromMs)} to ${clock(time.range.toMs)}.`;
  const { lastSeconds } = time;
  return `The last ${lastSeconds % 60 === 0 ? plural(lastSeconds / 60, 'minute') : plural(lastSeconds, 'second')}.`;
}

function commandsOf(filter: string, time: ViewTime): ReturnType<typeof observeCommands> | { readonly fault: string } {
  try {
    return observeCommands(filter, time);
  } catch (error) {
    if (error instanceof RangeError) return { fault: error.message };
    throw error;
  }
}

function CopyRow({ name, text }: { readonly name: string; readonly text: string }) {
  const [copied, setCopied] = useState('');
  return (
    <div className="grid grid-cols-[116px_minmax(0,1fr)_auto] items-center gap-2 max-sm:grid-cols-[minmax(0,1fr)_auto]">
      <span className="text-fg-2 text-xs max-sm:col-span-2">{name}</span>
      <code className="flex h-7 items-center overflow-x-auto whitespace-pre rounded-control border border-line bg-sunken px-2 font-mono text-mono">
        {text}
      </code>
      <Button
        weight="icon"
        aria-label={`Copy ${name}`}
        onClick={() => void navigator.clipboard?.writeText(text).then(() => setCopied(text))}
      >
        {copied === text ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      </Button>
      <span role="status" className="sr-only">
        {copied === text ? `${name} copied` : ''}
      </span>
    </div>
  );
}

type ExportState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly records: number; readonly bytes: number }
  | { readonly kind: 'done'; readonly records: number; readonly bytes: number; readonly file: string }
  | { readonly kind: 'failed'; readonly reason: string };

function Export({ filter, time }: { readonly filter: string; readonly time: ViewTime }) {
  const [state, setState] = useState<ExportState>({ kind: 'idle' });
  const running = useRef<AbortController>(undefined);
  // A dialog that is closed must not go on reading.
  useEffect(() => () => running.current?.abort(), []);
  const start = async (format: ExportFormat) => {
    const abort = new AbortController();
    running.current = abort;
    setState({ kind: 'running', records: 0, bytes: 0 });
    const { sinceMs, untilMs } = exportTimes(time, Date.now());
    const query = exportQuery(filter, sinceMs, untilMs, format);
    try {
      const { blob, records } = await exportFlows({
        query,
        format,
        onProgress: (progress) => setState({ kind: 'running', ...progress }),
        signal: abort.signal,
      });
      const file = `flows-${timeText(sinceMs).replaceAll(/[:.]/g, '-')}.${format}`;
      saveFile(blob, file);
      setState({ kind: 'done', records, bytes: blob.size, file });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      setState(abort.signal.aborted ? { kind: 'idle' } : { kind: 'failed', reason });
    }
  };
  const isRunning = state.kind === 'running';
  return (
    <section aria-label="Export" className="grid gap-2 border-line border-t pt-4">
      <p className="text-fg-2 text-xs">
        A file of every flow that the relay still has for this filter and time, not only the rows of this page.
      </p>
      <div className="flex flex-wrap items-center gap-2">
        <Button disabled={isRunning} onClick={() => void start('jsonl')}>
          <Download size={13} aria-hidden /> JSON lines
        </Button>
        <Button disabled={isRunning} onClick={() => void start('csv')}>
          <Download size={13} aria-hidden /> CSV
        </Button>
        {isRunning && <Button onClick={() => running.current?.abort()}>Cancel</Button>}
        <p role="status" className={`text-xs ${state.kind === 'failed' ? 'text-bad' : 'text-fg-2'}`}>
          {exportWords(state)}
        </p>
      </div>
    </section>
  );
}

function exportQuery(filter: string, sinceMs: number, untilMs: number, format: ExportFormat): string {
  return String(new URLSearchParams({ q: filter, since: timeText(sinceMs), until: timeText(untilMs), format }));
}

function exportWords(state: ExportState): string {
  switch (state.kind) {
    case 'idle':
      return '';
    case 'running':
      return `${plural(state.records, 'flow')}, ${byteText(state.bytes)}…`;
    case 'done':
      return `${plural(state.records, 'flow')}, ${byteText(state.bytes)}, in ${state.file}`;
    case 'failed':
      return state.reason;
  }
}

function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function SaveView() {
  const [name, setName] = useState('');
  const [saved, setSaved] = useState('');
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === '') return;
    setSaved(saveView(name.trim(), `${location.pathname}${location.search}`));
    setName('');
  };
  return (
    <form onSubmit={save} className="grid gap-2 border-line border-t pt-4">
      <label htmlFor="view-name" className="text-fg-2 text-xs">
        Keep this view under a name in this browser; Ctrl K finds it.
      </label>
      <div className="flex items-center gap-2">
        <input
          id="view-name"
          value={name}
          maxLength={80}
          placeholder="Refused in shop"
          onChange={(event) => setName(event.target.value)}
          className="h-7 min-w-0 flex-1 rounded-control border border-line bg-sunken px-2 text-xs outline-none placeholder:text-fg-3 focus:border-accent"
        />
        <Button type="submit" disabled={name.trim() === ''}>
          <Bookmark size={13} aria-hidden /> Save view
        </Button>
      </div>
      <p role="status" className="text-fg-2 text-xs empty:hidden">
        {saved}
      </p>
    </form>
  );
}
