// One of the processes that `parallax up` starts: it tells when it is ready, and ends with its parent.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { nodeFlags } from './node-flags.mjs';

export interface ChildService {
  readonly name: string;
  /** Resolves when the child has said that it is ready; rejects when it ends before. */
  readonly ready: Promise<void>;
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
}

/** A child that has not ended this long after SIGTERM is killed; the whole stop is promised within 5 s. */
const killAfterMs = 3000;

export function startChild(name: string, args: readonly string[], onEnd: (reason: string) => void): ChildService {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...nodeFlags(args[0]), join(import.meta.dirname, 'parallax.ts'), ...args],
    // In a process group of its own, so that Ctrl-C reaches it through us alone and the stop is in one order.
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const reason = signal ?? `code ${code}`;
      reject(new Error(`${name} could not start (${reason}).`));
      onEnd(reason);
    });
  });
  return { name, ready, process: child, ended };
}

export async function stopChildren(children: readonly ChildService[]): Promise<void> {
  for (const { process: child } of children) child.kill('SIGTERM');
  const timer = setTimeout(() => {
    for (const { process: child } of children) child.kill('SIGKILL');
  }, killAfterMs);
  await Promise.all(children.map((child) => child.ended));
  clearTimeout(timer);
}
