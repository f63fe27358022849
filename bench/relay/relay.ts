// What a relay costs and adds: observers, relay and reader as processes of their own, over real sockets. Prints a table.
// Flat out the reader, which shares the machine, falls behind: what the relay took in and the ring then overwrote before
// the reader came is told to it as lost events, and counts as taken in.
//   node bench/relay/relay.ts [seconds per case, default 3] [only cases whose name contains this]
// RELAY_FLAGS are given to the relay's node, such as --cpu-prof or --trace-gc.

import { type ChildProcess, fork } from 'node:child_process';
import { loadavg } from 'node:os';
import type { FromSource } from './flow-source.ts';
import { FlowReader } from './reader.ts';
import type { FromRelay } from './relay-process.ts';

interface Case {
  readonly name: string;
  readonly peers: number;
  /** Of all observers together; undefined: flat out. */
  readonly flowsPerSecond?: number;
  /** The reader follows the first observer itself: what latency is there without a relay. */
  readonly isDirect?: boolean;
  /** How often observers append what is due. Default 1; an exporter reads its kernel every 20 ms. */
  readonly batchMs?: number;
  /** The last observer says nothing at all, as a quiet node of Hubble's does. */
  readonly hasSilent?: boolean;
  /** Clocks of the observers are ahead and behind by this, in turn. The latency then contains it. */
  readonly skewMs?: number;
  /** Readers, of which one takes the measure. Default 1. */
  readonly followers?: number;
  /** Relays between the observers and the one that is measured, each with its part of the observers. Default none. */
  readonly relaysBelow?: number;
}

const cases: readonly Case[] = [
  { name: '1 peer, flat out', peers: 1 },
  { name: '4 peers, flat out', peers: 4 },
  { name: '16 peers, flat out', peers: 16 },
  { name: '64 peers, flat out', peers: 64 },
  { name: 'no relay, 10,000/s', peers: 1, flowsPerSecond: 10_000, isDirect: true },
  { name: '4 peers, 10,000/s', peers: 4, flowsPerSecond: 10_000 },
  { name: '16 peers, 10,000/s', peers: 16, flowsPerSecond: 10_000 },
  { name: '4 peers, 10,000/s, batches of 20 ms', peers: 4, flowsPerSecond: 10_000, batchMs: 20 },
  { name: '4 peers, 10,000/s, one silent', peers: 4, flowsPerSecond: 10_000, hasSilent: true },
  { name: '4 peers, 10,000/s, clocks +-50 ms', peers: 4, flowsPerSecond: 10_000, skewMs: 50 },
  { name: '4 peers, 10,000/s, under 2 relays', peers: 4, flowsPerSecond: 10_000, relaysBelow: 2 },
  { name: '4 peers, 20/s, under 2 relays', peers: 4, flowsPerSecond: 20, relaysBelow: 2 },
  { name: '4 peers, 20/s', peers: 4, flowsPerSecond: 20 },
  { name: '4 peers, 400/s, 1 follower', peers: 4, flowsPerSecond: 400 },
  { name: '4 peers, 400/s, 100 followers', peers: 4, flowsPerSecond: 400, followers: 100 },
];

/** Flows before a flat-out measurement begins. */
const warmFlows = 100_000;
const seconds = Number(process.argv[2] ?? 3);
const relayFlags = (process.env.RELAY_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
const columns = [
  'case',
  'taken in /s',
  'taken in per relay CPU-s',
  'us a flow: main thread, kernel, other threads',
  'delivered /s',
  'p50 ms',
  'p99 ms',
  'out of order',
  'lost',
  'relay RSS MB',
];

process.stdout.write(`| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|\n`);
for (const one of cases.filter(({ name }) => name.includes(process.argv[3] ?? '')))
  process.stdout.write(`| ${(await measure(one)).join(' | ')} |\n`);
process.stdout.write(
  `\nload average ${loadavg()[0]?.toFixed(1)}, node ${process.version}, ${seconds} s a case after at least 2 s of warm-up\n`,
);

async function measure(one: Case): Promise<string[]> {
  const { name, peers, flowsPerSecond, isDirect = false, batchMs = 1, followers = 1, relaysBelow = 0 } = one;
  const names = Array.from({ length: peers }, (_, index) => `node-${index}${traitOf(one, index)}`);
  // At most two processes of observers: more would measure the scheduler of a small machine.
  const groups = [0, 1]
    .map((group) => names.filter((_, index) => index % 2 === group))
    .filter((group) => group.length > 0);
  const children: ChildProcess[] = [];
  const start = async <T>(file: string, args: readonly string[]) => {
    const child = fork(new URL(file, import.meta.url), args, {
      // As bin/parallax.mjs starts a relay.
      execArgv: file === 'relay-process.ts' ? ['--max-semi-space-size=4', ...relayFlags] : [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children.push(child);
    return { child, ready: await answerOf<T>(child) };
  };
  const reader = new FlowReader();
  const crowd = Array.from({ length: followers - 1 }, () => new FlowReader());
  try {
    const sources = await Promise.all(groups.map((group) => start<FromSource>('flow-source.ts', group)));
    const addresses = sources.flatMap(({ ready }) => (ready.kind === 'ready' ? ready.addresses : []));
    const below = await Promise.all(
      Array.from({ length: relaysBelow }, (_, part) => {
        const share = addresses.filter((_address, index) => index % relaysBelow === part);
        return start<FromRelay>('relay-process.ts', share);
      }),
    );
    const belowAddresses = below.flatMap(({ ready }) => (ready.kind === 'ready' ? [ready.address] : []));
    const relay = await start<FromRelay>('relay-process.ts', relaysBelow === 0 ? addresses : belowAddresses);
    const usage = async () => {
      const answer = answerOf<FromRelay>(relay.child);
      relay.child.send('usage');
      const told = await answer;
      if (told.kind !== 'usage') throw new Error(`the relay answered ${told.kind} when asked for its usage`);
      return told;
    };
    await reader.start(isDirect ? (addresses[0] as string) : relay.ready.kind === 'ready' ? relay.ready.address : '');
    if (relay.ready.kind === 'ready') for (const follower of crowd) await follower.start(relay.ready.address);
    const rate = flowsPerSecond === undefined ? -1 : flowsPerSecond / (one.hasSilent ? peers - 1 : peers);
    for (const { child } of sources) child.send({ kind: 'rate', flowsPerSecond: rate, batchMs });
    await wait(2000);
    // Compiled code, not its compilation, is to be measured: on a busy machine that takes longer.
    const mostPatientMs = performance.now() + 5000;
    while (
      flowsPerSecond === undefined &&
      reader.flows + reader.lost < warmFlows &&
      performance.now() < mostPatientMs
    ) {
      await wait(100);
    }
    reader.clear();
    const before = await usage();
    const beganMs = performance.now();
    await wait(seconds * 1000);
    const after = await usage();
    const passed = (performance.now() - beganMs) / 1000;
    const cpuSeconds = (after.cpuMs - before.cpuMs) / 1000;
    const main = after.userMs - before.userMs;
    const kernel = after.systemMs - before.systemMs;
    const perFlow = (milliseconds: number) => ((milliseconds * 1000) / (reader.flows + reader.lost)).toFixed(1);
    return [
      name,
      Math.round((reader.flows + reader.lost) / passed).toLocaleString('en'),
      isDirect ? '-' : Math.round((reader.flows + reader.lost) / cpuSeconds).toLocaleString('en'),
      isDirect ? '-' : [main, kernel, cpuSeconds * 1000 - main - kernel].map(perFlow).join(', '),
      Math.round(reader.flows / passed).toLocaleString('en'),
      reader.latencyMs(0.5).toFixed(1),
      reader.latencyMs(0.99).toFixed(1),
      `${reader.outOfOrder} of ${reader.flows}`,
      String(reader.lost),
      isDirect ? '-' : after.rssMb.toFixed(0),
    ];
  } finally {
    reader.stop();
    for (const follower of crowd) follower.stop();
    for (const child of children) child.disconnect();
    await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))));
  }
}

function traitOf({ peers, hasSilent, skewMs }: Case, index: number): string {
  if (hasSilent && index === peers - 1) return '=silent';
  return skewMs === undefined ? '' : `=${index % 2 === 0 ? skewMs : -skewMs}`;
}

function answerOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${code} before it answered`)));
  });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
