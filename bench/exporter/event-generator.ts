// Makes events for event-pipeline.ts in a process of its own, so that neither its work nor its memory counts there: the
// real kernel programs, run on frames (BPF_PROG_TEST_RUN), put records into the ring that the other process reads, which
// is file 3 here. A number on standard input asks for so many events; one on standard output says how many were made.

import { createInterface } from 'node:readline';
import { loadObject } from '#exporter/kernel/bpf-object.ts';
import { testRun } from '#exporter/kernel/testing/test-run.ts';
import { type TrafficName, traffic } from './node-traffic.ts';

const RING_FD = 3;

const [name, ringBytes] = process.argv.slice(2);
const step = traffic[name as TrafficName];
const flow = loadObject({
  file: new URL('../../bpf/prebuilt/flow.bpf.o', import.meta.url),
  settings: {
    tickNs: 5_000_000_000n,
    repeatNs: 1_000_000_000n,
    ignoredReasons: [],
    ringBytes: Number(ringBytes),
    l7: true,
    l7Bytes: 512,
    includeNoise: false,
    dropsPerSecond: 1000,
  },
  ringFd: RING_FD,
  maxEntries: { connections4: 1 << 18, connections6: 1 },
});
const program = flow.programFd('veth_in');
let number = 0;
for await (const line of createInterface({ input: process.stdin })) {
  let made = 0;
  while (made < Number(line)) made += step(number++, (frame) => testRun(program, frame));
  process.stdout.write(`${made}\n`);
}
flow.close();
