// Keeps one stream of frames open for as long as it is wanted, and opens it again when it breaks: by an error, by the
// server's goodbye, or by silence longer than heartbeats allow. Delays double with jitter, so that many pages do not
// return at once when a relay restarts.

import { FrameKind, FrameReader, type Goodbye, HEARTBEAT_MS, type Hello } from './frames.ts';
import type { Connection } from './messages.ts';

export interface WatchLoopOptions {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly onMessage: (payload: Uint8Array) => void;
  readonly onConnection: (connection: Connection) => void;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  /** In [0, 1): the jitter. */
  readonly random: () => number;
  /** Resolves after the time or when the signal aborts, whichever is first. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
/** Two heartbeats missed and some slack for a busy machine. */
export const SILENCE_MS = 2 * HEARTBEAT_MS + 5_000;

/** Runs until the signal aborts or the server says that asking again is useless. Never rejects. */
export async function runWatchLoop(options: WatchLoopOptions): Promise<void> {
  const { signal, onConnection } = options;
  let attempt = 0;
  while (!signal.aborted) {
    const end = await readOnce(options, {
      // The page's own server says hello, also while the relay is away: who was cut off waits for more than that.
      isLiveAtHello: attempt === 0,
      onHeard: () => {
        attempt = 0;
      },
    });
    if (signal.aborted) return;
    if (!end.retry) {
      onConnection({ state: 'refused', reason: end.text });
      return;
    }
    attempt++;
    const delay = backoffMs(attempt, options.random());
    onConnection({ state: 'reconnecting', reason: end.text, attempt, retryAtMs: options.now() + delay });
    await options.wait(delay, signal);
  }
}

/** Doubles from 250 ms to 10 s; the lower half is certain, the upper half is jitter. */
export function backoffMs(attempt: number, jitter: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return full / 2 + (full / 2) * jitter;
}

interface Attempt {
  readonly isLiveAtHello: boolean;
  /** Something came behind the hello. */
  readonly onHeard: () => void;
}

async function readOnce(options: WatchLoopOptions, { isLiveAtHello, onHeard }: Attempt): Promise<Goodbye> {
  const silence = new AbortController();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let relay: string | undefined;
  let isLive = false;
  const live = () => {
    if (!isLive && relay !== undefined) options.onConnection({ state: 'live', relay });
    isLive = true;
  };
  const heard = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    heard();
    const response = await options.fetch(options.url, { signal, cache: 'no-store' });
    if (!response.ok || response.body === null) return await refusal(response);
    const frames = new FrameReader();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { code: 'UNAVAILABLE', text: 'the stream ended', retry: true };
      heard();
      for (const frame of frames.push(value)) {
        if (frame.kind === FrameKind.goodbye) return parseJson<Goodbye>(frame.payload);
        if (frame.kind === FrameKind.hello) {
          relay = parseJson<Hello>(frame.payload).relay;
          if (isLiveAtHello) live();
          continue;
        }
        live();
        onHeard();
        if (frame.kind === FrameKind.message) options.onMessage(frame.payload);
      }
    }
  } catch (error) {
    if (silence.signal.aborted)
      return { code: 'UNAVAILABLE', text: `nothing was heard for ${SILENCE_MS / 1000} s`, retry: true };
    return { code: 'UNAVAILABLE', text: error instanceof Error ? error.message : String(error), retry: true };
  } finally {
    clearTimeout(watchdog);
    silence.abort();
  }
}

async function refusal(response: Response): Promise<Goodbye> {
  const text = (await response.text()).slice(0, 500) || response.statusText;
  // A request the server cannot understand stays so; anything else may pass.
  const retry = response.status !== 400 && response.status !== 403;
  return { code: `HTTP ${response.status}`, text, retry };
}

function parseJson<T>(payload: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(payload)) as T;
}
