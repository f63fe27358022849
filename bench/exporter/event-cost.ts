// What an event costs the exporter's process from the ring buffer to a client that follows: decoded, named, written as a
// flow, counted for Prometheus, put into the flow ring and sent over gRPC. Events are made by the real kernel programs,
// 20 ms of them at a time, in another process; what comes after is measured, as CPU time of all threads and as resident
// memory of a process that is nothing but an exporter (event-pipeline.ts). Options of Node itself are handed on to it.
// Prints a table; asserts nothing. As root: node bench/exporter/event-cost.ts

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../../bin/node-flags.mjs';
import type { EventCosts } from './event-pipeline.ts';
import type { TrafficName } from './node-traffic.ts';

const RATES = [1_000, 10_000, 100_000];

async function measure(name: TrafficName, isFollowed: boolean): Promise<EventCosts> {
  const file = fileURLToPath(new URL('event-pipeline.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [...nodeFlags('exporter'), ...process.execArgv, file, name, isFollowed ? '1' : '0', ...RATES.map(String)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return JSON.parse(output) as EventCosts;
}

const kinds: Readonly<Record<TrafficName, string>> = {
  connections: 'connection opened or closed',
  messages: 'HTTP request or response',
};
const columns = RATES.map((rate) => `at ${rate.toLocaleString('en')}/s: us, % of a core`);
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
process.stdout.write(
  `| event | clients | ${columns.join(' | ')} | RSS, MB |\n|${' --- |'.repeat(columns.length + 3)}\n`,
);
for (const name of Object.keys(kinds) as TrafficName[]) {
  for (const isFollowed of [false, true]) {
    const { rates, rssBytes, heapBytes, bufferBytes, ringBytes } = await measure(name, isFollowed);
    const cells = rates.map(
      ({ rate, microsPerEvent }) => `${microsPerEvent.toFixed(1)}, ${((microsPerEvent * rate) / 1e4).toFixed(1)} %`,
    );
    const parts = `ring ${megabytes(ringBytes)}, heap ${megabytes(heapBytes)}, buffers with ring ${megabytes(bufferBytes)}`;
    const clients = isFollowed ? 1 : 0;
    process.stdout.write(
      `| ${kinds[name]} | ${clients} | ${cells.join(' | ')} | ${megabytes(rssBytes)} (${parts}) |\n`,
    );
  }
}
