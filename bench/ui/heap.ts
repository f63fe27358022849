// Whether a page's heap grows: its size after a collection, every few seconds, and the line through these.

import type { CDPSession, Page } from 'playwright';

const EVERY_MS = 5_000;

export interface Heap {
  readonly endMb: number;
  readonly mbPerMinute: number;
}

export async function watchHeap(page: Page, session: CDPSession, seconds: number): Promise<Heap> {
  const points: { minute: number; mb: number }[] = [];
  const startMs = performance.now();
  const untilMs = startMs + seconds * 1000;
  for (;;) {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const bytes = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0;
    points.push({ minute: (performance.now() - startMs) / 60_000, mb: bytes / 1e6 });
    if (performance.now() >= untilMs) break;
    await page.waitForTimeout(Math.min(EVERY_MS, Math.max(0, untilMs - performance.now())));
  }
  return { endMb: points.at(-1)?.mb ?? 0, mbPerMinute: slopeOf(points) };
}

/** By least squares. */
function slopeOf(points: readonly { readonly minute: number; readonly mb: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [minute, mb] = [mean(points.map((point) => point.minute)), mean(points.map((point) => point.mb))];
  const spread = points.reduce((sum, point) => sum + (point.minute - minute) ** 2, 0);
  if (spread === 0) return 0;
  return points.reduce((sum, point) => sum + (point.minute - minute) * (point.mb - mb), 0) / spread;
}
