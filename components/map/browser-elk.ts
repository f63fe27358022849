// elk in a worker of its own, fetched when the first namespace needs it: 437 kB that no other view should wait for.

import type { ELK } from 'elkjs/lib/elk-api.js';
import { elkEngine } from './layout/elk-engine.ts';
import type { LayeredEngine } from './layout/layered-group.ts';

export function browserElkEngine(): LayeredEngine {
  let starting: Promise<ELK> | undefined;
  return async (request) => {
    starting ??= startElk();
    return elkEngine(await starting)(request);
  };
}

async function startElk(): Promise<ELK> {
  const { default: Elk } = await import('elkjs/lib/elk-api.js');
  return new Elk({
    workerFactory: () => new Worker(new URL('elkjs/lib/elk-worker.min.js', import.meta.url)),
  });
}
