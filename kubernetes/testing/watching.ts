// A double of an API server and a watch of it, for tests: fast timing, stopped after the test, waited for by polling.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiAccess } from '../api-access.ts';
import { ClusterWatch, type ClusterWatchOptions } from '../cluster-watch.ts';
import { ApiServer, type ApiServerOptions } from './api-server.ts';

export async function apiServer(context: TestContext, options: ApiServerOptions = {}): Promise<ApiServer> {
  const server = new ApiServer(options);
  await server.start();
  context.after(() => server.stop());
  return server;
}

/** No credentials but a token, if one is given. */
export function plainAccess(server: ApiServer, token?: string): ApiAccess {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    text: server.url,
    server: new URL(server.url),
    credentials: async () => ({ headers, tls: {} }),
    forget: () => {},
  };
}

/** Retries at once; watches for `watchSeconds`. */
export function watchOf(
  context: TestContext,
  access: ApiAccess,
  options: Partial<ClusterWatchOptions> & Pick<ClusterWatchOptions, 'resources'>,
): ClusterWatch {
  const { timing, ...others } = options;
  const watch = new ClusterWatch({
    access,
    component: 'test',
    timing: { backoffMs: 2, maxBackoffMs: 10, refusedMs: 10, watchSeconds: 60, ...timing },
    ...others,
  });
  context.after(() => watch.stop());
  return watch;
}

/** Polls until `check` is true; the deadline only turns a hang into a failure. */
export async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await check())) {
    if (Date.now() > deadline) assert.fail(`not within 15 s: ${what}`);
    await pause(2);
  }
}

export const pods = '/api/v1/pods';
export const services = '/api/v1/services';

export function podJson(name: string, more: { ip?: string; node?: string; labels?: Record<string, string> } = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      labels: { app: 'web', ...more.labels },
      managedFields: [{ manager: 'kubelet' }],
    },
    spec: { nodeName: more.node ?? 'n1', serviceAccountName: 'web', containers: [{ name: 'web' }] },
    status: { phase: 'Running', podIP: more.ip ?? '10.0.0.1', podIPs: [{ ip: more.ip ?? '10.0.0.1' }] },
  };
}
