// One relay stream as one HTTP body of frames. Bounded: at most QUEUE_BYTES wait for a slow reader, then the relay's
// call is paused (the relay skips and counts for it); a reader that takes nothing for STALL_MS is hung up on.

import { encodeFrame, encodeJsonFrame, FrameKind, HEARTBEAT_MS } from '#components/store/frames.ts';
import type { WatchCall, WatchEvents } from './relay-client.ts';
import { relayAddress } from './relay-connection.ts';

/** About 300 flows of 800 B: a tenth of a second of the table's highest rate. */
const QUEUE_BYTES = 256 * 1024;
const STALL_MS = 30_000;

export interface FrameStreamOptions {
  readonly open: (events: WatchEvents) => WatchCall;
  readonly signal: AbortSignal;
  readonly heartbeatMs?: number;
  readonly stallMs?: number;
}

export function frameStream(options: FrameStreamOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { heartbeatMs = HEARTBEAT_MS, stallMs = STALL_MS } = options;
  let stop = () => undefined as undefined;
  let drained = () => undefined as undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        let stallTimer: ReturnType<typeof setTimeout> | undefined;
        let call: WatchCall | undefined;
        let over = false;
        stop = () => {
          over = true;
          clearInterval(heartbeat);
          clearTimeout(stallTimer);
          options.signal.removeEventListener('abort', hangUp);
          call?.cancel();
        };
        const hangUp = () => {
          if (over) return;
          stop();
          controller.error(new Error('the reader is gone'));
        };
        drained = () => {
          clearTimeout(stallTimer);
          stallTimer = undefined;
          call?.resume();
        };
        const send = (frame: Uint8Array<ArrayBuffer>) => {
          controller.enqueue(frame);
          if ((controller.desiredSize ?? 0) > 0) return;
          call?.pause();
          stallTimer ??= setTimeout(hangUp, stallMs);
        };
        const heartbeat = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) send(encodeFrame(FrameKind.heartbeat, new Uint8Array(0)));
        }, heartbeatMs);
        options.signal.addEventListener('abort', hangUp);
        send(encodeJsonFrame(FrameKind.hello, { heartbeatMs, relay: relayAddress() }));
        call = options.open({
          onMessage: (message) => send(encodeFrame(FrameKind.message, message)),
          onEnd: ({ code, text, retry }) => {
            if (over) return;
            controller.enqueue(encodeJsonFrame(FrameKind.goodbye, { code, text, retry }));
            stop();
            controller.close();
          },
        });
        if (options.signal.aborted) hangUp();
      },
      pull: () => drained(),
      cancel: () => stop(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
  );
}
