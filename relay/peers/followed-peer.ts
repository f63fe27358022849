// A peer of a running relay: its connection, its way into the merge, its counters, and what it says of itself when
// asked every two seconds.

import { KIND_NODE_STATUS } from '#observer/columns.ts';
import {
  GetNodesRequest,
  type Node,
  ObserverDefinition,
  ServerStatusRequest,
  type ServerStatusResponse,
} from '#proto/gen/observer/observer.ts';
import {
  DashboardDefinition,
  GetStatusRequest,
  type HopCoverage,
  type Notice,
} from '#proto/gen/parallax/v1/dashboard.ts';
import type { Intake, IntakeStream, PeerCounters } from '../intake.ts';
import { isUnimplemented, PeerConnection, type PeerConnectionOptions, type PeerState } from './peer-connection.ts';

const askEveryMs = 2000;

export interface FollowedPeerEvents {
  state(peer: FollowedPeer, state: PeerState, reason: string | undefined): void;
  /** Flows between these times (RelayTime nanoseconds) may be missing. */
  gap(peer: FollowedPeer, fromNs: number, toNs: number): void;
}

export class FollowedPeer {
  readonly counters: PeerCounters = { seen: 0, lost: 0, late: 0, backfilled: 0, refused: 0 };
  /** What the peer last said of itself; undefined before it said anything, and where it does not know the question. */
  serverStatus: ServerStatusResponse | undefined;
  /** Nodes behind a peer that is a relay itself. */
  nodes: readonly Node[] | undefined;
  /** Losses counted before the flows came here. */
  coverage: readonly HopCoverage[] = [];
  /** What the peer has to say of itself: a part of capture that is missing, a recording in the place of a kernel. */
  notices: readonly Notice[] = [];
  readonly connection: PeerConnection;
  readonly #intake: Intake;
  #stream: IntakeStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Questions that the peer answered with UNIMPLEMENTED, since it connected. */
  readonly #unknown = new Set<string>();

  constructor(options: PeerConnectionOptions, intake: Intake, events: FollowedPeerEvents) {
    this.#intake = intake;
    this.connection = new PeerConnection(options, {
      state: (state, reason) => {
        if (state === 'READY') this.#startAsking();
        else clearInterval(this.#timer);
        events.state(this, state, reason);
      },
      opened: () => {
        this.#stream = intake.open(this.name, this.counters, this.connection);
      },
      message: (kind, timeNs, chunk, start, end) => {
        if (this.#stream === undefined) return;
        // Status of nodes behind a relay has no place in the order of flows: it is passed on as it comes.
        if (kind === KIND_NODE_STATUS) intake.tell(chunk.slice(start, end));
        else intake.take(this.#stream, kind, timeNs, chunk, start, end);
      },
      heartbeat: (timeNs) => {
        if (this.#stream === undefined) return;
        intake.heartbeat(this.#stream, timeNs);
      },
      batch: () => intake.drainSoon(),
      gap: (fromNs, toNs) => events.gap(this, fromNs, toNs),
      closed: () => this.#closeStream(),
    });
  }

  get name(): string {
    return this.connection.peer.name;
  }

  start(): void {
    this.connection.start();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.connection.stop();
    this.#closeStream();
  }

  #closeStream(): void {
    if (this.#stream !== undefined) this.#intake.close(this.#stream);
    this.#stream = undefined;
  }

  #startAsking(): void {
    this.#unknown.clear();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#ask(), askEveryMs);
    this.#timer.unref();
    void this.#ask();
  }

  async #ask(): Promise<void> {
    const { session } = this.connection;
    if (session === undefined) return;
    const { serverStatus, getNodes } = ObserverDefinition.methods;
    await Promise.all([
      this.#question('ServerStatus', async () => {
        this.serverStatus = await session.unary(ObserverDefinition, serverStatus, ServerStatusRequest.create());
      }),
      this.#question('GetNodes', async () => {
        this.nodes = (await session.unary(ObserverDefinition, getNodes, GetNodesRequest.create())).nodes;
      }),
      this.#question('GetStatus', async () => {
        const { getStatus } = DashboardDefinition.methods;
        const status = await session.unary(DashboardDefinition, getStatus, GetStatusRequest.create());
        this.coverage = status.coverage;
        this.notices = status.notices;
      }),
    ]);
  }

  /** A question that fails is asked again next time, one that the peer does not know not before it reconnects. */
  async #question(name: string, ask: () => Promise<void>): Promise<void> {
    if (this.#unknown.has(name)) return;
    try {
      await ask();
    } catch (error) {
      // Any other failure is the connection's, whose own state tells it.
      if (isUnimplemented(error)) this.#unknown.add(name);
    }
  }
}
