// One case of event-cost.ts: all that an exporter does with events between the kernel's ring buffer and its clients, put
// together from the exporter's own parts, in a process that does nothing else. Prints the costs as JSON.
// Arguments: kind of traffic, number of clients (0 or 1).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { FlowAssembler } from '#exporter/assemble.ts';
import { FlowOutput } from '#exporter/encode/flow-output.ts';
import { EndNames } from '#exporter/end-names.ts';
import { DnsNames } from '#exporter/endpoints/dns-names.ts';
import { composeLookups } from '#exporter/endpoints/endpoint-lookup.ts';
import { HostEndpoints } from '#exporter/endpoints/host-endpoints.ts';
import { reservedAddresses } from '#exporter/endpoints/reserved-addresses.ts';
import { flowMetrics } from '#exporter/flow-metrics.ts';
import { BootClock } from '#exporter/kernel/clock.ts';
import { ConnectionIds } from '#exporter/kernel/connection-ids.ts';
import { ConnectionLedger } from '#exporter/kernel/connection-ledger.ts';
import type { ConnectionRecord, KernelRecord } from '#exporter/kernel/kernel-record.ts';
import { decodeRecord } from '#exporter/kernel/records.ts';
import { createRingBuffer } from '#exporter/kernel/ring-buffer.ts';
import { L7Tracker } from '#exporter/l7/tracker.ts';
import { nodeRing } from '#exporter/node-ring.ts';
import { type NodeNetwork, RealEnds } from '#exporter/real-ends.ts';
import { ServiceTranslations } from '#exporter/service-translations.ts';
import { SocketTable } from '#exporter/socket-table.ts';
import { ServiceDirectory } from '#kubernetes/service-directory.ts';
import { GrpcMetrics } from '#observer/grpc-metrics.ts';
import { GrpcServer } from '#observer/grpc-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { cluster, isPod } from './node-traffic.ts';

const RING_BYTES = 1 << 22;
/** The kernel's ring is read this often, and what ended is forgotten that often. */
const DRAIN_MS = 20;
const SWEEP_MS = 1000;
/** Not measured: code is compiled, caches fill, the flow ring is full. */
const WARM_UP_EVENTS = 120_000;
const MEASURED_BATCHES = 60;

export interface EventCosts {
  readonly rates: readonly { readonly rate: number; readonly microsPerEvent: number }[];
  /** Resident, the JavaScript heap's share of it in use, and what is outside of that. */
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly bufferBytes: number;
  /** Of the flow ring, by arithmetic. */
  readonly ringBytes: number;
}

/** Every interface is a pod's, and no address is translated on this node. */
const network: NodeNetwork = {
  placeOf: () => 'veth',
  isHostAddress: () => false,
  isEndpoint: isPod,
  tracked: () => undefined,
};

function pipeline(registry: Registry) {
  const kernelRing = createRingBuffer(RING_BYTES);
  const ring = nodeRing();
  const pods = cluster();
  const host = new HostEndpoints({ byContainerId: (id) => pods.byContainerId(id) });
  const services = new ServiceDirectory(pods);
  const clock = new BootClock();
  const sockets = new SocketTable();
  const metrics = flowMetrics(registry);
  const translations = new ServiceTranslations(services, new RealEnds(network, services));
  const assembler = new FlowAssembler({
    output: new FlowOutput({
      ring,
      nodeName: 'bench',
      version: 'bench',
      onFlow: (draft) => metrics.noteDraft(draft),
    }),
    names: new EndNames(composeLookups(pods, host, reservedAddresses()), sockets, host),
    sockets,
    tracker: new L7Tracker(),
    dnsNames: new DnsNames(),
    translations,
    namesVersion: () => pods.version,
    nowUnixMs: Date.now,
    toUnixTime: (bootNs, time) => clock.toUnixTime(bootNs, time),
    interfaceName: () => 'veth0',
  });
  const ledger = new ConnectionLedger();
  const ended: ConnectionRecord[] = [];
  const context = { ledger, ids: new ConnectionIds(), dropReasonName: String };
  setInterval(() => {
    assembler.sweep(clock.nowBootNs());
    translations.sweep(clock.nowBootNs());
  }, SWEEP_MS).unref();
  return {
    ring,
    kernelRing,
    drain(): number {
      const batch: KernelRecord[] = [];
      kernelRing.drain((view, offset, length) => {
        const record = decodeRecord(view, offset, length, context);
        if (record !== undefined) batch.push(record);
      });
      clock.sample();
      assembler.assembleBatch(batch);
      // As the sweep of the kernel's table does.
      for (const { interfaceIndex, connectionId } of ended.splice(0)) ledger.forget(interfaceIndex, connectionId);
      for (const record of batch) if (record.type === 'connection' && record.reason === 'closed') ended.push(record);
      return batch.length;
    },
  };
}

/** Asks the generator for events, and waits until they are in the ring. */
function generator(name: string, ringFd: number) {
  const file = fileURLToPath(new URL('event-generator.ts', import.meta.url));
  const child = spawn(process.execPath, [file, name, String(RING_BYTES)], {
    stdio: ['pipe', 'pipe', 'inherit', ringFd],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the generator has no pipes');
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    async make(events: number): Promise<void> {
      stdin.write(`${events}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error('the generator has ended');
    },
    stop: () => stdin.end(),
  };
}

/** A client in a process of its own, too. */
function follow(port: number) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('follower.ts', import.meta.url)), String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { ready: once(child.stdout, 'data'), stop: () => child.kill('SIGKILL') };
}

async function measure(name: string, isFollowed: boolean, eventsPerSecond: readonly number[]): Promise<EventCosts> {
  const callMetrics = new GrpcMetrics();
  const server = new GrpcServer({ metrics: callMetrics });
  const registry = new Registry();
  const { ring, kernelRing, drain } = pipeline(registry);
  registerObserver(server, { ring, nodeName: 'bench', version: 'bench' });
  callMetrics.register(registry);
  const port = await server.listen('127.0.0.1:0');
  const reader = isFollowed ? follow(port) : undefined;
  await reader?.ready;
  const events = generator(name, kernelRing.fd);
  const batchOf = async (wanted: number) => {
    await events.make(wanted);
    const before = process.cpuUsage();
    const drained = drain();
    // The server sends when the loop turns; a drained socket is work of this process, too.
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
    const { user, system } = process.cpuUsage(before);
    return { drained, micros: user + system };
  };
  for (let made = 0; made < WARM_UP_EVENTS; ) made += (await batchOf(2000)).drained;
  const rates = [];
  for (const rate of eventsPerSecond) {
    const perEvent: number[] = [];
    for (let batch = 0; batch < MEASURED_BATCHES; batch++) {
      const { drained, micros } = await batchOf((rate * DRAIN_MS) / 1000);
      perEvent.push(micros / drained);
    }
    perEvent.sort((one, other) => one - other);
    rates.push({ rate, microsPerEvent: perEvent[Math.floor(perEvent.length / 2)] ?? 0 });
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  reader?.stop();
  events.stop();
  await server.stop();
  return { rates, rssBytes: rss, heapBytes: heapUsed, bufferBytes: arrayBuffers, ringBytes: ring.boundBytes };
}

const [name = '', clients, ...eventsPerSecond] = process.argv.slice(2);
const costs = await measure(name, clients === '1', eventsPerSecond.map(Number));
process.stdout.write(`${JSON.stringify(costs)}\n`);
