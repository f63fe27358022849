// Starts one pod's process where it belongs: in its cgroup, in its network namespace, tied to the supervisor's life.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { podCgroup } from './cgroup.ts';
import type { PodPlan } from './plan.ts';
import type { ProgramStart } from './programs.ts';

/** Kept of what a pod printed, for the reason it failed. */
const outputKept = 2000;

/** Nothing of whoever typed `demo up` shall change how a pod behaves. */
export const cleanEnvironment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C', NODE_ENV: 'production' } as const;

/**
 * A Node pod; it speaks over `child.send` and its messages. Its heap is small so that twelve of them are. All share the
 * code one of them compiled, in `codeCache`: without it starting them is mostly compiling the same modules again.
 */
export function spawnNodePod(pod: PodPlan, cgroupRoot: string | null, codeCache: string): ChildProcess {
  const node = [
    process.execPath,
    '--max-old-space-size=64',
    '--max-semi-space-size=1',
    join(import.meta.dirname, 'pod/main.ts'),
  ];
  return spawnInPod(pod, cgroupRoot, node, null, 'ipc', { NODE_COMPILE_CACHE: codeCache });
}

/** Resolves with the running child once it printed its ready line; rejects with what it printed instead. */
export async function startProgramPod(
  pod: PodPlan,
  cgroupRoot: string | null,
  start: ProgramStart,
  onSpawn: (child: ChildProcess) => void,
): Promise<void> {
  if (start.before)
    await untilExit(spawnInPod(pod, cgroupRoot, start.before, start.user, 'ignore'), start.before[0] ?? '');
  const child = spawnInPod(pod, cgroupRoot, start.command, start.user, 'ignore');
  onSpawn(child);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const output = keepOutput(child, (text) => {
    if (text.includes(start.ready)) resolve();
  });
  child.once('error', reject);
  child.once('exit', (code, signal) => reject(new Error(`ended with ${code ?? signal}: ${output().trim()}`)));
  return promise;
}

/** Calls back with all that was kept so far at each piece of output; the returned function tells it at any time. */
export function keepOutput(child: ChildProcess, onText: (kept: string) => void = () => {}): () => string {
  let kept = '';
  const keep = (text: string) => {
    kept = (kept + text).slice(-outputKept);
    onText(kept);
  };
  child.stdout?.setEncoding('utf8').on('data', keep);
  child.stderr?.setEncoding('utf8').on('data', keep);
  return () => kept;
}

function spawnInPod(
  pod: PodPlan,
  cgroupRoot: string | null,
  command: readonly string[],
  user: string | null,
  channel: 'ipc' | 'ignore',
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const group = user === 'nobody' ? 'nogroup' : user;
  const asUser = user ? [`--reuid=${user}`, `--regid=${group}`, '--clear-groups'] : [];
  const inPod = [
    ...['ip', 'netns', 'exec', pod.netns],
    // PostgreSQL's System V memory would outlive a killed server, were it not the namespace's.
    ...['unshare', '--ipc'],
    ...['setpriv', '--pdeathsig', 'KILL', ...asUser],
    ...command,
  ];
  // Entering the cgroup before anything else: a socket belongs to the cgroup it was opened in.
  const intoCgroup = cgroupRoot
    ? ['sh', '-c', 'echo $$ > "$1" && shift && exec "$@"', 'sh', join(podCgroup(cgroupRoot, pod), 'cgroup.procs')]
    : [];
  const [program = '', ...args] = [...intoCgroup, ...inPod];
  return spawn(program, args, {
    cwd: '/',
    env: { ...cleanEnvironment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', channel],
  });
}

function untilExit(child: ChildProcess, name: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const output = keepOutput(child);
  child.once('error', reject);
  child.once('close', (code, signal) => {
    if (code === 0) resolve();
    else reject(new Error(`'${name}' ended with ${code ?? signal}: ${output().trim()}`));
  });
  return promise;
}
