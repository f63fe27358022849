// A capture whose records are kept, and a way to wait for what a test is about without sleeping a fixed time.

import { startCapture } from '../capture.ts';
import type { Capture, CaptureOptions, InterfaceChange } from '../capture-types.ts';
import type { ConnectionRecord, KernelRecord } from '../kernel-record.ts';

const DEADLINE_MS = 10_000;
const LOOK_AGAIN_MS = 10;

export interface Recorder {
  readonly capture: Capture;
  readonly records: readonly KernelRecord[];
  readonly changes: readonly InterfaceChange[];
  readonly log: readonly string[];
}

export async function record(options: Partial<CaptureOptions>): Promise<Recorder> {
  const records: KernelRecord[] = [];
  const changes: InterfaceChange[] = [];
  const log: string[] = [];
  const capture = await startCapture({
    onRecords: (batch) => records.push(...batch),
    onInterfaceChange: (change) => changes.push(change),
    log: (line) => log.push(line),
    ...options,
  });
  return { capture, records, changes, log };
}

/** Polls until `look` finds something; fails after ten seconds with what was awaited. */
export async function eventually<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${DEADLINE_MS} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Records of connections to a port, at one interface if its index is given. */
export function connectionsTo(recorder: Recorder, port: number, interfaceIndex?: number): ConnectionRecord[] {
  return recorder.records.filter(
    (one): one is ConnectionRecord =>
      one.type === 'connection' &&
      one.responder.port === port &&
      (interfaceIndex === undefined || one.interfaceIndex === interfaceIndex),
  );
}

/** Sums of new bytes and packets over the records. */
export function sums(records: readonly ConnectionRecord[]) {
  const total = { initiatorBytes: 0, initiatorPackets: 0, responderBytes: 0, responderPackets: 0 };
  for (const { initiator, responder } of records) {
    total.initiatorBytes += initiator.newBytes;
    total.initiatorPackets += initiator.newPackets;
    total.responderBytes += responder.newBytes;
    total.responderPackets += responder.newPackets;
  }
  return total;
}
