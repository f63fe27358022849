// What one run of each tc program costs, by BPF_PROG_TEST_RUN on frames made here; and how long capture takes to start.
// Prints a table; asserts nothing. Run as root: node bench/exporter/program-cost.ts

import { readFileSync } from 'node:fs';
import { type BpfObject, loadObject } from '#exporter/kernel/bpf-object.ts';
import { startCapture } from '#exporter/kernel/capture.ts';
import { createRingBuffer } from '#exporter/kernel/ring-buffer.ts';
import { ethernet, ipv4, ipv6, tcp, testRun } from '#exporter/kernel/testing/test-run.ts';

/** An empty program measured the same way: the harness itself. */
const HARNESS_NS = 31;
const RUNS = 200_000;
const ROUNDS = 5;
/** A ring that nobody reads fills: records are measured in rounds that fit it. */
const RECORD_RUNS = 5_000;
const RING_BYTES = 1 << 24;

const TCP_ACK = 16;

function frame(payload: Buffer, version: 4 | 6): Buffer {
  const segment = tcp(TCP_ACK, payload);
  return version === 4 ? ethernet(0x0800, ipv4(6, segment)) : ethernet(0x86dd, ipv6(6, segment));
}

function load(l7: boolean): { flow: BpfObject; drain: () => void; close: () => void } {
  const ring = createRingBuffer(RING_BYTES);
  const flow = loadObject({
    file: new URL('../../bpf/prebuilt/flow.bpf.o', import.meta.url),
    settings: {
      tickNs: 5_000_000_000n,
      repeatNs: 1_000_000_000n,
      ignoredReasons: [],
      ringBytes: RING_BYTES,
      l7,
      l7Bytes: 512,
      includeNoise: false,
      dropsPerSecond: 1000,
    },
    ringFd: ring.fd,
  });
  const close = () => {
    flow.close();
    ring.close();
  };
  return { flow, drain: () => ring.drain(() => {}), close };
}

function best(measure: () => number): number {
  return Math.min(...Array.from({ length: ROUNDS }, measure));
}

const http = Buffer.from(
  `GET /cart?id=1 HTTP/1.1\r\nHost: shop\r\n${'x-filler: 0123456789\r\n'.repeat(20)}\r\n`,
).subarray(0, 460);
const cases = [
  { name: 'IPv4 acknowledgement, no L7', l7: false, data: frame(Buffer.alloc(0), 4), records: false },
  { name: 'IPv4 acknowledgement', l7: true, data: frame(Buffer.alloc(0), 4), records: false },
  { name: 'IPv6 acknowledgement', l7: true, data: frame(Buffer.alloc(0), 6), records: false },
  {
    name: 'IPv4 payload of no known protocol, given up',
    l7: true,
    data: frame(Buffer.alloc(400, 0xaa), 4),
    records: false,
  },
  { name: 'IPv4 HTTP request, 460 bytes into a record', l7: true, data: frame(http, 4), records: true },
] as const;

process.stdout.write(`CPU: ${/model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown'}\n`);
process.stdout.write('\n| packet | ns a run | less the harness |\n| --- | --- | --- |\n');
for (const { name, l7, data, records } of cases) {
  const { flow, drain, close } = load(l7);
  const fd = flow.programFd('veth_in');
  testRun(fd, data, 100);
  const ns = best(() => {
    drain();
    return testRun(fd, data, records ? RECORD_RUNS : RUNS);
  });
  process.stdout.write(`| ${name} | ${ns} | ${ns - HARNESS_NS} |\n`);
  close();
}

const begun = performance.now();
const capture = await startCapture({
  interfaces: 'lo',
  onRecords: () => {},
  log: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`\nCapture started in ${(performance.now() - begun).toFixed(0)} ms.\n`);
await capture.stop();
