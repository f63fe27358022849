// Layouts by the worker, as a function that answers. Where the worker cannot start, this thread lays out without elk: a
// plainer map, a moment of stillness, and a word in the legend.

import type { LaidOutMap, LayoutRequest } from './layout/lay-out.ts';
import type { LayoutOrder } from './layout/layout-worker.ts';
import type { Layouter } from './scene-keeper.ts';

let shared: Layouter | undefined;
let expectElk = (): void => undefined;

/** One for the page, however many maps come and go; starting it early is worth some hundred milliseconds. */
export function pageLayouter(): Layouter {
  shared ??= startLayouter();
  return shared;
}

/** Starts before there is a map; with elk, unless this browser remembers places and most likely these. */
export function prepareLayouter(remembersMaps: boolean): void {
  pageLayouter();
  if (!remembersMaps) expectElk();
}

function startLayouter(): Layouter {
  const worker = new Worker(new URL('./layout/layout-worker.ts', import.meta.url), { type: 'module' });
  expectElk = () => worker.postMessage('expect elk' satisfies LayoutOrder);
  const waiting = new Map<number, (laidOut: LaidOutMap | undefined) => void>();
  let hasFailed = false;
  let number = 0;
  worker.onmessage = ({ data }: MessageEvent<{ readonly number: number; readonly laidOut: LaidOutMap }>) => {
    waiting.get(data.number)?.(data.laidOut);
    waiting.delete(data.number);
  };
  worker.onerror = () => {
    hasFailed = true;
    for (const answer of waiting.values()) answer(undefined);
    waiting.clear();
  };
  const byWorker = (request: LayoutRequest) =>
    new Promise<LaidOutMap | undefined>((resolve) => {
      number += 1;
      waiting.set(number, resolve);
      worker.postMessage({ number, request } satisfies LayoutOrder);
    });
  return async (request) => (hasFailed ? undefined : await byWorker(request)) ?? (await layOutHere(request));
}

/** Fetched only where it is needed: whoever has a worker has this code there. */
async function layOutHere(request: LayoutRequest): Promise<LaidOutMap> {
  const [{ layOut }, { GroupLayouts }] = await Promise.all([
    import('./layout/lay-out.ts'),
    import('./layout/layered-group.ts'),
  ]);
  return layOut(request, new GroupLayouts(() => Promise.reject(new Error('the layout worker did not start'))));
}
