// elk in a worker of its own, fetched when the first namespace needs it: 437 kB that no other view should wait for.

import { elkEngine } from './layout/elk-engine.ts';
import type { LayeredEngine } from './layout/layered-group.ts';

/** Rejects every request once the worker has failed to load, since elk itself would wait for its answer for ever. */
export function browserElkEngine(): LayeredEngine {
  let starting: Promise<LayeredEngine> | undefined;
  return async (request) => {
    starting ??= startElk();
    return (await starting)(request);
  };
}

async function startElk(): Promise<LayeredEngine> {
  const { default: Elk } = await import('elkjs/lib/elk-api.js');
  const worker = new Worker(new URL('elkjs/lib/elk-worker.min.js', import.meta.url));
  const failure = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => reject(new Error(`the layout worker failed: ${event.message}`)));
  });
  // Whoever asks next sees the failure; nobody asking is no error.
  failure.catch(() => undefined);
  const engine = elkEngine(new Elk({ workerFactory: () => worker }));
  return (request) => Promise.race([engine(request), failure]);
}
