// The flows of a watch as a body of JSON lines. Bounded as the frames are: a slow reader pauses the relay's call.

import { readWatchMessage } from '#components/store/flow-batch.ts';
import { formatResponseJson } from '#flow/text/json.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import type { WatchRequest } from '#proto/gen/parallax/v1/dashboard.ts';
import { type WatchCall, watchRelay } from './relay-client.ts';

const QUEUE_BYTES = 256 * 1024;

export interface FlowLineOptions {
  readonly watch: WatchRequest;
  /** False: end at the first batch that is not history. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

export function flowLineStream({ watch, follow, signal }: FlowLineOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let call: WatchCall | undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        const close = () => {
          signal.removeEventListener('abort', close);
          call?.cancel();
          controller.close();
        };
        call = watchRelay(watch, {
          onMessage: (message) => {
            const batch = flowsIn(message);
            if (batch === undefined) return;
            if (!batch.history && !follow) return close();
            controller.enqueue(encoder.encode(batch.lines));
            if ((controller.desiredSize ?? 0) <= 0) call?.pause();
          },
          onEnd: (fault) => (fault.code === 'OK' ? close() : controller.error(new Error(fault.text))),
        });
        signal.addEventListener('abort', close);
      },
      pull: () => call?.resume(),
      cancel: () => call?.cancel(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
  );
}

/** One GetFlowsResponse a line, in Hubble's JSON form. */
function flowsIn(message: Uint8Array): { readonly lines: string; readonly history: boolean } | undefined {
  const read = readWatchMessage(message);
  if (read?.kind !== 'flows') return undefined;
  const lines = read.batch.responses.map((bytes) => `${formatResponseJson(GetFlowsResponse.decode(bytes))}\n`);
  return { lines: lines.join(''), history: read.batch.history };
}
