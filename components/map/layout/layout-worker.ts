// The worker's entry: layouts one after the other, off the thread that draws. elk runs in a worker of its own beside it,
// started when it is expected or asked: reading its 437 kB takes a third of a second of a core, which a remembered map, or
// one whose namespaces are closed, need not spend.

import { elkEngine } from './elk-engine.ts';
import { buffersOf, type LayoutRequest, layOut } from './lay-out.ts';
import { GroupLayouts, type LayeredEngine } from './layered-group.ts';

export type LayoutOrder = 'expect elk' | { readonly number: number; readonly request: LayoutRequest };

let starting: Promise<LayeredEngine> | undefined;
const layouts = new GroupLayouts(async (request) => (await startedElk())(request));

self.onmessage = async ({ data }: MessageEvent<LayoutOrder>) => {
  if (data === 'expect elk') {
    // Whoever asks it to lay out sees the failure.
    startedElk().catch(() => undefined);
    return;
  }
  const laidOut = await layOut(data.request, layouts);
  self.postMessage({ number: data.number, laidOut }, { transfer: buffersOf(laidOut) });
};

function startedElk(): Promise<LayeredEngine> {
  starting ??= startElk();
  return starting;
}

/** Rejects every request once elk's worker has failed to load, since elk itself would wait for its answer for ever. */
async function startElk(): Promise<LayeredEngine> {
  const { default: Elk } = await import('elkjs/lib/elk-api.js');
  const worker = new Worker(new URL('elkjs/lib/elk-worker.min.js', import.meta.url));
  const failure = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => reject(new Error(`the layout engine failed: ${event.message}`)));
  });
  // Whoever asks next sees the failure; nobody asking is no error.
  failure.catch(() => undefined);
  const engine = elkEngine(new Elk({ workerFactory: () => worker }));
  return (request) => Promise.race([engine(request), failure]);
}
