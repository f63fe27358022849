// What an event costs the exporter's process from the ring buffer to a client that follows: decoded, named, written as a
// flow, put into the flow ring and sent over gRPC. Events are made by the real kernel programs on
// frames made here (BPF_PROG_TEST_RUN), 20 ms of them at a time, and only what comes after is measured, as CPU time of
// all threads. Prints a table; asserts nothing. As root: node bench/exporter/event-cost.ts

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { FlowAssembler } from '#exporter/assemble.ts';
import { FlowOutput } from '#exporter/encode/flow-output.ts';
import { EndNames } from '#exporter/end-names.ts';
import { DnsNames } from '#exporter/endpoints/dns-names.ts';
import { composeLookups } from '#exporter/endpoints/endpoint-lookup.ts';
import { HostEndpoints } from '#exporter/endpoints/host-endpoints.ts';
import { reservedAddresses } from '#exporter/endpoints/reserved-addresses.ts';
import { loadObject } from '#exporter/kernel/bpf-object.ts';
import { BootClock } from '#exporter/kernel/clock.ts';
import { ConnectionIds } from '#exporter/kernel/connection-ids.ts';
import { ConnectionLedger } from '#exporter/kernel/connection-ledger.ts';
import type { KernelRecord } from '#exporter/kernel/kernel-record.ts';
import { decodeRecord } from '#exporter/kernel/records.ts';
import { createRingBuffer } from '#exporter/kernel/ring-buffer.ts';
import { testRun } from '#exporter/kernel/testing/test-run.ts';
import { L7Tracker } from '#exporter/l7/tracker.ts';
import { type NodeNetwork, RealEnds } from '#exporter/real-ends.ts';
import { ServiceTranslations } from '#exporter/service-translations.ts';
import { SocketTable } from '#exporter/socket-table.ts';
import { ServiceDirectory } from '#kubernetes/service-directory.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { cluster, connections, isPod, messages, type Traffic } from './node-traffic.ts';

const RING_BYTES = 1 << 22;
const FLOW_RING_BYTES = 64 * 1024 * 1024;
/** The kernel's ring is read this often. */
const DRAIN_MS = 20;
const RATES = [1_000, 10_000, 100_000];
/** Not measured: code is compiled, caches fill, each connection is named once. */
const WARM_UP_EVENTS = 60_000;
const MEASURED_BATCHES = 60;

/** Every interface is a pod's, and no address is translated on this node. */
const network: NodeNetwork = {
  placeOf: () => 'veth',
  isHostAddress: () => false,
  isEndpoint: isPod,
  tracked: () => undefined,
};

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
    maxEntries: { connections4: 1 << 18, connections6: 1 },
  });
  const ring = new FlowRing({ capacityBytes: FLOW_RING_BYTES });
  const pods = cluster();
  const host = new HostEndpoints({ byContainerId: (id) => pods.byContainerId(id) });
  const services = new ServiceDirectory(pods);
  const clock = new BootClock();
  const sockets = new SocketTable();
  const assembler = new FlowAssembler({
    output: new FlowOutput({ ring, nodeName: 'bench', version: 'bench' }),
    names: new EndNames(composeLookups(pods, host, reservedAddresses()), sockets, host),
    sockets,
    tracker: new L7Tracker(),
    dnsNames: new DnsNames(),
    translations: new ServiceTranslations(services, new RealEnds(network, services)),
    namesVersion: () => pods.version,
    nowUnixMs: Date.now,
    toUnixTime: (bootNs, time) => clock.toUnixTime(bootNs, time),
    interfaceName: () => 'veth0',
  });
  const context = { ledger: new ConnectionLedger(), ids: new ConnectionIds(), dropReasonName: String };
  const program = flow.programFd('veth_in');
  return {
    ring,
    make: (frame: Buffer) => {
      testRun(program, frame);
    },
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

async function measure(traffic: Traffic, isFollowed: boolean) {
  const server = new GrpcServer();
  const registry = new Registry();
  const one = pipeline();
  registerObserver(server, { ring: one.ring, nodeName: 'bench', version: 'bench' });
  server.metrics.register(registry);
  const port = await server.listen('127.0.0.1:0');
  const reader = isFollowed ? follow(port) : undefined;
  await reader?.ready;
  let number = 0;
  const batchOf = async (wanted: number) => {
    for (let made = 0; made < wanted; ) made += traffic(number++, one.make);
    const before = process.cpuUsage();
    const events = one.drain();
    // The server sends when the loop turns; a drained socket is work of this process, too.
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
    const { user, system } = process.cpuUsage(before);
    return { events, micros: user + system };
  };
  for (let made = 0; made < WARM_UP_EVENTS; ) made += (await batchOf(2000)).events;
  const costs = [];
  for (const rate of RATES) {
    const perEvent: number[] = [];
    for (let batch = 0; batch < MEASURED_BATCHES; batch++) {
      const { events, micros } = await batchOf((rate * DRAIN_MS) / 1000);
      perEvent.push(micros / events);
    }
    perEvent.sort((one, other) => one - other);
    costs.push({ rate, microsPerEvent: perEvent[Math.floor(perEvent.length / 2)] ?? 0 });
  }
  const memory = process.memoryUsage();
  reader?.stop();
  await server.stop();
  one.close();
  return { costs, memory };
}

/** A client in a process of its own, so that its work is not counted here. */
function follow(port: number) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('follower.ts', import.meta.url)), String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { ready: once(child.stdout, 'data'), stop: () => child.kill('SIGKILL') };
}

const kinds = { 'connection opened or closed': connections, 'HTTP request or response': messages };
const columns = RATES.map((rate) => `at ${rate.toLocaleString('en')}/s: us, % of a core`);
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
process.stdout.write(
  `| event | clients | ${columns.join(' | ')} | RSS, MB |\n|${' --- |'.repeat(columns.length + 3)}\n`,
);
for (const [name, traffic] of Object.entries(kinds)) {
  for (const isFollowed of [false, true]) {
    const { costs, memory } = await measure(traffic, isFollowed);
    const cells = costs.map(
      ({ rate, microsPerEvent }) => `${microsPerEvent.toFixed(1)}, ${((microsPerEvent * rate) / 1e4).toFixed(1)} %`,
    );
    const { rss, heapUsed, arrayBuffers } = memory;
    const used = `${megabytes(rss)} (heap ${megabytes(heapUsed)}, buffers ${megabytes(arrayBuffers)})`;
    process.stdout.write(`| ${name} | ${isFollowed ? 1 : 0} | ${cells.join(' | ')} | ${used} |\n`);
  }
}
