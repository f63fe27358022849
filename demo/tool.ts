// Runs one program of the machine to its end. The only place that turns a failed or missing program into words.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Which Debian package brings a program, for the message when it is missing. */
const packageOf: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  openssl: 'openssl',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  initdb: 'postgresql',
};

export interface ToolOptions {
  /** Lines for the program's standard input. */
  readonly input?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Where the demo looks for programs, whatever PATH its caller has: sudo and services often have a short one. */
export const programFolders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/sbin', '/bin'];

/** Throws with the command that installs what is missing. */
export function requireTools(names: readonly string[]): void {
  const missing = names.filter((name) => !programFolders.some((folder) => existsSync(join(folder, name))));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => packageOf[name] ?? name))];
  throw new Error(`the demo needs ${missing.join(', ')}: apt-get install ${packages.join(' ')}`);
}

/** Resolves with standard output; rejects with an Error that quotes the command and the end of what it printed. */
export function runTool(program: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(program, args, {
    env: { ...process.env, PATH: programFolders.join(':') },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.signal && { signal: options.signal }),
  });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  child.on('error', (cause) => reject(new Error(explainStart(program, cause), { cause })));
  child.on('close', (code, killedBy) => {
    if (code === 0) resolve(output);
    else
      reject(
        new Error(
          `'${[program, ...args].join(' ')}' ended with ${code ?? killedBy}: ${complaint.trim() || 'it said nothing'}`,
        ),
      );
  });
  // A program that ends before it read its input is reported by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ? `${options.input.join('\n')}\n` : '');
  return promise;
}

function explainStart(program: string, cause: Error): string {
  if (!('code' in cause) || cause.code !== 'ENOENT') return `'${program}' could not be started: ${cause.message}`;
  const name = program.slice(program.lastIndexOf('/') + 1);
  return `'${name}' is not installed: apt-get install ${packageOf[name] ?? name}`;
}
