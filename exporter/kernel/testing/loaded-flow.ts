// The flow programs, loaded but hooked to nothing: a test runs them on frames it makes, and sees the records and the
// counters that come of each.

import { type BpfObject, loadObject } from '../bpf-object.ts';
import { ConnectionIds } from '../connection-ids.ts';
import { ConnectionLedger } from '../connection-ledger.ts';
import { readCounters } from '../counters.ts';
import type { KernelRecord, L7Record } from '../kernel-record.ts';
import { flowCounters } from '../layout.ts';
import { decodeRecord } from '../records.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import { testRun } from './test-run.ts';

export interface LoadedFlow {
  readonly flow: BpfObject;
  /** Runs a program on a frame; what it wrote, and which counters it raised by how much. */
  observe(frame: Buffer, program?: string): { records: KernelRecord[]; raised: Record<string, number> };
  /** Runs the program for a pod that sends; the messages it copied. */
  messages(frame: Buffer): L7Record[];
  /** Runs a program without reading what it wrote: the ring fills. */
  run(frame: Buffer, program?: string): void;
  counters(): Record<string, number>;
  close(): void;
}

export interface LoadedFlowOptions {
  readonly ringBytes?: number;
  readonly connections?: number;
  readonly l7Bytes?: number;
  readonly ownPorts?: readonly number[];
}

export function loadFlow({
  ringBytes = 1 << 18,
  connections = 64,
  l7Bytes = 512,
  ownPorts = [],
}: LoadedFlowOptions = {}): LoadedFlow {
  const ring = createRingBuffer(ringBytes);
  const flow = loadObject({
    file: new URL('../../../bpf/prebuilt/flow.bpf.o', import.meta.url),
    settings: {
      tickNs: 5_000_000_000n,
      repeatNs: 1_000_000_000n,
      ignoredReasons: [],
      ringBytes,
      l7: true,
      l7Bytes,
      includeNoise: false,
      dropsPerSecond: 1000,
      ownPorts,
    },
    ringFd: ring.fd,
    maxEntries: { connections4: connections, connections6: connections },
  });
  const counters = () => readCounters(flow.mapFd('counters'), flowCounters);
  const run = (frame: Buffer, program = 'veth_in') => {
    testRun(flow.programFd(program), frame);
  };
  const observe = (frame: Buffer, program = 'veth_in') => {
    const earlier = counters();
    run(frame, program);
    const records: KernelRecord[] = [];
    const context = { ledger: new ConnectionLedger(), ids: new ConnectionIds(), dropReasonName: String };
    ring.drain((view, offset, length) => {
      const record = decodeRecord(view, offset, length, context);
      if (record !== undefined) records.push(record);
    });
    const raised = Object.entries(counters())
      .map(([name, count]) => [name, count - (earlier[name] ?? 0)] as const)
      .filter(([, count]) => count > 0);
    return { records, raised: Object.fromEntries(raised) };
  };
  return {
    flow,
    observe,
    run,
    counters,
    messages: (frame) => observe(frame).records.filter((record) => record.type === 'l7'),
    close() {
      flow.close();
      ring.close();
    },
  };
}
