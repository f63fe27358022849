// The plaintext of chosen processes' TLS connections, started and stopped as one thing: programs loaded, processes
// watched, ring read, sessions' events handed on. Loaded only where somebody asked for it; costs others nothing.

import { type BpfObject, loadObject } from '../kernel/bpf-object.ts';
import { BootClock } from '../kernel/clock.ts';
import { readCounters } from '../kernel/counters.ts';
import { tlsCounters } from '../kernel/layout.ts';
import { createRingBuffer, type RingBuffer } from '../kernel/ring-buffer.ts';
import type { ProcessSelector } from './selector.ts';
import { type SessionEvent, TlsSessions } from './sessions.ts';
import { decodeTlsPiece, type TlsPiece } from './tls-piece.ts';
import { type TlsProcesses, WatchedProcesses } from './watched-processes.ts';

/** 1,900 pieces of 2 KiB, or 6,500 small ones: 20 ms at 95,000 calls a second. */
const RING_BYTES = 1 << 22;
const DRAIN_MS = 20;
/** Looking at 500 processes takes about 10 ms. */
const SCAN_MS = 2000;

export interface TlsCaptureOptions {
  readonly selectors: readonly ProcessSelector[];
  /** Called before what was read is handed on: the packets that carried it are to be told first. */
  beforeEvents(): void;
  /** `library`: of the process, "libssl.so.3" or "node". */
  onEvent(event: SessionEvent, library: string): void;
  log(line: string): void;
}

/** Resolves when the processes that run now are watched. Rejects where the kernel does not take the programs. */
export async function startTlsCapture(options: TlsCaptureOptions): Promise<TlsCapture> {
  const ring = createRingBuffer(RING_BYTES);
  let object: BpfObject | undefined;
  try {
    object = loadObject({
      file: new URL('../../bpf/prebuilt/tls.bpf.o', import.meta.url),
      settings: {
        tickNs: 0n,
        repeatNs: 0n,
        ignoredReasons: [],
        ringBytes: RING_BYTES,
        l7: true,
        l7Bytes: 0,
        includeNoise: false,
        dropsPerSecond: 0,
      },
      ringFd: ring.fd,
    });
    object.attach('on_receive');
  } catch (error) {
    object?.close();
    ring.close();
    throw error;
  }
  const capture = new TlsCapture(options, ring, object);
  await capture.settle();
  return capture;
}

export class TlsCapture {
  readonly #options: TlsCaptureOptions;
  readonly #ring: RingBuffer;
  readonly #object: BpfObject;
  readonly #clock = new BootClock();
  readonly #sessions = new TlsSessions();
  readonly #processes: WatchedProcesses;
  readonly #timers: readonly NodeJS.Timeout[];
  #undecodable = 0;

  constructor(options: TlsCaptureOptions, ring: RingBuffer, object: BpfObject) {
    const { selectors, log } = options;
    this.#options = options;
    this.#ring = ring;
    this.#object = object;
    this.#processes = new WatchedProcesses({ object, selectors, log, onLeave: (pid) => this.#endProcess(pid) });
    this.#processes.scan();
    ring.onWake(() => this.#drain());
    this.#timers = [setInterval(() => this.#drain(), DRAIN_MS), setInterval(() => this.#scan(), SCAN_MS)];
  }

  get processes(): TlsProcesses {
    return this.#processes.state;
  }

  counters(): Readonly<Record<string, number>> {
    const kernel = readCounters(this.#object.mapFd('tls_counters'), tlsCounters);
    const { counters: sessions } = this.#sessions;
    return { ...kernel, ...this.#processes.counters, ...sessions, undecodable: this.#undecodable };
  }

  /** Looks at these processes now, and not only at the next scan. */
  noteProcesses(pids: Iterable<number>): void {
    this.#processes.note(pids);
  }

  settle(): Promise<void> {
    return this.#processes.settle();
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#processes.stop();
    this.#object.close();
    this.#ring.close();
  }

  #scan(): void {
    this.#processes.scan();
    this.#deliver(this.#sessions.sweep(this.#clock.nowBootNs()));
  }

  #endProcess(pid: number): void {
    this.#drain();
    this.#deliver(this.#sessions.endProcess(pid));
  }

  #drain(): void {
    const pieces: TlsPiece[] = [];
    this.#ring.drain((view, offset, length) => {
      const piece = decodeTlsPiece(view, offset, length);
      if (piece === undefined) this.#undecodable++;
      else pieces.push(piece);
    });
    if (pieces.length === 0) return;
    this.#options.beforeEvents();
    for (const piece of pieces) this.#deliver(this.#sessions.take(piece));
  }

  #deliver(events: readonly SessionEvent[]): void {
    for (const event of events) this.#options.onEvent(event, this.#processes.libraryOf(event.session.pid));
  }
}
