// Whether a page's heap grows, and that of the worker that keeps its rows: sizes after a collection, every few seconds, and
// the line through those of the second half, since a bounded store grows until it is full.

import type { Browser, CDPSession, Page } from 'playwright';

const EVERY_MS = 5_000;

export interface Heap {
  readonly endMb: number;
  readonly mbPerMinute: number;
}

interface Size {
  readonly minute: number;
  readonly mb: number;
}

export async function watchHeaps(browser: Browser, page: Page, seconds: number): Promise<{ page: Heap; worker: Heap }> {
  const ofPage = await page.context().newCDPSession(page);
  const ofWorker = await sharedWorker(await browser.newBrowserCDPSession());
  const sizes = { page: [] as Size[], worker: [] as Size[] };
  const startMs = performance.now();
  const untilMs = startMs + seconds * 1000;
  for (;;) {
    const minute = (performance.now() - startMs) / 60_000;
    await ofPage.send('HeapProfiler.collectGarbage');
    sizes.page.push({ minute, mb: (await ofPage.send('Runtime.getHeapUsage')).usedSize / 1e6 });
    await ofWorker('HeapProfiler.collectGarbage');
    sizes.worker.push({ minute, mb: Number((await ofWorker('Runtime.getHeapUsage'))['usedSize'] ?? Number.NaN) / 1e6 });
    if (performance.now() >= untilMs) break;
    await page.waitForTimeout(Math.min(EVERY_MS, Math.max(0, untilMs - performance.now())));
  }
  return { page: heapOf(sizes.page), worker: heapOf(sizes.worker) };
}

/** Playwright has no session for a shared worker, but a browser's session passes messages on. */
async function sharedWorker(session: CDPSession): Promise<(method: string) => Promise<Record<string, unknown>>> {
  const { targetInfos } = await session.send('Target.getTargets');
  const target = targetInfos.find(({ type }) => type === 'shared_worker');
  if (target === undefined) throw new Error('The page has no shared worker, so nothing keeps its rows.');
  const { sessionId } = await session.send('Target.attachToTarget', { targetId: target.targetId, flatten: false });
  const waiting = new Map<number, (result: Record<string, unknown>) => void>();
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result = {} } = JSON.parse(message) as { id: number; result?: Record<string, unknown> };
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  let id = 0;
  return (method) =>
    new Promise((resolve, reject) => {
      id += 1;
      waiting.set(id, resolve);
      session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) }).catch(reject);
    });
}

function heapOf(sizes: readonly Size[]): Heap {
  return { endMb: sizes.at(-1)?.mb ?? 0, mbPerMinute: slopeOf(sizes.slice(sizes.length >> 1)) };
}

/** By least squares. */
function slopeOf(sizes: readonly Size[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [minute, mb] = [mean(sizes.map((size) => size.minute)), mean(sizes.map((size) => size.mb))];
  const spread = sizes.reduce((sum, size) => sum + (size.minute - minute) ** 2, 0);
  if (spread === 0) return 0;
  return sizes.reduce((sum, size) => sum + (size.minute - minute) * (size.mb - mb), 0) / spread;
}
