// The real stack for stories: processes started by the command line as a person would, on free ports, ended by id.

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';

const parallax = join(import.meta.dirname, '..', 'bin', 'parallax.ts');

export interface Started {
  readonly process: ChildProcess;
  /** All that it printed so far. */
  output(): string;
  /** Sends the signal and waits for the end; answers with its exit code or signal. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

/** Starts `parallax ARGS` and waits until it has printed a line that matches. */
export async function startParallax(args: readonly string[], ready: RegExp, limitMs = 60_000): Promise<Started> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', parallax, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 0));
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (reason: string): void => reject(new Error(`parallax ${args.join(' ')}: ${reason}\n${output}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`not ready after ${limitMs} ms`);
    }, limitMs);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (!ready.test(output)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then((how) => fail(`ended with ${how} before it was ready`));
  });
  return {
    process: child,
    output: () => output,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await ended;
    },
  };
}

/** Runs `parallax ARGS` to its end. Rejects when it fails, with what it printed. */
export function runParallax(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', parallax, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('exit', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`parallax ${args.join(' ')} ended with ${code}:\n${output}`));
    });
  });
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
