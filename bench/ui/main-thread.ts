// What a page's main thread did during a while, from Chromium's own trace: processor time, which other programs on the
// machine do not stretch, and the longest task by both clocks.

import type { Browser, Page } from 'playwright';

export interface MainThread {
  readonly busyShare: number;
  /** Processor time, and from begin to end. */
  readonly longestCpuMs: number;
  readonly longestMs: number;
}

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export async function watchMainThread(browser: Browser, page: Page, ms: number): Promise<MainThread> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await page.waitForTimeout(ms);
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: readonly TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = new Set(
    trace.traceEvents
      .filter(({ ph, name, args }) => ph === 'M' && name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(threadOf),
  );
  const tasks = trace.traceEvents.filter(
    (event) => event.ph === 'X' && event.name === 'ThreadControllerImpl::RunTask' && mains.has(threadOf(event)),
  );
  // A closed page's process may linger: ours is the busiest.
  const [busiest = []] = [...Map.groupBy(tasks, threadOf).values()].sort((left, right) => cpuMs(right) - cpuMs(left));
  return {
    busyShare: cpuMs(busiest) / ms,
    longestCpuMs: Math.max(0, ...busiest.map(({ tdur = 0 }) => tdur / 1000)),
    longestMs: Math.max(0, ...busiest.map(({ dur = 0 }) => dur / 1000)),
  };
}

function cpuMs(tasks: readonly TraceEvent[]): number {
  return tasks.reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0);
}
