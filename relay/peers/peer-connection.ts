// One peer, for as long as it is a peer: connects, follows its flows, and comes back after failures. Says what it hears
// and in which state it is to a listener; what becomes of flows is the relay's business.

import { setTimeout as wait } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { formatTimestamp } from '#flow/timestamp.ts';
import { KIND_FLOW, KIND_LOST_EVENTS, KIND_NODE_STATUS } from '#observer/columns.ts';
import { explainConnectionError } from '#observer/connection-error.ts';
import { GrpcError } from '#observer/grpc-error.ts';
import { PeerSession, type StreamControl } from '#observer/peer-session.ts';
import type { TlsClientOptions } from '#observer/peer-target.ts';
import { packStreamOptions } from '#observer/stream-options.ts';
import type { Timestamp } from '#proto/gen/google/protobuf/timestamp.ts';
import { GetFlowsRequest, ObserverDefinition } from '#proto/gen/observer/observer.ts';
import type { RelayTime } from '../relay-time.ts';
import { backoffMs } from './backoff.ts';
import { MessageTimeReader } from './message-time.ts';
import { askNodeName } from './node-name.ts';
import type { Peer } from './peer-set.ts';
import { type PeerTls, peerTarget, usesTls } from './peer-tls.ts';
import { Seam } from './seam.ts';

/** Names as gRPC has them for a channel. */
export type PeerState = 'IDLE' | 'CONNECTING' | 'READY' | 'TRANSIENT_FAILURE' | 'SHUTDOWN';

/** Longest silence that our own observers are asked for: what a quiet node adds to everybody's latency. */
const heartbeatIntervalMs = 25;

/** A peer that died without a word is found out within this time and five seconds; ServerStatus is asked more often. */
const pingEveryMs = 5000;

export interface PeerListener {
  /** State changed; `reason` says why where it is TRANSIENT_FAILURE. */
  state(state: PeerState, reason: string | undefined): void;
  /** A stream of flows begins. */
  opened(): void;
  /** Bytes [start, end) of `chunk` are a response of that time; the chunk may be kept. */
  message(kind: number, timeNs: number, chunk: Uint8Array, start: number, end: number): void;
  /** Nothing earlier than this will come in this stream. */
  heartbeat(timeNs: number): void;
  /** After the messages of one read. */
  batch(): void;
  /** Flows between these times may be missing: the peer no longer had them when we came back. */
  gap(fromNs: number, toNs: number): void;
  /** The stream of flows ended. */
  closed(): void;
}

export interface PeerConnectionOptions {
  readonly peer: Peer;
  readonly time: RelayTime;
  /** Latest flows asked for at the first connection. */
  readonly backfillFlows: number;
  readonly tls: PeerTls | undefined;
  readonly random: () => number;
}

export class PeerConnection {
  readonly peer: Peer;
  /** Messages that could not be read. */
  malformed = 0;
  #state: PeerState = 'IDLE';
  #reason: string | undefined;
  #session: PeerSession | undefined;
  #control: StreamControl | undefined;
  readonly #options: PeerConnectionOptions;
  readonly #listener: PeerListener;
  readonly #seam = new Seam();
  readonly #reader = new MessageTimeReader();
  readonly #stopping = new AbortController();
  #failures = 0;
  #nodeName: string | undefined;
  #tls: TlsClientOptions | undefined;

  constructor(options: PeerConnectionOptions, listener: PeerListener) {
    this.peer = options.peer;
    if (options.peer.name !== options.peer.address) this.#nodeName = options.peer.name;
    this.#options = options;
    this.#listener = listener;
  }

  get state(): PeerState {
    return this.#state;
  }

  /** The node's name; the address until it is known, and for a relay. */
  get name(): string {
    return this.#nodeName ?? this.peer.name;
  }

  /** Takes the name that the peer's flows carry, where it has not told one. @returns whether it was new */
  learnName(nodeName: string): boolean {
    if (this.#nodeName !== undefined || nodeName === '') return false;
    this.#nodeName = nodeName;
    return true;
  }

  /** Why it is not READY, in a clause about the peer; undefined when nothing failed. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** As spoken at the latest attempt; undefined for plaintext. */
  get tls(): { readonly serverName?: string } | undefined {
    return this.#tls;
  }

  /** Set while connected, for unary calls. */
  get session(): PeerSession | undefined {
    return this.#session;
  }

  /** Repetitions dropped after reconnecting. */
  get duplicates(): number {
    return this.#seam.duplicates;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort(new Error('stopped'));
    this.#control?.cancel();
    this.#session?.close();
    this.#become('SHUTDOWN', undefined);
  }

  /** Stops reading, so that the peer is slowed down by flow control; until resume. */
  pause(): void {
    this.#control?.pause();
  }

  resume(): void {
    this.#control?.resume();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const reason = await this.#attempt(signal);
      if (signal.aborted) return;
      this.#failures += 1;
      this.#become('TRANSIENT_FAILURE', reason);
      await wait(backoffMs(this.#failures, this.#options.random()), undefined, { signal }).catch(() => {});
    }
  }

  /** Connects and follows until that ends. @returns why it ended */
  async #attempt(signal: AbortSignal): Promise<string> {
    this.#become('CONNECTING', this.#reason);
    const { peer, tls } = this.#options;
    let isSecure = false;
    try {
      isSecure = usesTls(peer, tls);
      const target = await peerTarget(peer, tls);
      this.#tls = target.tls;
      this.#session = await PeerSession.connect(target, { signal, pingEveryMs });
      this.#nodeName ??= await askNodeName(this.#session, peer.address);
      await this.#follow(this.#session);
      return 'it ended the stream of flows';
    } catch (error) {
      return error instanceof GrpcError ? error.message : explainConnectionError(error, isSecure);
    } finally {
      this.#session?.close();
      this.#session = undefined;
      this.#control = undefined;
    }
  }

  async #follow(session: PeerSession): Promise<void> {
    const { time, backfillFlows } = this.#options;
    const lastNs = this.#seam.latestNs;
    const sinceNs = this.#seam.resume();
    // A peer all of whose flows are beyond every date is asked as one that was never heard.
    const since = sinceNs === undefined ? undefined : datedTimestamp(time.toTimestamp(sinceNs));
    const request = GetFlowsRequest.fromPartial({
      follow: true,
      extensions: packStreamOptions({ heartbeatIntervalMs }),
      ...(since === undefined ? { number: BigInt(backfillFlows) } : { since }),
    });
    this.#become('READY', undefined);
    this.#listener.opened();
    try {
      await new Promise<void>((resolve, reject) => {
        const bytes = GetFlowsRequest.encode(request).finish();
        this.#control = session.stream(ObserverDefinition, ObserverDefinition.methods.getFlows, bytes, {
          messages: (bytes, starts, ends, count) => {
            for (let i = 0; i < count; i += 1) this.#take(bytes, starts[i] as number, ends[i] as number, lastNs);
            this.#listener.batch();
          },
          end: (error) => (error === undefined ? resolve() : reject(error)),
        });
      });
    } finally {
      this.#listener.closed();
    }
  }

  #take(chunk: Uint8Array, start: number, end: number, lastNs: number | undefined): void {
    const reader = this.#reader;
    try {
      reader.read(chunk, start, end);
    } catch {
      this.malformed += 1;
      return;
    }
    this.#failures = 0;
    const timeNs = this.#options.time.fromUnix(reader.seconds, reader.nanos);
    if (reader.kind === KIND_NODE_STATUS) {
      this.#listener.message(reader.kind, timeNs, chunk, start, end);
      return;
    }
    if (reader.kind !== KIND_FLOW && reader.kind !== KIND_LOST_EVENTS) {
      if (reader.hasTime) this.#listener.heartbeat(timeNs);
      return;
    }
    const seen = this.#seam.note(timeNs, end - start);
    if (seen === 'duplicate') return;
    if (seen === 'gap' && lastNs !== undefined) this.#listener.gap(lastNs, timeNs);
    this.#listener.message(reader.kind, timeNs, chunk, start, end);
  }

  #become(state: PeerState, reason: string | undefined): void {
    if (this.#state === 'SHUTDOWN') return;
    const isSame = state === this.#state && reason === this.#reason;
    this.#state = state;
    this.#reason = reason;
    if (!isSame) this.#listener.state(state, reason);
  }
}

/** Undefined for what no peer could read: protobuf's timestamps are of the years 1 to 9999. */
function datedTimestamp(timestamp: Timestamp): Timestamp | undefined {
  return formatTimestamp(timestamp) === undefined ? undefined : timestamp;
}

/** True for the answer of a server that does not know the call, such as Hubble's own to ours. */
export function isUnimplemented(error: unknown): boolean {
  return error instanceof GrpcError && error.code === status.UNIMPLEMENTED;
}
