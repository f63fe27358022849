// GetFlows of a server as an async iterable of serialised responses, for commands that read at their own pace.

import { openFlowStream } from '#observer/flows-client.ts';
import type { PeerTarget } from '#observer/peer-target.ts';

/** Bytes read ahead of the consumer; beyond it the server is made to wait. */
const maxWaitingBytes = 8 * 1024 * 1024;

/**
 * Ends when the server ends the stream or the signal aborts.
 * @throws GrpcError when the server refuses or is gone
 */
export async function* flowMessages(
  target: PeerTarget,
  request: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let isEnded = false;
  let failure: unknown;
  let wake = (): void => undefined;
  const stream = openFlowStream(target, request, {
    signal,
    onMessages: (bytes, starts, ends, count) => {
      for (let index = 0; index < count; index += 1) {
        // A copy: the bytes belong to the connection, and a Buffer's own slice would only be a view.
        const message = new Uint8Array(bytes.subarray(starts[index], ends[index]));
        waiting.push(message);
        waitingBytes += message.length;
      }
      if (waitingBytes > maxWaitingBytes) stream.pause();
      wake();
    },
  });
  stream.done
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      isEnded = true;
      wake();
    });
  for (;;) {
    const batch = waiting;
    waiting = [];
    waitingBytes = 0;
    stream.resume();
    yield* batch;
    if (waiting.length > 0) continue;
    if (isEnded) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  if (failure !== undefined && !signal.aborted) throw failure;
}
