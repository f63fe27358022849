// Real servers in a pod's namespace for tests, and what they say of themselves: nginx, Redis, PostgreSQL, dnsmasq, gRPC. Each is
// started in the foreground in a folder of its own and answers when its `start...` resolves.

import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Pod } from './pods.ts';

export interface RealServer {
  readonly folder: string;
  /** All that it printed. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

interface Program {
  readonly command: readonly string[];
  readonly user?: string;
  /** Printed when it answers. */
  readonly ready: string;
  readonly stopSignal?: NodeJS.Signals;
}

/** Runs a program of this machine in the pod to its end; its standard output, whatever it ends with. */
export async function runInPod(pod: Pod, command: readonly string[], input = ''): Promise<string> {
  const child = spawn('ip', ['netns', 'exec', pod.namespace, ...command], { stdio: ['pipe', 'pipe', 'ignore'] });
  // A program that does not read its input may end before it is written.
  child.stdin.on('error', () => {}).end(input);
  return await text(child.stdout);
}

function newFolder(name: string, user?: string): string {
  const folder = mkdtempSync(join(tmpdir(), `parallax-${name}-`));
  if (user !== undefined) chownSync(folder, idOf(user, '-u'), idOf(user, '-g'));
  return folder;
}

function idOf(user: string, which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, user], { encoding: 'utf8' }));
}

function asUser(user: string | undefined, command: readonly string[]): readonly string[] {
  if (user === undefined) return command;
  return ['setpriv', `--reuid=${user}`, `--regid=${idOf(user, '-g')}`, '--clear-groups', ...command];
}

async function start(pod: Pod, folder: string, program: Program): Promise<RealServer> {
  const [...args] = ['netns', 'exec', pod.namespace, ...asUser(program.user, program.command)];
  const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const read = (bytes: Buffer) => {
      output += bytes;
      if (output.includes(program.ready)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', () => reject(new Error(`${program.command[0]} ended: ${output}`)));
  });
  return {
    folder,
    output: () => output,
    signal: (signal) => {
      child.kill(signal);
    },
    stop: async () => {
      child.kill(program.stopSignal ?? 'SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `servers`: server blocks; each request is a line "METHOD URI STATUS" of access.log in the folder. */
export function startNginx(pod: Pod, servers: string): Promise<RealServer> {
  const folder = newFolder('nginx');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const configuration = `
    daemon off; worker_processes 2; user root; error_log stderr notice; pid ${folder}/nginx.pid;
    events { worker_connections 256; }
    http {
      log_format counted '$request_method $request_uri $status';
      access_log ${folder}/access.log counted;
      keepalive_requests 100000; large_client_header_buffers 4 32k;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
      root ${folder};
      ${servers}
    }`;
  writeFileSync(join(folder, 'nginx.conf'), configuration);
  const command = ['nginx', '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
  return start(pod, folder, { command, ready: 'start worker process ' });
}

export function startRedis(pod: Pod, port: number): Promise<RealServer> {
  const folder = newFolder('redis');
  const options = ['--save', '', '--appendonly', 'no', '--protected-mode', 'no', '--bind', '0.0.0.0', '--dir', folder];
  const command = ['redis-server', '--port', String(port), ...options];
  return start(pod, folder, { command, ready: 'eady to accept connections' });
}

const grpcPeer = new URL('grpc-peer.ts', import.meta.url).pathname;

/** Prints "counts {...}" at SIGUSR1: what it answered, by method and code. */
export function startGrpc(pod: Pod, port: number): Promise<RealServer> {
  return start(pod, newFolder('grpc'), {
    command: [process.execPath, grpcPeer, 'serve', String(port)],
    ready: 'ready',
  });
}

/** Calls it in every way gRPC has, over three connections with sixty calls at a time. */
export async function callGrpc(pod: Pod, host: string, port: number): Promise<void> {
  await runInPod(pod, [process.execPath, grpcPeer, 'call', host, String(port)]);
}

/** With pg_stat_statements loaded (not yet created); user and database `postgres`, without passwords. */
export async function startPostgres(pod: Pod, port: number): Promise<RealServer> {
  const folder = newFolder('postgres', 'postgres');
  const cluster = join(folder, 'cluster');
  const initdb = [postgresBinary('initdb'), '-D', cluster, '-A', 'trust', '--no-sync', '--locale=C', '-E', 'UTF8'];
  await runInPod(pod, asUser('postgres', initdb));
  writeFileSync(join(cluster, 'pg_hba.conf'), 'host all all 0.0.0.0/0 trust\nlocal all all trust\n');
  const settings = {
    port: String(port),
    listen_addresses: '*',
    unix_socket_directories: folder,
    shared_preload_libraries: 'pg_stat_statements',
    'pg_stat_statements.track_utility': 'on',
    shared_buffers: '8MB',
    max_connections: '24',
    fsync: 'off',
    // Its segments would outlive a killed server; files go with the folder.
    dynamic_shared_memory_type: 'mmap',
    autovacuum: 'off',
    ssl: 'off',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [postgresBinary('postgres'), '-D', cluster, ...options];
  // The other signals wait for clients to leave.
  const ending = { ready: 'ready to accept connections', stopSignal: 'SIGINT' } as const;
  return start(pod, folder, { command, user: 'postgres', ...ending });
}

/** Debian keeps them out of PATH, by version. */
export function postgresBinary(name: string): string {
  const root = '/usr/lib/postgresql';
  const newest = readdirSync(root).sort((left, right) => Number(right) - Number(left))[0];
  return join(root, newest ?? '', 'bin', name);
}

/** `lines` of dnsmasq.conf beside those that make it a server for tests. */
export function startDnsmasq(pod: Pod, lines: readonly string[]): Promise<RealServer> {
  const folder = newFolder('dnsmasq');
  const usual = ['no-resolv', 'no-hosts', 'user=root', 'group=root', 'pid-file=', 'log-facility=-', 'bind-interfaces'];
  writeFileSync(join(folder, 'dnsmasq.conf'), [...usual, ...lines, ''].join('\n'));
  const command = ['dnsmasq', '--keep-in-foreground', `--conf-file=${join(folder, 'dnsmasq.conf')}`];
  return start(pod, folder, { command, ready: 'started, version' });
}

/** Lines of a file that a server writes. */
export function linesOf(server: RealServer, file: string): string[] {
  return readFileSync(join(server.folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
