// For tests that compare what packets tell with what servers count: capture of messages, clients that write their
// requests in awkward ways, and counts to compare.

import { spawn } from 'node:child_process';
import { json } from 'node:stream/consumers';
import { startCapture } from '../kernel/capture.ts';
import type { Capture } from '../kernel/capture-types.ts';
import type { L7Record } from '../kernel/kernel-record.ts';
import type { Pod } from '../kernel/testing/pods.ts';
import type { RawConversation } from '../kernel/testing/raw-client.ts';
import { eventually } from '../kernel/testing/recorder.ts';
import type { L7Event } from '../l7/l7-event.ts';
import { L7Tracker } from '../l7/tracker.ts';

/** The client's machine may be busy: what arrives between two drains must fit. */
const RING_BYTES = 1 << 26;

export type Counts = Record<string, number>;

export function tally(words: Iterable<string>): Counts {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The same numbers in every run. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** What the exporter would tell of requests and answers, by the port of the server. */
export class Told {
  readonly tracker = new L7Tracker();
  capture: Capture | undefined;
  private readonly events: { readonly port: number; readonly event: L7Event }[] = [];

  async start(interfaces: string): Promise<void> {
    this.capture = await startCapture({
      interfaces,
      ringBytes: RING_BYTES,
      log: () => {},
      onRecords: (batch) => {
        for (const record of batch) if (record.type === 'l7') this.feed(record);
      },
    });
  }

  /** Forgets what was told before. */
  forget(): void {
    this.events.length = 0;
  }

  words(port: number, kind: 'request' | 'response', word: (event: L7Event) => string): Counts {
    return tally(
      this.events.filter((one) => one.port === port && one.event.kind === kind).map((one) => word(one.event)),
    );
  }

  /** Waits until so many answers are told, and asserts that nothing was lost on the way that would explain more. */
  async answers(port: number, count: number): Promise<void> {
    const told = () => this.events.filter((one) => one.port === port && one.event.kind === 'response').length;
    await eventually(`${count} answers`, () => told() >= count).catch((error: unknown) => {
      const { lost, skipped } = this.capture?.counters() ?? {};
      const { gaps, reordered, malformed, truncated, unpairedResponses } = this.tracker.counters();
      const losses = JSON.stringify({
        lost,
        l7_cut: skipped?.l7_cut,
        gaps,
        reordered,
        malformed,
        truncated,
        unpairedResponses,
      });
      throw new Error(`${told()} of ${count} answers were told; ${losses}`, { cause: error });
    });
  }

  private feed(record: L7Record): void {
    const { connectionId, timeBootNs, protocol, ...segment } = record;
    const events = this.tracker.feed({
      ...segment,
      connection: connectionId,
      timeNs: BigInt(Math.round(timeBootNs)),
      transport: protocol === 'UDP' ? 'udp' : 'tcp',
    });
    const { port } = record.fromInitiator ? record.destination : record.source;
    for (const event of events) this.events.push({ port, event });
  }
}

const rawClient = new URL('../kernel/testing/raw-client.ts', import.meta.url).pathname;

/** Sends without waiting for answers, until the server closes; resolves to the bytes that came back. */
export async function converse(pod: Pod, conversation: RawConversation): Promise<number[]> {
  const command = ['netns', 'exec', pod.namespace, process.execPath, rawClient];
  const child = spawn('ip', command, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(conversation));
  return (await json(child.stdout)) as number[];
}

/** Cuts bytes at random places into writes of up to `most` bytes; the first tells what is spoken. */
export function cut(bytes: Buffer, most: number, random: (below: number) => number): string[] {
  const writes: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + (at === 0 ? 64 : 1) + random(most);
    writes.push(bytes.subarray(at, end).toString('base64'));
    at = end;
  }
  return writes;
}

export function sorted(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** 700 queries over UDP, at most 20 at a time; then 50 at once over each of four TCP connections, cut differently. */
export function dnsClient(host: string): string {
  return `
    const dgram = require('node:dgram'), net = require('node:net');
    const names = ['local.shop', 'www.shop', 'no.shop', 'a.up.example', 'alias.far.example', 'real.far.example', 'other.example'];
    let id = 0;
    const query = (name, type) => {
      const head = Buffer.alloc(12); head.writeUInt16BE(++id & 65535, 0); head[2] = 1; head[5] = 1;
      const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
      return Buffer.concat([head, ...labels, Buffer.from([0, 0, type, 0, 1])]);
    };
    const overUdp = async () => {
      const socket = dgram.createSocket('udp4'); let answers = 0, wake;
      const more = () => new Promise((resolve) => { wake = resolve; });
      socket.on('message', () => { answers++; wake?.(); });
      socket.connect(53, '${host}');
      await new Promise((resolve) => socket.once('connect', resolve));
      for (let i = 0; i < 700; i++) { socket.send(query(names[i % 7], i % 3 ? 1 : 28)); while (i - answers > 20) await more(); }
      while (answers < 700) await more();
      socket.close();
    };
    const overTcp = (piece) => new Promise((resolve) => {
      const socket = net.connect({ port: 53, host: '${host}', noDelay: true }); let bytes = Buffer.alloc(0), answers = 0;
      socket.once('connect', async () => {
        const all = Buffer.concat(Array.from({ length: 50 }, (_, i) => {
          const message = query(names[i % 7], 1), length = Buffer.alloc(2);
          length.writeUInt16BE(message.length);
          return Buffer.concat([length, message]);
        }));
        for (let at = 0; at < all.length; at += piece) {
          socket.write(all.subarray(at, at + piece)); await new Promise(setImmediate);
        }
      });
      socket.on('data', (data) => {
        bytes = Buffer.concat([bytes, data]);
        while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE()) {
          bytes = bytes.subarray(2 + bytes.readUInt16BE());
          if (++answers === 50) socket.end();
        }
      });
      socket.on('close', resolve);
    });
    (async () => { await overUdp(); for (const piece of [1e6, 300, 37, 1]) await overTcp(piece); })();`;
}
