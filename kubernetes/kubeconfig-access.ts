// Access by a kubeconfig, read and resolved by the Kubernetes project's client: contexts, client certificates, tokens,
// exec plugins, OIDC, proxies. What it leaves out is added: tokenFile, and the environment that exec plugins are promised.

import { existsSync, readFileSync } from 'node:fs';
import type { Agent, RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Cluster, KubeConfig, type User } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { type ApiAccess, type Credentials, checkServer } from './api-access.ts';
import { printable } from './api-error.ts';

/** An exec plugin may ask a person to log in, but not for ever. */
const credentialsTimeoutMs = 60_000;

interface Loaded {
  readonly config: KubeConfig;
  readonly cluster: Cluster;
  readonly user: User | null;
}

/** @throws Error in words when the file or the context cannot be used */
export function kubeconfigAccess(path: string | undefined, context: string | undefined): ApiAccess {
  let loaded = load(path, context);
  const server = checkServer(loaded.cluster.server, originOf(path, loaded));
  return {
    text: `${server.origin} (${originOf(path, loaded)})`,
    server,
    credentials: () => within(credentialsTimeoutMs, credentialsOf(loaded, server)),
    // A new configuration has no cached tokens, certificates or connections.
    forget: () => {
      loaded = load(path, context);
    },
  };
}

function load(path: string | undefined, context: string | undefined): Loaded {
  if (path === undefined && !hasKubeconfig())
    throw new Error(
      'no kubeconfig was found: KUBECONFIG is not set, there is no ~/.kube/config, and this is not inside a pod. Give --kubernetes the path of one.',
    );
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
    if (path !== undefined) addTokenFiles(config, path);
  } catch (cause) {
    const why = printable(cause instanceof Error ? cause.message : String(cause));
    throw new Error(`the kubeconfig ${path ?? '(KUBECONFIG, ~/.kube/config)'} cannot be read: ${why}`, { cause });
  }
  if (context !== undefined) config.setCurrentContext(context);
  const name = config.getCurrentContext();
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const known = config.getContexts().map((each) => each.name);
    throw new Error(
      `the kubeconfig has no context "${name ?? ''}" with a cluster; it has ${known.join(', ') || 'none'}.`,
    );
  }
  const user = config.getCurrentUser();
  if (user?.exec) promiseExecInfo(user.exec, cluster);
  return { config, cluster, user };
}

function hasKubeconfig(): boolean {
  return (process.env.KUBECONFIG ?? '') !== '' || existsSync(join(homedir(), '.kube', 'config'));
}

function originOf(path: string | undefined, { config }: Loaded): string {
  return `context ${config.getCurrentContext()} of ${path ?? 'the kubeconfig'}`;
}

/** The client reads "token-file"; kubectl and client-go write and read "tokenFile". */
function addTokenFiles(config: KubeConfig, path: string): void {
  const { users } = parse(readFileSync(path, 'utf8')) as { users?: { name: string; user?: { tokenFile?: string } }[] };
  for (const { name, user } of users ?? []) {
    const own = config.getUser(name);
    if (user?.tokenFile === undefined || !own || own.token) continue;
    const tokenFile = resolve(dirname(path), user.tokenFile);
    Object.assign(own, { authProvider: { name: 'tokenFile', config: { tokenFile } } });
  }
}

interface ExecPlugin {
  apiVersion?: string;
  provideClusterInfo?: boolean;
  env?: { name: string; value: string }[];
}

/** client.authentication.k8s.io/v1: a plugin may count on KUBERNETES_EXEC_INFO. */
function promiseExecInfo(exec: ExecPlugin, cluster: Cluster): void {
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    spec: {
      interactive: false,
      ...(exec.provideClusterInfo
        ? { cluster: { server: cluster.server, 'certificate-authority-data': cluster.caData } }
        : {}),
    },
  };
  exec.env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }];
}

async function credentialsOf({ config, cluster, user }: Loaded, server: URL): Promise<Credentials> {
  // The client refuses plain http unless certificates are not checked; there are none, and checkServer allowed it.
  if (server.protocol === 'http:') Object.assign(cluster, { skipTLSVerify: true });
  const headers: Record<string, string> = {};
  const options: RequestOptions = { headers };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    const why = printable(cause instanceof Error ? cause.message : String(cause), [user?.token ?? '']);
    throw new Error(`credentials cannot be had: ${why || 'the plugin failed without a word'}`, { cause });
  }
  const { ca, cert, key, passphrase, servername, rejectUnauthorized, auth, agent } = options;
  const authorization = auth ? `Basic ${Buffer.from(auth).toString('base64')}` : headers.Authorization?.trim();
  const { Authorization: _read, ...others } = headers;
  return {
    headers: { ...others, ...(authorization === undefined ? {} : { authorization }) },
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(servername === undefined ? {} : { servername }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    },
    ...(cluster.proxyUrl ? { agent: agent as Agent } : {}),
  };
}

function within<Result>(timeoutMs: number, promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`credentials did not come within ${timeoutMs / 1000} s; see the exec plugin`)),
      timeoutMs,
    );
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
