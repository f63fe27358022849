// How long an exporter takes from the start of its process to the first flow that a client gets, and its memory then.
// Traffic on the loopback interface makes the flow. The stages are what can be seen from outside: gRPC
// answers, the line "ready" (programs loaded, verified and attached), the first flow.
// Prints a table of the median of several starts; asserts nothing. As root: node bench/exporter/start.ts

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { followFlows } from './follow-flows.ts';

const PORT = 21_050;
const STARTS = 5;
const RETRY_MS = 5;
const TICKS_PER_SECOND = 100;

interface Start {
  readonly acceptsMs: number;
  readonly readyMs: number;
  readonly firstFlowMs: number;
  /** User and system time of the process until then. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function start(port: number): Promise<Start> {
  const shim = fileURLToPath(new URL('../../bin/parallax.mjs', import.meta.url));
  const begunMs = performance.now();
  const sinceMs = () => performance.now() - begunMs;
  const child = spawn(process.execPath, [shim, 'exporter', '--listen', `127.0.0.1:${port}`, '--interfaces', 'lo'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let readyMs = Number.NaN;
  let pid = child.pid ?? 0;
  child.stdout.on('data', (text: Buffer) => {
    if (Number.isNaN(readyMs) && text.includes('ready')) readyMs = sinceMs();
  });
  // Connections come and go all the while: the first that is seen makes the flow.
  const server = createServer((socket) => socket.end()).listen(port + 1, '127.0.0.1');
  await once(server, 'listening');
  const traffic = setInterval(
    () =>
      connect(port + 1, '127.0.0.1')
        .resume()
        .on('error', () => {}),
    RETRY_MS,
  );
  try {
    while (!(await accepts(port))) await sleep(RETRY_MS);
    const acceptsMs = sinceMs();
    await firstFlow(port);
    const firstFlowMs = sinceMs();
    while (Number.isNaN(readyMs)) await sleep(RETRY_MS);
    pid = listenerChild(pid);
    return { acceptsMs, readyMs, firstFlowMs, ...usage(pid) };
  } finally {
    clearInterval(traffic);
    server.close();
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

/** Resolves with the first message of a stream that follows. */
async function firstFlow(port: number): Promise<void> {
  const { session, call } = followFlows(port);
  await once(call, 'data');
  session.destroy();
}

/** The shim may run the pinned Node as a child of its own: that is the exporter. */
function listenerChild(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return child === undefined || child === '' ? pid : Number(child);
}

function usage(pid: number): { cpuMs: number; rssBytes: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const [user = 0, system = 0] = [Number(fields[11]), Number(fields[12])];
  const rss = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return { cpuMs: ((user + system) * 1000) / TICKS_PER_SECOND, rssBytes: Number(rss) * 1024 };
}

const starts: Start[] = [];
// The first one keeps compiled code for the others.
for (let number = 0; number <= STARTS; number++) starts.push(await start(PORT + 2 * number));
const [first, ...warm] = starts;
const median = (of: (start: Start) => number) => {
  const values = warm.map(of).sort((one, other) => one - other);
  return values[Math.floor(values.length / 2)] ?? Number.NaN;
};
const rows: readonly (readonly [string, (start: Start) => number, number])[] = [
  ['gRPC accepts connections, ms', ({ acceptsMs }) => acceptsMs, 1],
  ['programs are loaded, verified and attached ("ready"), ms', ({ readyMs }) => readyMs, 1],
  ['first flow at a client, ms', ({ firstFlowMs }) => firstFlowMs, 1],
  ['CPU time of the process until then, ms', ({ cpuMs }) => cpuMs, 1],
  ['resident memory then, MB', ({ rssBytes }) => rssBytes, 1e6],
];
process.stdout.write(
  `| from the start of the process | first start | median of ${STARTS} more |\n| --- | --- | --- |\n`,
);
for (const [name, of, unit] of rows) {
  const cold = first === undefined ? Number.NaN : of(first);
  process.stdout.write(`| ${name} | ${(cold / unit).toFixed(0)} | ${(median(of) / unit).toFixed(0)} |\n`);
}
