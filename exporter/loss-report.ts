// What capture lost, as a LostEvent in the stream of flows: who watches learns of it where the flows would have been.

import { timestampOfNanos } from '#flow/timestamp.ts';
import { LostEventSource } from '#proto/gen/flow/flow.ts';
import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';

export class LossReport {
  readonly #nodeName: string;
  #told = 0;
  #toldNs = 0n;

  constructor(nodeName: string) {
    this.#nodeName = nodeName;
  }

  /** `lost`: totals by kind. Undefined if nothing was lost since the last report. */
  since(lost: Readonly<Record<string, number>>, nowUnixNs: bigint): GetFlowsResponse | undefined {
    const total = Object.values(lost).reduce((sum, count) => sum + count, 0);
    const fresh = total - this.#told;
    const first = timestampOfNanos(this.#toldNs === 0n ? nowUnixNs : this.#toldNs);
    this.#told = total;
    this.#toldNs = nowUnixNs;
    if (fresh <= 0) return undefined;
    const time = timestampOfNanos(nowUnixNs);
    return {
      responseTypes: {
        $case: 'lostEvents',
        value: {
          source: LostEventSource.PERF_EVENT_RING_BUFFER,
          numEventsLost: BigInt(fresh),
          cpu: undefined,
          first,
          last: time,
        },
      },
      nodeName: this.#nodeName,
      time,
    };
  }
}
