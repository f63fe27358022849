// Access from inside a pod: the service account's token and CA as kubelet mounts them, the server by the environment.
// Kubelet replaces the token before its hour is over, so the file is read again.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { type ApiAccess, type Credentials, checkServer } from './api-access.ts';

const serviceAccountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As client-go: kubelet replaces a token when 80 % of its time is over, so a minute is soon enough. */
const rereadMs = 60_000;

export interface InClusterOptions {
  /** Where kubelet mounts the service account. */
  readonly path?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly nowMs?: () => number;
}

export function isInCluster({ path = serviceAccountPath, env = process.env }: InClusterOptions = {}): boolean {
  return (env.KUBERNETES_SERVICE_HOST ?? '') !== '' && existsSync(join(path, 'token'));
}

/** @throws Error in words outside of a pod */
export function inClusterAccess(options: InClusterOptions = {}): ApiAccess {
  const { path = serviceAccountPath, env = process.env, nowMs = Date.now } = options;
  const host = env.KUBERNETES_SERVICE_HOST ?? '';
  const port = env.KUBERNETES_SERVICE_PORT_HTTPS ?? env.KUBERNETES_SERVICE_PORT ?? '443';
  if (host === '')
    throw new Error('this is not inside a pod: KUBERNETES_SERVICE_HOST is not set. Give --kubernetes a kubeconfig.');
  const server = checkServer(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`, 'KUBERNETES_SERVICE_HOST');
  let kept: Credentials | undefined;
  let readMs = Number.NEGATIVE_INFINITY;
  const read = async (name: string, mend: string): Promise<string> => {
    try {
      return (await readFile(join(path, name), 'utf8')).trim();
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
      throw new Error(`cannot read ${join(path, name)} (${code}); ${mend}`, { cause });
    }
  };
  return {
    text: `${server.origin} (this pod's service account)`,
    server,
    credentials: async () => {
      if (kept !== undefined && nowMs() - readMs < rereadMs) return kept;
      const mend = 'let the pod have its service account (automountServiceAccountToken).';
      const [token, ca] = await Promise.all([read('token', mend), read('ca.crt', mend)]);
      kept = { headers: { authorization: `Bearer ${token}` }, tls: { ca } };
      readMs = nowMs();
      return kept;
    },
    forget: () => {
      kept = undefined;
    },
  };
}
