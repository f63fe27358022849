// What an event costs the exporter's process from the ring buffer to a client that follows: decoded, named, made a flow,
// encoded, put into the flow ring and sent over gRPC. Events are made by the real kernel programs on frames made here
// (BPF_PROG_TEST_RUN), a batch at a time, and only what comes after is measured, as CPU time. Prints a table; asserts
// nothing. As root: node bench/exporter/event-cost.ts

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FlowAssembler } from '#exporter/assemble.ts';
import { FlowOutput } from '#exporter/encode/flow-output.ts';
import { EndNames } from '#exporter/end-names.ts';
import { DnsNames } from '#exporter/endpoints/dns-names.ts';
import { composeLookups } from '#exporter/endpoints/endpoint-lookup.ts';
import { HostEndpoints } from '#exporter/endpoints/host-endpoints.ts';
import { reservedAddresses } from '#exporter/endpoints/reserved-addresses.ts';
import { loadObject } from '#exporter/kernel/bpf-object.ts';
import { BootClock } from '#exporter/kernel/clock.ts';
import { ConnectionLedger } from '#exporter/kernel/connection-ledger.ts';
import type { KernelRecord } from '#exporter/kernel/kernel-record.ts';
import { decodeRecord } from '#exporter/kernel/records.ts';
import { createRingBuffer } from '#exporter/kernel/ring-buffer.ts';
import { ethernet, ipv4, tcp, testRun } from '#exporter/kernel/testing/test-run.ts';
import { L7Tracker } from '#exporter/l7/tracker.ts';
import { ServiceTranslations } from '#exporter/service-translations.ts';
import { SocketTable } from '#exporter/socket-table.ts';
import { PodIndex } from '#kubernetes/pod-index.ts';
import { ServiceDirectory } from '#kubernetes/service-directory.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';

const RING_BYTES = 1 << 22;
const BATCH_EVENTS = 2000;
const BATCHES = 25;
/** Not measured: code is compiled, caches fill. */
const WARM_UP_BATCHES = 10;
const RATES = [1_000, 10_000, 100_000];
const FLOW_RING_BYTES = 64 * 1024 * 1024;

const http = Buffer.from('GET /cart?id=1 HTTP/1.1\r\nHost: shop\r\nUser-Agent: bench\r\n\r\n');
const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');

function pipeline() {
  const kernelRing = createRingBuffer(RING_BYTES);
  const flow = loadObject({
    file: new URL('../../bpf/prebuilt/flow.bpf.o', import.meta.url),
    settings: {
      tickNs: 5_000_000_000n,
      repeatNs: 1_000_000_000n,
      ignoredReasons: [],
      ringBytes: RING_BYTES,
      l7: true,
      l7Bytes: 512,
      includeNoise: false,
      dropsPerSecond: 1000,
    },
    ringFd: kernelRing.fd,
  });
  const ring = new FlowRing({ capacityBytes: FLOW_RING_BYTES });
  const pods = new PodIndex({ nodeName: 'bench' });
  const host = new HostEndpoints({ byContainerId: (id) => pods.byContainerId(id) });
  const clock = new BootClock();
  const sockets = new SocketTable();
  const assembler = new FlowAssembler({
    output: new FlowOutput({ ring, nodeName: 'bench', version: 'bench' }),
    names: new EndNames(composeLookups(pods, host, reservedAddresses()), sockets, host),
    sockets,
    tracker: new L7Tracker(),
    dnsNames: new DnsNames(),
    translations: new ServiceTranslations(new ServiceDirectory(pods)),
    namesVersion: () => pods.version,
    nowUnixMs: Date.now,
    toUnixTime: (bootNs, time) => clock.toUnixTime(bootNs, time),
    interfaceName: () => 'veth0',
  });
  const context = { ledger: new ConnectionLedger(), dropReasonName: String };
  const program = flow.programFd('veth_in');
  return {
    ring,
    make: (frame: Buffer) => testRun(program, frame),
    drain(): number {
      const batch: KernelRecord[] = [];
      kernelRing.drain((view, offset, length) => {
        const record = decodeRecord(view, offset, length, context);
        if (record !== undefined) batch.push(record);
      });
      clock.sample();
      assembler.assembleBatch(batch);
      return batch.length;
    },
    close() {
      flow.close();
      kernelRing.close();
    },
  };
}

/** `number` makes the ports: every connection is a new one up to 40,000, then they come again. */
const kinds = {
  'connection opened': (number: number) => {
    const source = 20_000 + (number % 40_000);
    return [ethernet(0x0800, ipv4(6, tcp(number % 80_000 < 40_000 ? 2 : 4, undefined, { source, destination: 80 })))];
  },
  'HTTP request or response': (number: number) => {
    const [client, server] = [20_000 + (number % 100), 8080];
    const sequence = number * 1000;
    const request = tcp(24, http, { source: client, destination: server }, sequence);
    const response = tcp(24, answer, { source: server, destination: client }, sequence);
    return [ethernet(0x0800, ipv4(6, request)), ethernet(0x0800, reversed(ipv4(6, response)))];
  },
};

/** From 10.93.0.2 to 10.93.0.1. */
function reversed(packet: Buffer): Buffer {
  packet[15] = 2;
  packet[19] = 1;
  return packet;
}

async function measure(make: (number: number) => Buffer[], isFollowed: boolean) {
  const server = new GrpcServer();
  const one = pipeline();
  registerObserver(server, { ring: one.ring, nodeName: 'bench', version: 'bench' });
  const port = await server.listen('127.0.0.1:0');
  const reader = isFollowed ? follow(port) : undefined;
  await reader?.ready;
  let number = 0;
  let events = 0;
  let micros = 0;
  for (let batch = 0; batch < WARM_UP_BATCHES + BATCHES; batch++) {
    for (let made = 0; made < BATCH_EVENTS; ) {
      const frames = make(number++);
      for (const frame of frames) one.make(frame);
      made += frames.length;
    }
    const before = process.cpuUsage();
    const drained = one.drain();
    // The server sends when the loop turns; a drained socket is work of this process, too.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { user, system } = process.cpuUsage(before);
    if (batch < WARM_UP_BATCHES) continue;
    events += drained;
    micros += user + system;
  }
  reader?.stop();
  await server.stop();
  one.close();
  return { microsPerEvent: micros / events, memory: process.memoryUsage() };
}

/** A client in a process of its own, so that its work is not counted here. */
function follow(port: number) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('follower.ts', import.meta.url)), String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { ready: once(child.stdout, 'data'), stop: () => child.kill('SIGKILL') };
}

const columns = RATES.map((rate) => `% of a core at ${rate}/s`);
process.stdout.write(
  `| event | us of CPU, nobody follows | us, one client follows | ${columns.join(' | ')} | RSS, MB |\n`,
);
process.stdout.write(`|${' --- |'.repeat(columns.length + 4)}\n`);
for (const [name, make] of Object.entries(kinds)) {
  const alone = await measure(make, false);
  const followed = await measure(make, true);
  const shares = RATES.map((rate) => ((followed.microsPerEvent * rate) / 1e4).toFixed(1));
  const { rss, heapUsed, arrayBuffers } = followed.memory;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  process.stdout.write(
    `| ${name} | ${alone.microsPerEvent.toFixed(1)} | ${followed.microsPerEvent.toFixed(1)} | ${shares.join(' | ')} | ${megabytes(rss)} (heap in use ${megabytes(heapUsed)}, buffers ${megabytes(arrayBuffers)}) |\n`,
  );
}
