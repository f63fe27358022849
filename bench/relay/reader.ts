// A client of a relay or an observer that follows its flows and takes their measure: how many, how late, in which order.

import { KIND_FLOW, KIND_LOST_EVENTS } from '#observer/columns.ts';
import { PeerSession } from '#observer/peer-session.ts';
import { GetFlowsRequest, GetFlowsResponse, ObserverDefinition } from '#proto/gen/observer/observer.ts';
import { MessageTimeReader } from '#relay/peers/message-time.ts';

/** Latency in steps of 50 us up to 10 s. */
const stepMs = 0.05;
const steps = 200_000;

export class FlowReader {
  flows = 0;
  lost = 0;
  outOfOrder = 0;
  readonly #latencies = new Uint32Array(steps);
  readonly #times = new MessageTimeReader();
  #lastSeconds = 0;
  #lastNanos = 0;
  #session: PeerSession | undefined;

  async start(address: string): Promise<void> {
    this.#session = await PeerSession.connect({ address });
    const request = GetFlowsRequest.encode(GetFlowsRequest.fromPartial({ follow: true })).finish();
    this.#session.stream(ObserverDefinition, ObserverDefinition.methods.getFlows, request, {
      messages: (bytes, starts, ends, count) => {
        const nowMs = performance.timeOrigin + performance.now();
        for (let i = 0; i < count; i += 1) this.#note(bytes, starts[i] as number, ends[i] as number, nowMs);
      },
      end: () => {},
    });
  }

  stop(): void {
    this.#session?.close();
  }

  clear(): void {
    this.flows = 0;
    this.lost = 0;
    this.outOfOrder = 0;
    this.#latencies.fill(0);
  }

  /** @param share 0.5 for the median */
  latencyMs(share: number): number {
    let left = share * this.flows;
    for (let step = 0; step < steps; step += 1) {
      left -= this.#latencies[step] as number;
      if (left <= 0) return step * stepMs;
    }
    return steps * stepMs;
  }

  #note(bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    const times = this.#times;
    times.read(bytes, start, end);
    if (times.kind === KIND_LOST_EVENTS) {
      const response = GetFlowsResponse.decode(bytes.subarray(start, end)).responseTypes;
      if (response?.$case === 'lostEvents') this.lost += Number(response.value.numEventsLost);
    }
    if (times.kind !== KIND_FLOW) return;
    this.flows += 1;
    const { seconds, nanos } = times;
    if (seconds < this.#lastSeconds || (seconds === this.#lastSeconds && nanos < this.#lastNanos)) this.outOfOrder += 1;
    else {
      this.#lastSeconds = seconds;
      this.#lastNanos = nanos;
    }
    const step = Math.floor((nowMs - seconds * 1000 - nanos / 1e6) / stepMs);
    const slot = Math.min(steps - 1, Math.max(0, step));
    this.#latencies[slot] = (this.#latencies[slot] as number) + 1;
  }
}
