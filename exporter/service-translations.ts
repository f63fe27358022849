// Connections to a service's virtual address, told as what they are: connections to the pod behind it. On the client's
// interface a packet still has the virtual address, on the pod's it has the pod's; client address and port are the same
// on both, and that joins them. Where the pod's side is not seen (it is on another node), a service with one backend
// still tells which, and one with several what they have in common.

import type { Backend, ServiceDirectory, ServicePort } from '#kubernetes/service-directory.ts';
import type { ConnectionRecord, DropRecord, KernelRecord, L7Record, SocketAddress } from './kernel/kernel-record.ts';
import { connectionId } from './kernel/records.ts';

/** As many connections as the kernel's table holds, at about 200 bytes: 13 MB. Beyond, the least recent is forgotten. */
const DEFAULT_MAX_CONNECTIONS = 65_536;

/** What the side that opened the connection dialled. */
export interface Dialled {
  readonly address: string;
  readonly port: number;
  readonly servicePort: ServicePort;
  /** The backend's own interface is seen here, so it tells of what the backend sends. */
  readonly isBackendSeen: boolean;
}

export interface Translated<R> {
  readonly record: R;
  /** Undefined where no service's address was dialled. */
  readonly dialled: Dialled | undefined;
}

type EndedRecord = ConnectionRecord | L7Record | DropRecord;

export class ServiceTranslations {
  readonly #services: ServiceDirectory;
  readonly #maxConnections: number;
  /** Backend of a client's connection, by protocol, client address and port, and service port. */
  readonly #backends = new Map<string, Backend>();
  #evicted = 0;
  #resolved = 0;
  #unresolved = 0;

  constructor(services: ServiceDirectory, maxConnections = DEFAULT_MAX_CONNECTIONS) {
    this.#services = services;
    this.#maxConnections = maxConnections;
  }

  /** Records of virtual addresses by outcome, and connections known and pushed out. */
  counters(): Readonly<Record<'known' | 'evicted' | 'resolved' | 'unresolved', number>> {
    return {
      known: this.#backends.size,
      evicted: this.#evicted,
      resolved: this.#resolved,
      unresolved: this.#unresolved,
    };
  }

  /** Call it with all records of a batch before any of them is translated: the client's side comes first. */
  learn(record: KernelRecord): void {
    if (record.type !== 'connection') return;
    const { protocol, initiator, responder } = record;
    this.#note(protocol, initiator, responder);
    // Who opened a connection that was joined midway is a guess.
    if (record.joinedMidway) this.#note(protocol, responder, initiator);
  }

  translate<R extends EndedRecord>(record: R): Translated<R> {
    const ends = endsOf(record);
    for (const [end, other] of [ends, [ends[1], ends[0]] as const]) {
      const servicePort = this.#services.byVirtualAddress(record.protocol, end.address, end.port);
      if (servicePort === undefined) continue;
      const { key, backends } = servicePort;
      const seen = this.#backends.get(`${record.protocol}|${other.address}|${other.port}|${key}`);
      const backend = seen ?? (backends.length === 1 ? backends[0] : undefined);
      if (backend === undefined) this.#unresolved++;
      else this.#resolved++;
      const dialled = { address: end.address, port: end.port, servicePort, isBackendSeen: seen !== undefined };
      return { record: withEnd(record, end, backend ?? commonPort(end, servicePort)), dialled };
    }
    return { record, dialled: undefined };
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

/** The record as the backend's own interface would tell it, connection and all. */
function withEnd<R extends EndedRecord>(record: R, virtual: SocketAddress, backend: Backend): R {
  const change = <E extends SocketAddress>(end: E): E => (end === virtual ? { ...end, ...backend } : end);
  if (record.type === 'connection') {
    const [initiator, responder] = [change(record.initiator), change(record.responder)];
    return { ...record, initiator, responder, connectionId: connectionId(record.protocol, initiator, responder) };
  }
  const [source, destination] = [change(record.source), change(record.destination)];
  return record.type === 'l7'
    ? { ...record, source, destination, connectionId: connectionId(record.protocol, source, destination) }
    : { ...record, source, destination };
}
