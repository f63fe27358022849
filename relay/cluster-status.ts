// What a relay says of itself and its peers: nodes, sums, coverage hop by hop, and notices in plain sentences. Reads what
// peers last said of themselves; nothing here waits.

import type { FlowRing } from '#observer/flow-ring.ts';
import { parsePeerAddress, peerAddressText } from '#observer/peer-address.ts';
import { flowsPerSecond } from '#observer/server-status.ts';
import {
  type GetNodesResponse,
  Node,
  ServerStatusResponse as ServerStatus,
  type ServerStatusResponse,
} from '#proto/gen/observer/observer.ts';
import { HopCoverage, Notice, Notice_Severity, Status } from '#proto/gen/parallax/v1/dashboard.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import type { Intake } from './intake.ts';
import type { FollowedPeer } from './peers/followed-peer.ts';
import type { RelayTime } from './relay-time.ts';
import type { ServiceMapAggregate } from './service-map/service-map.ts';
import { hopsOnce, nodesOnce } from './told-once.ts';

/** Names in ServerStatusResponse.unavailable_nodes, as Hubble's relay. */
const maxUnavailableNames = 10;
/** A gap stays among the notices for this long. */
const gapNoticeMs = 5 * 60_000;

export interface ClusterStatusSource {
  readonly ring: FlowRing;
  readonly intake: Intake;
  readonly map: ServiceMapAggregate;
  readonly time: RelayTime;
  readonly version: string;
  readonly peers: () => Iterable<FollowedPeer>;
  /** Why the source of peers tells nothing; undefined when it does. */
  readonly peerTrouble: () => string | undefined;
  /** What other parts of the relay have to say. */
  readonly moreNotices?: () => readonly Notice[];
  /** Hops beside those from peers. */
  readonly moreCoverage?: () => readonly HopCoverage[];
}

interface Gap {
  readonly peer: string;
  readonly fromNs: number;
  readonly toNs: number;
  readonly foundMs: number;
}

export class ClusterStatus {
  readonly #source: ClusterStatusSource;
  readonly #startedMs: number;
  #gaps: Gap[] = [];

  constructor(source: ClusterStatusSource) {
    this.#source = source;
    this.#startedMs = source.time.nowMs();
  }

  noteGap(peer: string, fromNs: number, toNs: number): void {
    this.#gaps.push({ peer, fromNs, toNs, foundMs: this.#source.time.nowMs() });
    // One for each restart of a node; more than a screenful says no more.
    if (this.#gaps.length > 100) this.#gaps.shift();
  }

  /** observer.Observer/GetNodes. */
  nodes(): GetNodesResponse {
    const peers = [...this.#source.peers()];
    const [behind, followed] = [peers.filter(hasNodes), peers.filter((peer) => !hasNodes(peer))];
    return {
      nodes: nodesOnce(
        followed.map(nodeOf),
        behind.flatMap(({ nodes }) => nodes ?? []),
      ),
    };
  }

  /** observer.Observer/ServerStatus: sums over the peers that answered. */
  serverStatus(): ServerStatusResponse {
    const peers = [...this.#source.peers()];
    const answers = peers.map((peer) => peer.serverStatus).filter((answer) => answer !== undefined);
    const away = peers.filter((peer) => !isAvailable(peer));
    const behind = peers.filter(isAvailable).map((peer) => peer.serverStatus);
    // Nodes that two peers tell of are counted once, as in GetNodes.
    const told = peers.flatMap((peer) => (hasNodes(peer) ? (peer.nodes ?? []) : [nodeOf(peer)]));
    const repeated = told.filter(isConnected).length - this.nodes().nodes.filter(isConnected).length;
    const connected = behind.reduce((sum, answer) => sum + (answer?.numConnectedNodes ?? 1), 0) - repeated;
    const missing = behind.reduce((sum, answer) => sum + (answer?.numUnavailableNodes ?? 0), away.length);
    const names = [...away.map((peer) => peer.name), ...behind.flatMap((answer) => answer?.unavailableNodes ?? [])];
    return ServerStatus.fromPartial({
      numFlows: sum(answers, (answer) => answer.numFlows),
      maxFlows: sum(answers, (answer) => answer.maxFlows),
      seenFlows: sum(answers, (answer) => answer.seenFlows),
      uptimeNs: answers.map(({ uptimeNs }) => uptimeNs).reduce(later, 0n),
      flowsRate: answers.reduce((total, { flowsRate }) => total + flowsRate, 0),
      numConnectedNodes: connected,
      numUnavailableNodes: missing,
      unavailableNodes: names.slice(0, maxUnavailableNames),
      version: this.#source.version,
    });
  }

  /** parallax.v1.Dashboard/GetStatus. */
  status(): Status {
    const { ring, time, version } = this.#source;
    const nowMs = time.nowMs();
    const isEmpty = ring.next === ring.oldest;
    const newestMs = isEmpty ? nowMs : ring.timeMs(ring.next - 1);
    const oldest = ring.slotOf(ring.oldest);
    return Status.fromPartial({
      nodes: this.nodes().nodes,
      coverage: this.coverage(),
      flowsPerSecond: flowsPerSecond(ring, nowMs, this.#startedMs),
      newestFlowAgeMs: BigInt(Math.max(0, Math.round(nowMs - newestMs))),
      notices: this.#notices(nowMs),
      ringFlows: BigInt(ring.next - ring.oldest),
      ringBytes: BigInt(ring.usedBytes),
      ringCapacityBytes: BigInt(ring.capacityBytes),
      version,
      ...(isEmpty
        ? {}
        : {
            oldestFlow: {
              seconds: BigInt(ring.columns.timeSeconds[oldest] as number),
              nanos: ring.columns.timeNanos[oldest] as number,
            },
          }),
    });
  }

  /** What each hop saw and lost, from the kernels of the nodes to this relay. */
  coverage(): HopCoverage[] {
    const hops = [...this.#source.peers()].flatMap((peer) => {
      const { seen, lost, late, refused } = peer.counters;
      const losses = [
        { kind: 'lost before the relay read them', count: BigInt(lost) },
        { kind: 'malformed', count: BigInt(refused + peer.connection.malformed) },
      ].filter(({ count }) => count > 0n);
      const relay = HopCoverage.fromPartial({
        hop: 'relay',
        nodeName: peer.name,
        seen: BigInt(seen + lost),
        lost: BigInt(lost + refused),
        late: BigInt(late),
        losses,
      });
      return [...peer.coverage, relay];
    });
    return [...hopsOnce(hops), ...(this.#source.moreCoverage?.() ?? [])];
  }

  #notices(nowMs: number): Notice[] {
    const notices: Notice[] = [];
    const add = (severity: Notice_Severity, key: string, text: string, mend = '') =>
      notices.push(Notice.create({ severity, key, text, mend }));
    const trouble = this.#source.peerTrouble();
    if (trouble !== undefined) {
      add(
        Notice_Severity.WARNING,
        'peer-source',
        `New nodes are not found: ${trouble}.`,
        'Known nodes are still followed.',
      );
    }
    for (const peer of this.#source.peers()) {
      const { reason, state } = peer.connection;
      if (state === 'READY') {
        // A relay behind us has put its nodes' names in front already.
        for (const notice of peer.notices) notices.push({ ...notice, text: sayOf(peer.name, notice.text) });
        continue;
      }
      if (reason === undefined) continue;
      add(
        Notice_Severity.ERROR,
        'peer-unavailable',
        `No flows come from ${peer.name} (${peer.connection.peer.address}): ${reason}.`,
        'It is tried again by itself; what it keeps meanwhile is fetched then.',
      );
    }
    this.#gaps = this.#gaps.filter(({ foundMs }) => nowMs - foundMs < gapNoticeMs);
    for (const { peer, fromNs, toNs } of this.#gaps) {
      const [from, to] = [fromNs, toNs].map((ns) => this.#source.time.toText(ns));
      add(
        Notice_Severity.WARNING,
        'gap',
        `Flows of ${peer} between ${from} and ${to} may be missing: it no longer had them.`,
      );
    }
    const { ahead } = this.#source.intake;
    if (ahead > 0) {
      add(
        Notice_Severity.WARNING,
        'clock-ahead',
        `${ahead} flows were stamped in the future, so their order is not certain.`,
        'Synchronise the clocks of the nodes.',
      );
    }
    if (this.#source.map.folded > 0) {
      const text = `${this.#source.map.folded} flows are on the map as "other", because it holds too many edges.`;
      add(Notice_Severity.INFO, 'map-folded', text, 'Filter, to see them apart.');
    }
    return [...notices, ...(this.#source.moreNotices?.() ?? [])];
  }
}

function sayOf(node: string, text: string): string {
  return text.includes(node) ? text : `${node}: ${text}`;
}

/** As Hubble has it: a connection that is being made counts as available until it has failed. */
export function isAvailable(peer: FollowedPeer): boolean {
  const { state, reason } = peer.connection;
  return state === 'READY' || (reason === undefined && (state === 'IDLE' || state === 'CONNECTING'));
}

/** True for a relay that is followed: its nodes stand for it. */
function hasNodes(peer: FollowedPeer): boolean {
  return peer.nodes !== undefined && isAvailable(peer);
}

function isConnected({ state }: Node): boolean {
  return state === NodeState.NODE_CONNECTED;
}

function nodeOf(peer: FollowedPeer): Node {
  const { peer: known, tls } = peer.connection;
  const answer = peer.serverStatus;
  return Node.fromPartial({
    name: peer.name,
    version: answer?.version ?? '',
    address: addressText(known.address),
    state: !isAvailable(peer)
      ? NodeState.NODE_UNAVAILABLE
      : peer.statusFailed
        ? NodeState.NODE_ERROR
        : NodeState.NODE_CONNECTED,
    tls: { enabled: tls !== undefined, serverName: tls?.serverName ?? '' },
    uptimeNs: answer?.uptimeNs ?? 0n,
    numFlows: answer?.numFlows ?? 0n,
    maxFlows: answer?.maxFlows ?? 0n,
    seenFlows: answer?.seenFlows ?? 0n,
  });
}

function addressText(address: string): string {
  try {
    return peerAddressText(parsePeerAddress(address));
  } catch {
    // Shown as it was given: that it cannot be read is the reason told beside it.
    return address;
  }
}

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function sum(answers: readonly ServerStatusResponse[], of: (answer: ServerStatusResponse) => bigint): bigint {
  return answers.reduce((total, answer) => total + of(answer), 0n);
}
