// Connections to a service's virtual address, told as what they are: connections to the pod behind it. The kernel's
// connection tracking says which pod, and who dialled where the client was masqueraded, too (real-ends.ts). Where it does
// not say: on the client's interface a packet still has the virtual address, on the pod's it has the pod's; client
// address and port are the same on both, and that joins them. Where the pod's side is not seen (it is on another node), a
// service with one backend still tells which, and one with several what they have in common.

import type { Backend, ServiceDirectory, ServicePort } from '#kubernetes/service-directory.ts';
import { connectionId } from './kernel/connection-ids.ts';
import type { ConnectionRecord, DropRecord, KernelRecord, L7Record, SocketAddress } from './kernel/kernel-record.ts';
import { isOneOf, type RealEnds, type RealEndsOf } from './real-ends.ts';

/** As many connections as the kernel's table holds, at about 200 bytes: 13 MB. Beyond, the least recent is forgotten. */
const DEFAULT_MAX_CONNECTIONS = 65_536;

/** A power of two: as many connections as are told of within a batch or two. 32 KB. */
const RECENT = 4096;

/** What the side that opened the connection dialled. */
export interface Dialled {
  readonly address: string;
  readonly port: number;
  /** Undefined where the address was translated, and no service is known that it belongs to. */
  readonly servicePort: ServicePort | undefined;
}

export interface Translated<R> {
  readonly record: R;
  /** Undefined where the address that was dialled is the destination's own. */
  readonly dialled: Dialled | undefined;
  /** Another interface of this node tells the same: this record is to be left out. */
  readonly isToldElsewhere: boolean;
}

type EndedRecord = ConnectionRecord | L7Record | DropRecord;

export class ServiceTranslations {
  readonly #services: ServiceDirectory;
  readonly #realEnds: RealEnds | undefined;
  readonly #maxConnections: number;
  /** Backend of a client's connection, by protocol, client address and port, and service port. */
  readonly #backends = new Map<string, Backend>();
  /** Ids of connections, by their ports, whose backends are noted: each is told of several times within a moment. */
  readonly #recent: string[] = Array.from({ length: RECENT }, () => '');
  /** In which turn each was noted: with another version of the services, or one pushed out, nothing is recent. */
  readonly #recentTurn = new Int32Array(RECENT);
  #turn = 1;
  #recentVersion = -1;
  #evicted = 0;
  #resolved = 0;
  #unresolved = 0;
  #toldElsewhere = 0;

  /** Without `realEnds`, what is masqueraded has the node as its source. */
  constructor(services: ServiceDirectory, realEnds?: RealEnds, maxConnections = DEFAULT_MAX_CONNECTIONS) {
    this.#services = services;
    this.#realEnds = realEnds;
    this.#maxConnections = maxConnections;
  }

  /** Records of virtual addresses by outcome, records left out, connections known and pushed out. */
  counters(): Readonly<Record<'known' | 'evicted' | 'resolved' | 'unresolved' | 'told_elsewhere', number>> {
    const real = this.#realEnds?.counters;
    return {
      known: this.#backends.size + (real?.known ?? 0),
      evicted: this.#evicted + (real?.evicted ?? 0),
      resolved: this.#resolved,
      unresolved: this.#unresolved,
      told_elsewhere: this.#toldElsewhere,
    };
  }

  /** Call it with all records of a batch before any of them is translated: the client's side comes first. */
  learn(record: KernelRecord): void {
    if (record.type !== 'connection') return;
    const { protocol, initiator, responder, connectionId } = record;
    if (this.#services.version !== this.#recentVersion) {
      this.#recentVersion = this.#services.version;
      this.#turn++;
    }
    const slot = (initiator.port ^ responder.port) & (RECENT - 1);
    const isRecent = this.#recentTurn[slot] === this.#turn && this.#recent[slot] === connectionId;
    if (isRecent && record.reason !== 'opened') return;
    this.#recent[slot] = connectionId;
    this.#recentTurn[slot] = this.#turn;
    this.#note(protocol, initiator, responder);
    // Who opened a connection that was joined midway is a guess.
    if (record.joinedMidway) this.#note(protocol, responder, initiator);
  }

  /** What it says of a connection holds until that connection is `opened` anew or a batch is learned from. */
  translate<R extends EndedRecord>(record: R): Translated<R> {
    const real = this.#realEndsOf(record);
    const translated = real === undefined ? this.#byClient(record) : this.#byTracking(record, real);
    if (translated.isToldElsewhere) this.#toldElsewhere++;
    return translated;
  }

  /** Forgets connections that ended a while ago. */
  sweep(bootNs: number): void {
    this.#realEnds?.sweep(bootNs);
  }

  #realEndsOf(record: EndedRecord): RealEndsOf | undefined {
    if (record.type !== 'drop') return this.#realEnds?.of(record);
    return this.#realEnds?.known(connectionId(record.protocol, record.source, record.destination));
  }

  #byTracking<R extends EndedRecord>(record: R, real: RealEndsOf): Translated<R> {
    const { client, dialled, server, masquerade } = real.tracked;
    const isToldElsewhere = record.type !== 'drop' && this.#realEnds?.isToldElsewhere(record, real) === true;
    const asDialled = isOneOf(dialled, server)
      ? undefined
      : { ...dialled, servicePort: this.#servicePortOf(record.protocol, dialled, server) };
    if (asDialled !== undefined) this.#resolved++;
    // Both halves of the way are told by themselves where neither end is on this node: joined, they would be told twice.
    if (!real.isLocal) return { record, dialled: asDialled, isToldElsewhere };
    const change = <E extends SocketAddress>(end: E): E => {
      if (isOneOf(end, client, masquerade)) return { ...end, ...client };
      return isOneOf(end, dialled, server) ? { ...end, ...server } : end;
    };
    return { record: withEnds(record, change), dialled: asDialled, isToldElsewhere };
  }

  /** A node's port is known by its number; what is behind no other address is the one service of its pod's port. */
  #servicePortOf(protocol: string, dialled: SocketAddress, server: SocketAddress): ServicePort | undefined {
    const known = this.#services.byVirtualAddress(protocol, dialled.address, dialled.port);
    if (known !== undefined) return known;
    const behind = this.#services.byBackend(protocol, server.address, server.port);
    return behind.find(({ nodePort }) => nodePort === dialled.port) ?? (behind.length === 1 ? behind[0] : undefined);
  }

  #byClient<R extends EndedRecord>(record: R): Translated<R> {
    const ends = endsOf(record);
    for (const [end, other] of [ends, [ends[1], ends[0]] as const]) {
      const servicePort = this.#services.byVirtualAddress(record.protocol, end.address, end.port);
      if (servicePort === undefined) continue;
      const { key, backends } = servicePort;
      const seen = this.#backends.get(`${record.protocol}|${other.address}|${other.port}|${key}`);
      const backend = seen ?? (backends.length === 1 ? backends[0] : undefined);
      if (backend === undefined) this.#unresolved++;
      else this.#resolved++;
      const dialled = { address: end.address, port: end.port, servicePort };
      const to = backend ?? commonPort(end, servicePort);
      // A service's address has no interface, so the kernel takes its answers for a stranger's and copies them once more
      // on the client's side. Over UDP nothing else tells the copy from an answer.
      const isToldElsewhere = seen !== undefined && record.type === 'l7' && record.observation === 'destination';
      const change = <E extends SocketAddress>(one: E): E => (one === end ? { ...one, ...to } : one);
      return { record: withEnds(record, change), dialled, isToldElsewhere };
    }
    return { record, dialled: undefined, isToldElsewhere: false };
  }

  #note(protocol: string, client: SocketAddress, server: SocketAddress): void {
    for (const { key } of this.#services.byBackend(protocol, server.address, server.port)) {
      const at = `${protocol}|${client.address}|${client.port}|${key}`;
      this.#backends.delete(at);
      this.#backends.set(at, { address: server.address, port: server.port });
      if (this.#backends.size <= this.#maxConnections) continue;
      const [oldest] = this.#backends.keys();
      if (oldest !== undefined) this.#backends.delete(oldest);
      this.#evicted++;
      this.#turn++;
    }
  }
}

function endsOf(record: EndedRecord): readonly [SocketAddress, SocketAddress] {
  return record.type === 'connection' ? [record.responder, record.initiator] : [record.destination, record.source];
}

/** The pod is not known, its port is, if all have the same: an edge of the map is drawn to the port that the pod has. */
function commonPort(virtual: SocketAddress, { backends }: ServicePort): Backend {
  const [port, ...others] = new Set(backends.map((backend) => backend.port));
  return { address: virtual.address, port: port === undefined || others.length > 0 ? virtual.port : port };
}

/** The record as an interface beyond the translation would tell it, connection and all. */
function withEnds<R extends EndedRecord>(record: R, change: <E extends SocketAddress>(end: E) => E): R {
  if (record.type === 'connection') {
    const [initiator, responder] = [change(record.initiator), change(record.responder)];
    return { ...record, initiator, responder, connectionId: connectionId(record.protocol, initiator, responder) };
  }
  const [source, destination] = [change(record.source), change(record.destination)];
  return record.type === 'l7'
    ? { ...record, source, destination, connectionId: connectionId(record.protocol, source, destination) }
    : { ...record, source, destination };
}
