// Plays a recording back as if it happened now: the distances between flows are the recorded ones, the times are moved
// to the present. When it ends it starts again, so that a page without a capturing kernel stays alive.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRecording } from '#observer/recording.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';

const nanosecondsPerSecond = 1_000_000_000n;

export interface ReplayOptions {
  readonly path: string;
  /** Called in the order of the file; the bytes are a serialised GetFlowsResponse. */
  readonly append: (message: Uint8Array) => void;
  /** A damaged file or the like, in words; playing has stopped. */
  readonly onError: (error: Error) => void;
  /** Unix nanoseconds. */
  readonly now?: () => bigint;
  /** Waits; rejects when the signal aborts. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** False plays the file once. */
  readonly loop?: boolean;
}

export interface Replay {
  readonly description: string;
  readonly recordedOn: string;
  /** Resolves when playing has ended. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Pause between the end of the recording and its start over. */
const pauseBetweenRoundsMs = 500;

/** @throws Error if the file cannot be read or is no recording. */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const { header } = await openRecording(options.path);
  const stopped = new AbortController();
  const ended = play(options, stopped.signal).catch((error: unknown) => {
    if (!stopped.signal.aborted) options.onError(error instanceof Error ? error : new Error(String(error)));
  });
  return {
    description: header.description,
    recordedOn: header.recordedOn,
    ended,
    stop: async () => {
      stopped.abort();
      await ended;
    },
  };
}

async function play(options: ReplayOptions, signal: AbortSignal): Promise<void> {
  const now = options.now ?? (() => BigInt(Date.now()) * 1_000_000n);
  const wait = options.wait ?? ((milliseconds, abort) => sleep(milliseconds, undefined, { signal: abort }));
  do {
    const recording = await openRecording(options.path);
    let shiftNs: bigint | undefined;
    for await (const bytes of recording.messages()) {
      const message = GetFlowsResponse.decode(bytes);
      const recordedNs = toNanoseconds(message.time);
      shiftNs ??= now() - recordedNs;
      const aheadMs = Number(recordedNs + shiftNs - now()) / 1e6;
      if (aheadMs > 1) await wait(aheadMs, signal);
      signal.throwIfAborted();
      options.append(GetFlowsResponse.encode(movedBy(message, shiftNs)).finish());
    }
    await wait(pauseBetweenRoundsMs, signal);
  } while (options.loop !== false);
}

function movedBy(message: GetFlowsResponse, shiftNs: bigint): GetFlowsResponse {
  message.time = fromNanoseconds(toNanoseconds(message.time) + shiftNs);
  if (message.responseTypes?.$case === 'flow') {
    const flow = message.responseTypes.value;
    // Played again, it is another flow: a reader that tells flows apart by it would take the second round for the first.
    flow.uuid = randomUUID();
    flow.time = fromNanoseconds(toNanoseconds(flow.time) + shiftNs);
  }
  return message;
}

function toNanoseconds(time: Timestamp | undefined): bigint {
  return time === undefined ? 0n : time.seconds * nanosecondsPerSecond + BigInt(time.nanos);
}

function fromNanoseconds(nanoseconds: bigint): Timestamp {
  return { seconds: nanoseconds / nanosecondsPerSecond, nanos: Number(nanoseconds % nanosecondsPerSecond) };
}
