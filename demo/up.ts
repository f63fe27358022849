// demoUp: checks that this machine lets us, starts the supervisor and waits until every pod has settled.
import { fork } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { livingSupervisor } from './cgroup.ts';
import { demoDown, findLeftovers } from './down.ts';
import { cleanEnvironment } from './pod-process.ts';
import { requireRoot } from './root.ts';
import { defaultDirectory, files, isAlive, readState } from './state.ts';
import type { SupervisorMessage, SupervisorOptions } from './supervisor-messages.ts';
import { requireTools } from './tool.ts';

export interface DemoUpOptions {
  /** Default /run/parallax-demo. Made when missing; must be empty or an earlier demo's. */
  readonly directory?: string;
  /** Node the pods are said to run on; default: this host's name, as the exporter's default is. */
  readonly nodeName?: string;
  /** `off`: no request until a burst is asked for. Default `on`. */
  readonly traffic?: 'on' | 'off';
  /** Factor on all request rates, above 0 and at most 20. Default 1, about 100 requests a second. */
  readonly rate?: number;
  readonly onProgress?: (text: string) => void;
  /** Aborting while the demo starts takes it down again. */
  readonly signal?: AbortSignal;
}

export interface DemoUp extends Omit<Extract<SupervisorMessage, { type: 'up' }>, 'type'> {
  readonly objectsFile: string;
  readonly truthFile: string;
}

/**
 * Resolves when every pod is ready, failed or left out (`state.pods` says which and why).
 * Rejects, and leaves nothing behind, when the demo cannot run here at all.
 */
export async function demoUp(options: DemoUpOptions = {}): Promise<DemoUp> {
  const { directory = defaultDirectory, nodeName = hostname(), traffic = 'on', rate = 1, onProgress, signal } = options;
  signal?.throwIfAborted();
  if (!(rate > 0 && rate <= 20))
    throw new Error(`the demo's rate factor is ${rate}; it must be above 0 and at most 20`);
  requireRoot('up');
  refuseSecondDemo(directory);
  requireTools(['ip', 'nft', 'setpriv', 'unshare', 'openssl']);
  if (findLeftovers().length > 0) {
    onProgress?.('removing what an earlier demo left behind');
    await demoDown({ directory });
  }
  refuseClosedDirectory(directory);
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o755);
  try {
    const up = await startSupervisor({ directory, nodeName, traffic, rate }, onProgress, signal);
    return { ...up, objectsFile: files.objects(directory), truthFile: files.truth(directory) };
  } catch (error) {
    await demoDown({ directory });
    throw error;
  }
}

function refuseSecondDemo(directory: string): void {
  const state = readState(directory);
  const living = state && isAlive(state.supervisor) ? state.supervisor.pid : livingSupervisor();
  if (living !== null) throw new Error(`the demo is already up (supervisor ${living}): 'parallax demo down' ends it`);
  if (!state && existsSync(directory) && readdirSync(directory).length > 0) {
    throw new Error(`${directory} is not empty and not a demo's: name another directory`);
  }
}

/** PostgreSQL, Redis and nginx's worker run as users of their own and must get to their files. */
function refuseClosedDirectory(directory: string): void {
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) {
      throw new Error(`${folder} is closed to other users, which the demo's services run as: chmod o+x ${folder}`);
    }
    if (folder === dirname(folder)) return;
  }
}

function startSupervisor(
  options: SupervisorOptions,
  onProgress: DemoUpOptions['onProgress'],
  signal: AbortSignal | undefined,
): Promise<Extract<SupervisorMessage, { type: 'up' }>> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<Extract<SupervisorMessage, { type: 'up' }>>();
  const log = openSync(files.supervisorLog(options.directory), 'a');
  const child = fork(join(import.meta.dirname, 'supervisor.ts'), {
    detached: true,
    execArgv: [],
    env: cleanEnvironment,
    stdio: ['ignore', log, log, 'ipc'],
  });
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  child.once('error', reject);
  child.once('exit', (code, killedBy) => reject(new Error(`the demo's supervisor ended with ${code ?? killedBy}`)));
  child.on('message', (message: SupervisorMessage) => {
    if (message.type === 'progress') onProgress?.(message.text);
    else if (message.type === 'failed') reject(new Error(`the demo cannot run here: ${message.reason}`));
    else settle(message);
  });
  child.send(options);
  return promise.finally(() => {
    signal?.removeEventListener('abort', onAbort);
    if (child.connected) child.disconnect();
    child.unref();
  });
}
