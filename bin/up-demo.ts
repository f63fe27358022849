// The demo beside `parallax up`: taken down after, if it was brought up by us. One that already runs is used and left alone.

import { join } from 'node:path';
import { demoDown, demoStatus, demoUp } from '#demo/commands.ts';
import { defaultDirectory, files } from '#demo/state.ts';

export interface DemoBesideUp {
  /** Kubernetes objects that name its pods; written before its first traffic, and the exporter waits for it. */
  readonly objectsPath: string;
  /** The NetworkPolicies that it enforces. */
  readonly policiesPath: string;
  /** The access log of its gateway. */
  readonly accessLogPath: string;
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

export function startDemo(): DemoBesideUp {
  const objectsPath = files.objects(defaultDirectory);
  const accessLogPath = files.gatewayLog(defaultDirectory);
  const policiesPath = join(import.meta.dirname, '..', 'demo', 'policies');
  if (demoStatus().running) {
    process.stdout.write('demo: already running, used as it is\n');
    return { objectsPath, policiesPath, accessLogPath, ready: Promise.resolve(), stop: async () => undefined };
  }
  const aborted = new AbortController();
  const up = demoUp({ signal: aborted.signal, onProgress: (line) => process.stdout.write(`demo: ${line}\n`) });
  const ready = up.then(({ text }) => void process.stdout.write(`${text}\n`));
  const stop = async (): Promise<void> => {
    aborted.abort();
    await up.catch(() => undefined);
    await demoDown();
  };
  return { objectsPath, policiesPath, accessLogPath, ready, stop };
}
