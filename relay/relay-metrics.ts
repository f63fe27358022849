// Prometheus metrics of a relay: Hubble's names where Hubble has them, ours under parallax_relay_ and parallax_hop_. Figures are read when
// they are asked for.

import { Counter, Gauge, type Registry } from 'prom-client';
import { undecodableCount } from '#observer/kept-message.ts';
import { processRegistry } from '#observer/metrics-server.ts';
import type { HopCoverage } from '#proto/gen/parallax/v1/dashboard.ts';
import type { FollowedPeer } from './peers/followed-peer.ts';
import type { PeerState } from './peers/peer-connection.ts';

const states: readonly PeerState[] = ['IDLE', 'CONNECTING', 'READY', 'TRANSIENT_FAILURE', 'SHUTDOWN'];

export interface MetricsSource {
  readonly peers: () => Iterable<FollowedPeer>;
  readonly coverage: () => readonly HopCoverage[];
  readonly figures: () => {
    readonly queued: number;
    readonly appended: number;
    readonly malformed: number;
    readonly ringBytes: number;
    readonly streams: number;
    readonly streamsRefused: number;
    readonly sent: number;
    readonly lostToReaders: number;
    readonly watches: number;
    readonly mapFolded: number;
    readonly mapTooOld: number;
    readonly logStreams: number;
    readonly logRecords: number;
    readonly logIntermediate: number;
    readonly logTruncated: number;
  };
}

export function makeMetrics(source: MetricsSource): Registry {
  const registry = processRegistry();
  const registers = [registry];
  new Gauge({
    name: 'hubble_relay_pool_peer_connection_status',
    help: 'Peers by state of their connection',
    labelNames: ['status'],
    registers,
    collect() {
      for (const state of states) this.set({ status: state }, 0);
      for (const { connection } of source.peers()) this.inc({ status: connection.state });
    },
  });
  peerCounter(registers, source, 'seen', 'Flows received from a peer', (peer) => peer.counters.seen);
  peerCounter(registers, source, 'lost', 'Events that a peer lost before they were read', (peer) => peer.counters.lost);
  peerCounter(registers, source, 'late', 'Flows that came later than the merge window', (peer) => peer.counters.late);
  peerCounter(registers, source, 'backfilled', 'Flows fetched after an absence', (peer) => peer.counters.backfilled);
  peerCounter(
    registers,
    source,
    'duplicates',
    'Flows repeated by a peer and left out',
    (peer) => peer.connection.duplicates,
  );
  hopCounter(registers, source, 'seen', 'Events that came to a hop, lost ones included', ({ seen }) => seen);
  hopCounter(registers, source, 'delivered', 'Events that a hop passed on', ({ seen, lost }) => seen - lost);
  hopCounter(registers, source, 'late', 'Events that a hop passed on out of order', ({ late }) => late);
  hopCounter(registers, source, 'lost', 'Events that a hop lost', ({ lost }) => lost);
  figure(registers, 'appended_total', 'Messages taken into the ring', () => source.figures().appended);
  figure(registers, 'malformed_total', 'Messages that could not be read', () => source.figures().malformed);
  figure(registers, 'undecodable_total', 'Times a kept message was found to be damaged inside', undecodableCount);
  figure(registers, 'access_log_records_total', 'Access log records taken in', () => source.figures().logRecords);
  figure(
    registers,
    'access_log_intermediate_total',
    'Access log records about what goes on, not counted as requests',
    () => source.figures().logIntermediate,
  );
  figure(
    registers,
    'access_log_truncated_total',
    'Access log records in which a field was cut or left out',
    () => source.figures().logTruncated,
  );
  gauge(registers, 'access_log_streams', 'Access log streams open', () => source.figures().logStreams);
  figure(registers, 'sent_total', 'Messages sent to GetFlows clients', () => source.figures().sent);
  figure(
    registers,
    'streams_refused_total',
    'GetFlows calls refused, too many being open',
    () => source.figures().streamsRefused,
  );
  figure(registers, 'lost_to_readers_total', 'Messages that slow clients missed', () => source.figures().lostToReaders);
  figure(registers, 'map_folded_total', 'Flows counted as "other" on the map', () => source.figures().mapFolded);
  figure(registers, 'map_too_old_total', 'Flows too old for any map', () => source.figures().mapTooOld);
  gauge(registers, 'merge_queued', 'Messages waiting for the watermark', () => source.figures().queued);
  gauge(registers, 'ring_bytes', 'Bytes of flows kept', () => source.figures().ringBytes);
  gauge(registers, 'streams', 'Open GetFlows streams', () => source.figures().streams);
  gauge(registers, 'watches', 'Open pages', () => source.figures().watches);
  return registry;
}

function peerCounter(
  registers: Registry[],
  source: MetricsSource,
  name: string,
  help: string,
  read: (peer: FollowedPeer) => number,
): void {
  new Counter({
    name: `parallax_relay_peer_${name}_total`,
    help,
    labelNames: ['peer'],
    registers,
    collect() {
      this.reset();
      for (const peer of source.peers()) this.inc({ peer: peer.name }, read(peer));
    },
  });
}

function hopCounter(
  registers: Registry[],
  source: MetricsSource,
  name: string,
  help: string,
  read: (hop: HopCoverage) => bigint,
): void {
  new Counter({
    name: `parallax_hop_${name}_total`,
    help,
    labelNames: ['hop', 'node'],
    registers,
    collect() {
      this.reset();
      for (const hop of source.coverage()) this.inc({ hop: hop.hop, node: hop.nodeName }, Number(read(hop)));
    },
  });
}

function figure(registers: Registry[], name: string, help: string, read: () => number): void {
  new Counter({
    name: `parallax_relay_${name}`,
    help,
    registers,
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

function gauge(registers: Registry[], name: string, help: string, read: () => number): void {
  new Gauge({
    name: `parallax_relay_${name}`,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}
