// Connects a tab to its worker: the one shared by all tabs where there is such a thing (Chrome on Android has none), else
// one of its own.

import type { TabMessage, WorkerMessage } from './messages.ts';
import { TabStore } from './tab-store.ts';

/** The name carries the version of the protocol, so that an old tab's worker is not joined after an update. */
const WORKER_NAME = 'parallax-store-2';

let shared: TabStore | undefined;

/** The page's one store, opened by whoever comes first. */
export function pageStore(): TabStore {
  shared ??= openTabStore();
  return shared;
}

function openTabStore(): TabStore {
  const port = openPort();
  const store = new TabStore((message: TabMessage) => port.postMessage(message));
  port.onmessage = (event: MessageEvent<WorkerMessage>) => store.receive(event.data);
  return store;
}

function openPort(): MessagePort | Worker {
  if (typeof SharedWorker === 'undefined')
    return new Worker(new URL('./store-worker.ts', import.meta.url), { type: 'module', name: WORKER_NAME });
  const worker = new SharedWorker(new URL('./store-worker.ts', import.meta.url), { type: 'module', name: WORKER_NAME });
  return worker.port;
}
