// What capture costs a request: CPU of nginx and wrk together, in two network namespaces, without capture, with
// connections alone, and with messages too. Runs are interleaved, and CPU time is compared, so that other work on the
// machine disturbs as little as it can. Then what the kernel's own statistics say of each program, in runs of their own.
// Prints tables; asserts nothing. As root, with nginx, wrk and bpftool installed: node bench/exporter/request-cost.ts

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startCapture } from '#exporter/kernel/capture.ts';
import { Pods } from '#exporter/kernel/testing/pods.ts';

const ROUNDS = 8;
const RUN_SECONDS = 2;
const CONNECTIONS = 16;
const PORT = 24_060;
/** /proc counts in ticks of 10 ms. */
const TICK_US = 10_000;

/** Twice a clock for each run of a program, so it is on for the second table alone. */
const STATISTICS = '/proc/sys/kernel/bpf_stats_enabled';

const cases = { none: undefined, connections: { l7: false }, 'connections and messages': { l7: true } } as const;

const directory = mkdtempSync(join(tmpdir(), 'parallax-nginx-'));
const configuration = join(directory, 'nginx.conf');
writeFileSync(
  configuration,
  `worker_processes 1; daemon off; pid ${directory}/pid; error_log ${directory}/error.log;
   events { worker_connections 256; }
   http { access_log off; keepalive_requests 1000000; server { listen ${PORT}; location / { return 200 "hello"; } } }`,
);
const pods = new Pods(86);
const [client, server] = [pods.add(), pods.add()];
const nginx = spawn('ip', [
  'netns',
  'exec',
  server.namespace,
  'nginx',
  '-e',
  `${directory}/error.log`,
  '-c',
  configuration,
]);
const results = new Map<string, number[]>(Object.keys(cases).map((name) => [name, []]));
let captureMicros = 0;
let captureRequests = 0;
const programs = new Map<string, readonly ProgramRuns[]>();
try {
  while (!isListening()) await new Promise((resolve) => setTimeout(resolve, 20));
  await load();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, options] of inTurn(Object.entries(cases), round)) {
      const capture =
        options && (await startCapture({ interfaces: pods.veths, onRecords: () => {}, log: () => {}, ...options }));
      const before = process.cpuUsage();
      const { microsPerRequest, requests } = await load();
      const { user, system } = process.cpuUsage(before);
      results.get(name)?.push(microsPerRequest);
      if (options?.l7 === true) {
        captureMicros += user + system;
        captureRequests += requests;
      }
      await capture?.stop();
    }
  }
  for (const [name, options] of Object.entries(cases)) {
    if (options !== undefined) programs.set(name, await measurePrograms(options));
  }
} finally {
  nginx.kill('SIGTERM');
  await once(nginx, 'exit');
  pods.remove();
  rmSync(directory, { recursive: true });
}

const none = results.get('none') ?? [];
process.stdout.write(
  '| capture | us of CPU a request, median | least | more, median of rounds | of medians | of least |\n',
);
process.stdout.write('| --- | --- | --- | --- | --- | --- |\n');
for (const [name, micros] of results) {
  const [middle, least] = [median(micros), Math.min(...micros)];
  const more = median(micros.map((one, round) => one - (none[round] ?? Number.NaN)));
  process.stdout.write(
    `| ${name} | ${middle.toFixed(1)} | ${least.toFixed(1)} | ${more.toFixed(1)} us | ${(middle / median(none)).toFixed(3)} | ${(least / Math.min(...none)).toFixed(3)} |\n`,
  );
}
process.stdout.write('\n| capture | program | runs a request | ns a run, in place |\n| --- | --- | --- | --- |\n');
for (const [name, list] of programs) {
  for (const { program, runs, nanos } of list) {
    process.stdout.write(`| ${name} | ${program} | ${runs.toFixed(2)} | ${nanos.toFixed(0)} |\n`);
  }
}
process.stdout.write(
  `\nCapture's own process: ${(captureMicros / captureRequests).toFixed(2)} us a request. Load ${loadavg()[0]?.toFixed(1)}.\n`,
);

interface ProgramRuns {
  readonly program: string;
  readonly runs: number;
  readonly nanos: number;
}

/** What the kernel says of the programs that run for each request. */
async function measurePrograms(options: { readonly l7: boolean }): Promise<ProgramRuns[]> {
  const others = new Set(listPrograms().map(({ id }) => id));
  const capture = await startCapture({ interfaces: pods.veths, onRecords: () => {}, log: () => {}, ...options });
  const before = readFileSync(STATISTICS, 'utf8');
  writeFileSync(STATISTICS, '1');
  try {
    const { requests } = await load();
    return listPrograms()
      .filter(({ id, run_cnt: runs = 0 }) => !others.has(id) && runs >= requests)
      .map(({ name = '', run_cnt: runs = 0, run_time_ns: nanos = 0 }) => ({
        program: name,
        runs: runs / requests,
        nanos: nanos / runs,
      }));
  } finally {
    writeFileSync(STATISTICS, before);
    await capture.stop();
  }
}

/** As bpftool-prog(8) prints them. */
function listPrograms(): { id: number; name?: string; run_cnt?: number; run_time_ns?: number }[] {
  return JSON.parse(execFileSync('bpftool', ['--json', 'prog', 'show'], { encoding: 'utf8' }));
}

/** Every case is first in its turn. */
function inTurn<T>(list: readonly T[], round: number): T[] {
  const first = round % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function isListening(): boolean {
  const listening = execFileSync('ip', ['netns', 'exec', server.namespace, 'ss', '-Hltn', `sport = :${PORT}`]);
  return listening.length > 0;
}

/** One run of wrk. Softirq work for a packet is charged to whoever sent it, so it is in these figures. */
async function load(): Promise<{ microsPerRequest: number; requests: number }> {
  const before = nginxTicks();
  const childrenBefore = ticksOf('self', 15);
  const wrk = spawn('ip', [
    ...['netns', 'exec', client.namespace, 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${RUN_SECONDS}s`],
    `http://${server.address}:${PORT}/`,
  ]);
  const ended = once(wrk, 'exit');
  const output = await text(wrk.stdout);
  await ended;
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  const ticks = nginxTicks() - before + ticksOf('self', 15) - childrenBefore;
  return { microsPerRequest: (ticks * TICK_US) / requests, requests };
}

/** Of the master and its worker. */
function nginxTicks(): number {
  const family = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && (Number(pid) === nginx.pid || parentOf(pid) === nginx.pid),
  );
  return family.reduce((sum, pid) => sum + ticksOf(pid, 13), 0);
}

function statOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return ['', '', ...stat.slice(stat.lastIndexOf(')') + 2).split(' ')];
  } catch {
    return []; // Ended between the listing and here.
  }
}

function parentOf(pid: string): number {
  return Number(statOf(pid)[3]);
}

/** User and system time: fields 14 and 15 of proc_pid_stat(5) are the process's own, 16 and 17 its children's. */
function ticksOf(pid: string, first: 13 | 15): number {
  const stat = statOf(pid);
  return Number(stat[first] ?? 0) + Number(stat[first + 1] ?? 0);
}
