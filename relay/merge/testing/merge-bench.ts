// A merge with a clock that tests turn, and what came out of it.

import assert from 'node:assert/strict';
import { FlowMerge, type Order } from '../flow-merge.ts';
import type { MergePeer } from '../merge-peer.ts';

/** Nanoseconds. */
export const ms = 1e6;

export interface Emitted {
  readonly peer: string;
  readonly serial: number;
  readonly order: Order;
}

/** A merge whose messages are numbers: the chunk of each holds its serial, so that identity survives the way through. */
export class Bench {
  nowNs = 1_000_000 * ms;
  readonly emitted: Emitted[] = [];
  readonly times: number[] = [];
  readonly merge: FlowMerge;

  constructor(options: Partial<ConstructorParameters<typeof FlowMerge>[0]> = {}) {
    this.merge = new FlowMerge({
      startWindowMs: 0,
      ...options,
      nowNs: this.nowNs,
      sink: (peer, chunk, start, _end, order) => {
        const serial = new DataView(chunk.buffer, chunk.byteOffset).getUint32(start);
        this.emitted.push({ peer: peer.name, serial, order });
      },
    });
  }

  live(name: string, hasHeartbeats: boolean): MergePeer {
    const peer = this.merge.join(name, this.nowNs);
    for (const ageMs of hasHeartbeats ? [3_600_000, 3_599_999] : []) {
      this.merge.promise(peer, this.nowNs - ageMs * ms, this.nowNs);
    }
    peer.phase = 'live';
    return peer;
  }

  push(peer: MergePeer, timeNs: number): number {
    const serial = this.times.length;
    this.times.push(timeNs);
    const chunk = new Uint8Array(8);
    new DataView(chunk.buffer).setUint32(2, serial);
    this.merge.push(peer, timeNs, chunk, 2, 6, this.nowNs);
    return serial;
  }

  drain(): number[] {
    const from = this.emitted.length;
    this.merge.drain(this.nowNs);
    return this.emitted.slice(from).map((one) => one.serial);
  }

  /** Lets the clock run to each deadline that the merge asks for until it asks for none. */
  runOut(): void {
    for (let round = 0; round < 1000; round += 1) {
      const atNs = this.merge.nextDrainNs(this.nowNs);
      if (atNs === undefined) return;
      assert.ok(atNs >= this.nowNs, 'a deadline is never in the past');
      this.nowNs = atNs;
      this.merge.drain(this.nowNs);
    }
    assert.fail('the merge keeps asking for time without emitting what it holds');
  }
}
