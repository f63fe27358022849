// The messages of a call to the relay as a body of lines. Bounded as the frames are: a slow reader pauses the relay's call.

import type { WatchCall, WatchEvents } from './relay-client.ts';
import { RelayError, type RelayFault } from './relay-connection.ts';

const QUEUE_BYTES = 256 * 1024;

export interface RelayLinesOptions {
  readonly open: (events: WatchEvents) => WatchCall;
  /** Before the first line; '' for none. */
  readonly head: string;
  /** Lines of one message, each with its end; '' for one that says nothing here. */
  readonly lines: (message: Uint8Array) => string;
  readonly signal: AbortSignal;
}

/**
 * Resolves with the body once the relay has taken the call, so that a question it refuses, or a relay that is away, is told
 * as such and not as a body that breaks off. Rejects with a RelayError.
 */
export async function relayLines(options: RelayLinesOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const { body, answered } = start(options);
  const fault = await answered;
  if (fault !== undefined) throw new RelayError(fault, undefined);
  return body;
}

interface Started {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The relay's first word: undefined unless it refused. */
  readonly answered: Promise<RelayFault | undefined>;
}

function start({ open, head, lines, signal }: RelayLinesOptions): Started {
  const encoder = new TextEncoder();
  const { promise: answered, resolve: answer } = Promise.withResolvers<RelayFault | undefined>();
  let call: WatchCall | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        let isOver = false;
        const end = (failure?: Error) => {
          if (isOver) return;
          isOver = true;
          answer(undefined);
          signal.removeEventListener('abort', leave);
          if (failure === undefined) controller.close();
          else controller.error(failure);
        };
        const leave = () => {
          call?.cancel();
          end();
        };
        if (head !== '') controller.enqueue(encoder.encode(head));
        call = open({
          onOpen: () => answer(undefined),
          onMessage: (message) => {
            if (isOver) return;
            answer(undefined);
            try {
              const text = lines(message);
              if (text !== '') controller.enqueue(encoder.encode(text));
            } catch (cause) {
              call?.cancel();
              end(new Error('a message of the relay cannot be written as a line', { cause }));
              return;
            }
            if ((controller.desiredSize ?? 0) <= 0) call?.pause();
          },
          onEnd: (fault) => {
            if (fault.code === 'OK') return end();
            answer(fault);
            end(new Error(fault.text));
          },
        });
        signal.addEventListener('abort', leave);
        if (signal.aborted) leave();
      },
      pull: () => call?.resume(),
      cancel: () => call?.cancel(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
  );
  return { body, answered };
}
