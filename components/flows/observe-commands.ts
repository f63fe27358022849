// What the page shows, as commands for a terminal.

import { toHubbleFlags } from '#flow/filter-text/hubble-flags.ts';
import { parseFilterText } from '#flow/filter-text/parse.ts';
import { shellCommand } from '#flow/filter-text/shell-word.ts';
import type { TimeRange } from '../url/url-state.ts';

/** The time a view shows: a range that was chosen, or what came in the last seconds and still comes. */
export type ViewTime = { readonly range: TimeRange } | { readonly lastSeconds: number; readonly isLive: boolean };

export interface ObserveCommands {
  readonly parallax: string;
  readonly hubble: string;
}

/** Throws RangeError with the reason where the filter cannot be read. */
export function observeCommands(filter: string, time: ViewTime): ObserveCommands {
  const { terms, errors } = parseFilterText(filter);
  const [error] = errors;
  if (error !== undefined) throw new RangeError(error.message);
  const when = timeFlags(time);
  // In one word: a filter that begins with "-" would be taken for flags of its own.
  const filterFlags = filter.trim() === '' ? [] : [`--filter=${filter.trim()}`];
  return {
    parallax: shellCommand(['parallax', 'observe', ...filterFlags, ...when]),
    hubble: shellCommand(['hubble', 'observe', ...toHubbleFlags(terms), ...when]),
  };
}

/** Of the export's query. */
export function exportTimes(time: ViewTime, nowMs: number): { readonly sinceMs: number; readonly untilMs: number } {
  if ('range' in time) return { sinceMs: time.range.fromMs, untilMs: time.range.toMs };
  return { sinceMs: nowMs - time.lastSeconds * 1_000, untilMs: nowMs };
}

function timeFlags(time: ViewTime): string[] {
  if ('range' in time) return ['--since', timeText(time.range.fromMs), '--until', timeText(time.range.toMs)];
  const { lastSeconds, isLive } = time;
  const since = lastSeconds % 60 === 0 ? `${lastSeconds / 60}m` : `${lastSeconds}s`;
  return ['--since', since, ...(isLive ? ['--follow'] : [])];
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
