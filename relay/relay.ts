// The relay: follows every peer, merges, keeps, aggregates, and serves the whole as one observer. This file puts the parts
// together and owns no logic of its own.

import { hostname } from 'node:os';
import type { ApiAccess } from '#kubernetes/api-access.ts';
import { ClusterWatch } from '#kubernetes/cluster-watch.ts';
import type { ResourceName } from '#kubernetes/resource.ts';
import { FlowRing } from '#observer/flow-ring.ts';
import { GrpcMetrics } from '#observer/grpc-metrics.ts';
import { GrpcServer, type GrpcServerOptions } from '#observer/grpc-server.ts';
import { serveMetrics } from '#observer/metrics-server.ts';
import { registerObserver } from '#observer/observer-service.ts';
import { ServerTls, type ServerTlsFiles } from '#observer/server-tls.ts';
import { Notice, Notice_Severity } from '#proto/gen/parallax/v1/dashboard.ts';
import { NodeState } from '#proto/gen/relay/relay.ts';
import { AccessLogs } from './access-logs/access-logs.ts';
import { registerAccessLogs } from './access-logs/access-logs-service.ts';
import { registerAccessLogService } from './access-logs/als-service.ts';
import { type LogFilePattern, LogFiles } from './access-logs/files/log-files.ts';
import { KnownEnds } from './access-logs/known-ends.ts';
import { ClusterStatus, isAvailable } from './cluster-status.ts';
import { registerDashboard } from './dashboard/dashboard-service.ts';
import { MapSource } from './dashboard/map-source.ts';
import { Intake, type IntakeOptions } from './intake.ts';
import { mergedNamespaces } from './merged-namespaces.ts';
import { ClusterNames, nameResources } from './names/cluster-names.ts';
import { registerNameMetrics } from './names/name-metrics.ts';
import { NodeErrors } from './node-errors.ts';
import { NodeRoster } from './node-roster.ts';
import { FollowedPeer } from './peers/followed-peer.ts';
import { NotifyPeers } from './peers/notify-peers.ts';
import type { PeerSet } from './peers/peer-set.ts';
import type { PeerTls } from './peers/peer-tls.ts';
import { StaticPeers } from './peers/static-peers.ts';
import { ClusterPolicies, policyResources } from './policy/cluster-policies.ts';
import { PoliciesInForce } from './policy/policies-in-force.ts';
import { registerPolicyMetrics } from './policy/policy-metrics.ts';
import { policyReport } from './policy/policy-report.ts';
import type { PolicySource } from './policy/policy-source.ts';
import { registerPreviews } from './policy/preview-service.ts';
import { makeMetrics } from './relay-metrics.ts';
import { type Clock, RelayTime } from './relay-time.ts';
import { EndTable } from './service-map/end-table.ts';
import { FilteredMaps } from './service-map/filtered-maps.ts';
import { ServiceMapAggregate } from './service-map/service-map.ts';

const version = '0.1.0';

export interface RelayOptions {
  /** host:port (port 0: any that is free) or unix:/path. */
  readonly listen: string;
  /** Peers as host:port, tls://host:port, unix:///path or dns:///name:port. This, peerService or peerSet. */
  readonly peers?: readonly string[];
  /** Address of a peer.Peer service that names the peers. */
  readonly peerService?: string;
  /** Cluster of the nodes that are followed: in the names of ends, and of the peer service's certificate. Default "default". */
  readonly clusterName?: string;
  /** Any other source of peers. */
  readonly peerSet?: PeerSet;
  /** The API server of the cluster, to name what the nodes cannot name. Default: ends are as the nodes name them. */
  readonly kubernetes?: ApiAccess;
  /** Policies to annotate flows with. Default: none, and flows pass as they come. */
  readonly policies?: PolicySource;
  /** Kubernetes objects (file or folder) that name pods, ports and services for the policies. Default: what flows tell. */
  readonly objects?: string;
  /** Access log files of proxies to follow. Default: none. */
  readonly accessLogs?: readonly LogFilePattern[];
  /** Where to serve Prometheus metrics. Default: nowhere. */
  readonly metrics?: { readonly host: string; readonly port: number };
  /** Where to answer gRPC health checks beside `listen`, in plaintext. Default: nowhere. */
  readonly healthListen?: string;
  /** Bytes of flows kept. Default 256 MiB. */
  readonly ringBytes?: number;
  /** Latest flows fetched from each peer at the first connection. Default 10,000. */
  readonly backfillFlows?: number;
  /** TLS towards peers. Default: plaintext, unless a peer's source says otherwise; then the system's CAs. */
  readonly peerTls?: PeerTls;
  /** TLS of the own server. Default: plaintext. */
  readonly serverTls?: ServerTlsFiles;
  /** Authoriser and limits of the own server. */
  readonly server?: GrpcServerOptions;
  /** Default: this host's name. */
  readonly nodeName?: string;
  readonly merge?: NonNullable<IntakeOptions['merge']>;
  /** Unix milliseconds. Default Date.now. */
  readonly clock?: Clock;
}

export interface RunningRelay {
  /** Where it serves, with the port that was given to it. */
  readonly address: string;
  /** The same of health checks; undefined without `healthListen`. */
  readonly healthAddress: string | undefined;
  stop(): Promise<void>;
}

/** @throws Error when the options cannot be read or an address cannot be listened on */
export async function startRelay(options: RelayOptions): Promise<RunningRelay> {
  const peerSet = peerSetOf(options);
  const time = new RelayTime(options.clock ?? Date.now);
  const nodeName = options.nodeName ?? hostname();
  const ring = new FlowRing({
    wakeDelayMs: 2,
    ...(options.ringBytes === undefined ? {} : { capacityBytes: options.ringBytes }),
  });
  const knownEnds = new KnownEnds();
  const ends = new EndTable(ring, undefined, (description) => knownEnds.note(description));
  const map = new ServiceMapAggregate({ ring, ends });
  const kubernetes = options.kubernetes === undefined ? undefined : watchOf(options.kubernetes);
  const names = kubernetes === undefined ? undefined : new ClusterNames(kubernetes, options.clusterName ?? 'default');
  // Policies that are given go before those of the cluster.
  const policySource =
    options.policies ??
    (kubernetes === undefined ? undefined : new ClusterPolicies(kubernetes, options.clusterName ?? 'default'));
  const policies =
    policySource === undefined
      ? undefined
      : new PoliciesInForce({
          source: policySource,
          ...(options.objects === undefined ? {} : { objectsPath: options.objects }),
          nowMs: () => time.nowMs(),
        });
  const intake = new Intake({
    ring,
    time,
    onFlow: (sequence, nowMs) => map.add(sequence, nowMs),
    // Between the merge and the ring, so that everything behind sees who the ends are and what policy says.
    ...annotating(names, policies),
    ...(options.merge === undefined ? {} : { merge: options.merge }),
  });
  const logs = new AccessLogs({
    endpointAt: (ip) => knownEnds.at(ip),
    admit: (message, time) => intake.admit(message, time),
    now: () => time.now(),
  });
  const logFiles = new LogFiles(options.accessLogs ?? [], logs, nodeName);
  const roster = new NodeRoster(nodeName, time);
  const peers = new Map<string, FollowedPeer>();
  let peerTrouble: string | undefined;
  let tlsTrouble: string | undefined;
  const cluster = new ClusterStatus({
    ring,
    intake,
    map,
    time,
    version,
    peers: () => peers.values(),
    peerTrouble: () => peerTrouble,
    moreCoverage: () => logs.coverage(),
    moreNotices: () => [
      ...(kubernetes?.notices() ?? []),
      ...(policies?.notices() ?? []),
      ...tlsNotices(tlsTrouble),
      ...logFiles.notices(),
    ],
  });

  const tls =
    options.serverTls === undefined
      ? undefined
      : await ServerTls.read(options.serverTls, {
          onTrouble: (text) => {
            tlsTrouble = text;
          },
        });
  const callMetrics = new GrpcMetrics();
  const server = new GrpcServer({
    ...options.server,
    metrics: callMetrics,
    ...(tls === undefined ? {} : { credentials: tls }),
  });
  const observer = registerObserver(server, {
    ring,
    nodeName,
    version,
    nodes: () => cluster.nodes().nodes.map(({ name }) => name),
    preamble: () => roster.greeting(),
    completeUpTo: () => time.toFlowTime(intake.frontierNs),
    getNodes: async () => cluster.nodes(),
    serverStatus: async () => cluster.serverStatus(),
    getNamespaces: async () => ({ namespaces: await mergedNamespaces(ring, peers.values(), time.nowMs()) }),
    otherEvents: 'unimplemented',
    nowMs: () => time.nowMs(),
  });
  const maps = new MapSource(map, new FilteredMaps(ring, ends), () => time.nowMs());
  const dashboard = registerDashboard(server, {
    ...{ ring, time, maps, currentStatus: () => cluster.status() },
    ...(policies === undefined ? {} : { policyReport: (windowSeconds) => policyReport(policies, windowSeconds) }),
  });

  const logStreams = registerAccessLogService(server, logs);
  registerAccessLogs(server, { logs, ring, nowMs: () => time.nowMs() });

  registerPreviews(server, {
    ...{ ring, nowMs: () => time.nowMs() },
    ...(policies === undefined ? {} : { inForce: policies }),
  });

  const errors = new NodeErrors({
    nowMs: () => time.nowMs(),
    tell: (names, message) => intake.tell(roster.event(NodeState.NODE_ERROR, names, message)),
  });
  const noteAvailability = () =>
    server.setServing([...peers.values()].some((peer) => peer.connection.state === 'READY'));
  const stand = (peer: FollowedPeer) =>
    roster.set(peer.key, { name: peer.name, isAvailable: isAvailable(peer), reason: peer.connection.reason });
  const remove = (key: string) => {
    const peer = peers.get(key);
    if (peer === undefined) return;
    peers.delete(key);
    roster.remove(key);
    peer.stop();
    intake.tell(roster.event(NodeState.NODE_GONE, [peer.name], ''));
    noteAvailability();
  };
  const follow: Parameters<PeerSet['start']>[0] = {
    set: (peer) => {
      remove(peer.name);
      const one = new FollowedPeer(
        { peer, time, backfillFlows: options.backfillFlows ?? 10_000, tls: options.peerTls, random: Math.random },
        intake,
        {
          state: (changed, state, reason) => {
            const was = roster.isAvailable(changed.key);
            stand(changed);
            noteAvailability();
            if (state === 'READY') intake.tell(roster.event(NodeState.NODE_CONNECTED, [changed.name], ''));
            else if (state === 'TRANSIENT_FAILURE' && was) errors.note(changed.name, reason ?? '');
          },
          named: stand,
          gap: (changed, fromNs, toNs) => {
            cluster.noteGap(changed.name, fromNs, toNs);
            const [from, to] = [fromNs, toNs].map((ns) => time.toText(ns));
            intake.tell(
              roster.event(NodeState.NODE_ERROR, [changed.name], `flows between ${from} and ${to} may be missing`),
            );
          },
        },
      );
      peers.set(peer.name, one);
      stand(one);
      one.start();
    },
    remove,
    trouble: (text) => {
      peerTrouble = text;
    },
  };

  const registry = makeMetrics({
    peers: () => peers.values(),
    coverage: () => cluster.coverage(),
    figures: () => ({
      queued: intake.queued,
      appended: ring.counters.appended,
      malformed: ring.counters.malformed + ring.counters.tooLarge,
      ringBytes: ring.usedBytes,
      streams: observer.streams.active,
      streamsRefused: observer.streams.refused,
      sent: observer.streams.messages,
      lostToReaders: observer.streams.lost,
      watches: dashboard.watches,
      mapFolded: map.folded,
      mapTooOld: map.tooOld,
      logStreams: logStreams.streams,
      logRecords: logs.ring.next - 1,
      logIntermediate: logs.intermediate,
      logTruncated: logs.truncated,
    }),
  });
  callMetrics.register(registry);
  if (policies !== undefined) registerPolicyMetrics(registry, policies);
  if (names !== undefined && kubernetes !== undefined) registerNameMetrics(registry, names, kubernetes);
  const metrics = options.metrics === undefined ? undefined : await serveMetrics(registry, options.metrics);
  const { listen, healthListen } = options;
  const [address, healthAddress] = await Promise.all([
    server.listen(listen).then((port) => withPort(listen, port)),
    healthListen === undefined
      ? undefined
      : server.listenForHealth(healthListen).then((port) => withPort(healthListen, port)),
  ]).catch(async (error: unknown) => {
    await Promise.all([metrics?.stop(), server.stop()]);
    throw error;
  });
  await kubernetes?.start(kubernetesStartMs);
  await policies?.start();
  await logFiles.start();
  peerSet.start(follow);
  return {
    address,
    healthAddress,
    stop: async () => {
      peerSet.stop();
      for (const peer of peers.values()) peer.stop();
      policies?.stop();
      names?.stop();
      await kubernetes?.stop();
      errors.flush();
      await logFiles.stop();
      intake.stop();
      await metrics?.stop();
      tls?.stop();
      await server.stop();
    },
  };
}

/** The address with the port that was given to it. */
function withPort(listen: string, port: number): string {
  return listen.startsWith('unix:') ? listen : listen.replace(/:\d*$/, `:${port}`);
}

function tlsNotices(trouble: string | undefined): Notice[] {
  if (trouble === undefined) return [];
  const mend = 'Put a certificate, its key and the CAs there that belong together; they are read again every 5 s.';
  return [Notice.create({ severity: Notice_Severity.WARNING, key: 'server-tls', text: trouble, mend })];
}

function peerSetOf({ peers, peerService, peerSet, peerTls, clusterName }: RelayOptions): PeerSet {
  if (peerSet !== undefined) return peerSet;
  if (peerService !== undefined) return new NotifyPeers(peerService, peerTls, clusterName);
  return new StaticPeers(peers ?? []);
}

/** Flows are not kept waiting for longer by an API server that does not answer. */
const kubernetesStartMs = 5000;
/** What names are made of, and what policies are read from. */
export const kubernetesResources: readonly ResourceName[] = [...new Set([...nameResources, ...policyResources])];

function watchOf(access: ApiAccess): ClusterWatch {
  return new ClusterWatch({ access, component: 'relay', resources: kubernetesResources });
}

/** Names first: policies ask for the labels of both ends. */
function annotating(
  names: ClusterNames | undefined,
  policies: PoliciesInForce | undefined,
): Pick<IntakeOptions, 'annotate'> {
  if (names === undefined && policies === undefined) return {};
  return {
    annotate: (bytes, start, end) => {
      const named = names?.name(bytes, start, end);
      const annotated =
        named === undefined ? policies?.annotate(bytes, start, end) : policies?.annotate(named, 0, named.length);
      return annotated ?? named;
    },
  };
}
