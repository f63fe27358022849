// What reading plaintext costs a server: CPU of nginx and of a server of Node that answer requests within TLS, with and
// without their library's calls being read, runs interleaved; and CPU of the process that reads. The client is wrk, 16
// connections kept alive, in another network namespace. Prints a table; asserts nothing. As root, with nginx, wrk and
// openssl installed: node bench/exporter/tls-cost.ts

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pods, serveIn } from '#exporter/kernel/testing/pods.ts';
import { runInPod, startNginx } from '#exporter/kernel/testing/servers.ts';
import { parseProcessSelector } from '#exporter/tls/selector.ts';
import { startTlsCapture } from '#exporter/tls/tls-capture.ts';

const ROUNDS = 6;
const RUN_SECONDS = 2;
const CONNECTIONS = 16;
const PORTS = { nginx: 21_790, node: 21_791 } as const;
/** /proc counts in ticks of 10 ms. */
const TICK_US = 10_000;

interface Result {
  readonly micros: number[];
  calls: number;
  requests: number;
  readerMicros: number;
}

const folder = mkdtempSync(join(tmpdir(), 'parallax-tls-cost-'));
const certificate = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bench -keyout key.pem -out cert.pem';
execFileSync('openssl', certificate.split(' '), { cwd: folder, stdio: 'ignore' });
const pods = new Pods(85);
const [client, server] = [pods.add(), pods.add()];
const nginx = await startNginx(
  server,
  `server { listen ${PORTS.nginx} ssl; access_log off; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
     location / { return 200 "hello"; } }`,
);
const node = await serveIn(
  server.namespace,
  `const { readFileSync } = require('node:fs');
   const options = { key: readFileSync('${folder}/key.pem'), cert: readFileSync('${folder}/cert.pem') };
   require('node:https').createServer(options, (_, answer) => answer.end('hello'))
     .listen(${PORTS.node}, '0.0.0.0', () => console.log('ready'));`,
);
const newResult = (): Result => ({ micros: [], calls: 0, requests: 0, readerMicros: 0 });
const servers = [
  { name: 'nginx', port: PORTS.nginx, pids: workers(), without: newResult(), read: newResult() },
  { name: 'Node', port: PORTS.node, pids: [node.pid], without: newResult(), read: newResult() },
];
try {
  for (const { port, pids } of servers) await load(port, pids);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { port, pids, without, read } of servers) {
      const runs = [() => run(port, pids, without, false), () => run(port, pids, read, true)];
      for (const one of round % 2 === 0 ? runs : runs.toReversed()) await one();
    }
  }
} finally {
  await node.stop();
  await nginx.stop();
  pods.remove();
  rmSync(folder, { recursive: true });
}

process.stdout.write(
  '| server | us of CPU a request, median (least) | with its plaintext read | more, median (least) | ',
);
process.stdout.write(
  'calls a request | more a call | reader, us a call |\n| --- | --- | --- | --- | --- | --- | --- |\n',
);
for (const { name, without, read } of servers) {
  const least = Math.min(...read.micros) - Math.min(...without.micros);
  const more = median(read.micros) - median(without.micros);
  const calls = read.calls / read.requests;
  const cells = [
    name,
    `${median(without.micros).toFixed(1)} (${Math.min(...without.micros).toFixed(1)})`,
    `${median(read.micros).toFixed(1)} (${Math.min(...read.micros).toFixed(1)})`,
    `${more.toFixed(1)} (${least.toFixed(1)})`,
    calls.toFixed(1),
    (more / calls).toFixed(1),
    (read.readerMicros / read.calls).toFixed(1),
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
process.stdout.write(`\nLoad ${loadavg()[0]?.toFixed(1)}.\n`);

async function run(port: number, pids: readonly number[], result: Result, isRead: boolean): Promise<void> {
  const selectors = pids.map((pid) => parseProcessSelector(`pid:${pid}`));
  const options = { selectors, beforeEvents() {}, onEvent() {}, log() {} };
  const capture = isRead ? await startTlsCapture(options) : undefined;
  const before = process.cpuUsage();
  const { microsPerRequest, requests } = await load(port, pids);
  const { user, system } = process.cpuUsage(before);
  result.micros.push(microsPerRequest);
  result.calls += capture?.counters().calls ?? 0;
  result.requests += requests;
  result.readerMicros += user + system;
  await capture?.stop();
}

/** One run of wrk. */
async function load(port: number, pids: readonly number[]): Promise<{ microsPerRequest: number; requests: number }> {
  const before = ticksOf(pids);
  const output = await runInPod(client, [
    'wrk',
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${RUN_SECONDS}s`,
    `https://${server.address}:${port}/`,
  ]);
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  return { microsPerRequest: ((ticksOf(pids) - before) * TICK_US) / requests, requests };
}

function workers(): number[] {
  const master = readFileSync(join(nginx.folder, 'nginx.pid'), 'utf8').trim();
  return readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ').map(Number);
}

/** User and system time: fields 14 and 15 of proc_pid_stat(5). */
function ticksOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + Number(fields[11]) + Number(fields[12]);
  }, 0);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
