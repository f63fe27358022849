// The worker's entry: one for all tabs where the browser has SharedWorker, else one a tab. Decoding, joining and keeping
// rows happen here, off the thread that draws.

import type { TabMessage } from './messages.ts';
import { SessionHub, type TabPort } from './session-hub.ts';
import { runWatchLoop } from './watch-loop.ts';

/** Four commits a second: rows read as live, and the cost of the table follows commits, not flows. */
const COMMIT_MS = 250;

const hub = new SessionHub({
  run: (options) => {
    void runWatchLoop({
      ...options,
      url: new URL(options.url, self.location.origin).href,
      fetch: self.fetch.bind(self),
      now: Date.now,
      random: Math.random,
      wait: abortableWait,
    });
  },
  now: Date.now,
  newId: () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`,
});

setInterval(() => hub.commit(), COMMIT_MS);

function serve(port: MessagePort | DedicatedScope): void {
  const tab: TabPort = { post: (message) => port.postMessage(message) };
  port.onmessage = (event: MessageEvent<TabMessage>) => hub.receive(tab, event.data);
}

interface DedicatedScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
}

interface SharedScope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const scope = self as unknown as SharedScope | DedicatedScope;
if ('onconnect' in scope) {
  scope.onconnect = (event) => {
    const port = event.ports[0];
    if (port !== undefined) serve(port);
  };
} else {
  serve(scope);
}

function abortableWait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
