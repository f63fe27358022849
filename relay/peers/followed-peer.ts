// A peer of a running relay: its connection, its way into the merge, its counters, and what it says of itself when
// asked every two seconds.

import { KIND_FLOW, KIND_NODE_STATUS } from '#observer/columns.ts';
import {
  GetFlowsResponse,
  GetNamespacesRequest,
  GetNodesRequest,
  type Namespace,
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
  /** Its name became known. */
  named(peer: FollowedPeer): void;
  /** Flows between these times (RelayTime nanoseconds) may be missing. */
  gap(peer: FollowedPeer, fromNs: number, toNs: number): void;
}

export class FollowedPeer {
  readonly counters: PeerCounters = { seen: 0, lost: 0, late: 0, backfilled: 0, refused: 0 };
  /** What the peer last said of itself; undefined before it said anything, and where it does not know the question. */
  serverStatus: ServerStatusResponse | undefined;
  /** It is connected, but did not answer ServerStatus when last asked. */
  statusFailed = false;
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
        if (this.#isNameless && kind === KIND_FLOW) this.#readName(chunk.subarray(start, end), events);
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

  /** As people are to know it: the node's name, or the address while that is not known. */
  get name(): string {
    return this.connection.name;
  }

  /** What the source of peers calls it; never changes. */
  get key(): string {
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

  /** True for a node (which does not know GetNodes, unlike a relay, whose flows are of many) that goes by its address. */
  get #isNameless(): boolean {
    return this.name === this.connection.peer.address && this.#unknown.has('GetNodes');
  }

  #readName(message: Uint8Array, events: FollowedPeerEvents): void {
    try {
      if (this.connection.learnName(GetFlowsResponse.decode(message).nodeName)) events.named(this);
    } catch {
      // What cannot be decoded is counted where it is taken into the ring.
    }
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

  /** Of the flows that it keeps. @throws GrpcError, or the connection's error */
  async namespaces(): Promise<readonly Namespace[]> {
    const { session } = this.connection;
    if (session === undefined) return [];
    const { getNamespaces } = ObserverDefinition.methods;
    return (await session.unary(ObserverDefinition, getNamespaces, GetNamespacesRequest.create())).namespaces;
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
      if (name === 'ServerStatus') this.statusFailed = false;
    } catch (error) {
      if (isUnimplemented(error)) this.#unknown.add(name);
      else if (name === 'ServerStatus') this.statusFailed = true;
    }
  }
}
