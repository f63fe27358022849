// The real ends of connections that this node translates: a service's or node's port to a pod, a pod as the node
// (masquerade), or both at once, as when a pod dials itself through its service. Such a connection has other addresses
// before translation than after, and so looks like two; connection tracking knows that they are one. In: records, with
// where they were seen. Out: the tracked connection, and whether another interface tells of it.

import type { ServiceDirectory } from '#kubernetes/service-directory.ts';
import type { TrackedConnection } from './kernel/conntrack.ts';
import type { Place } from './kernel/interfaces.ts';
import type { ConnectionRecord, L7Record, SocketAddress, TransportProtocol } from './kernel/kernel-record.ts';
import { LifetimeMap } from './lifetime-map.ts';

/** As many connections as the kernel's table holds, at about 300 bytes: 20 MB if all are translated. Beyond, asked again. */
const DEFAULT_MAX_CONNECTIONS = 65_536;
/** The first record may be read before its packet has passed the translation; the next one is not. */
const MAX_QUESTIONS = 2;

/** What capture knows of the node it runs on. */
export interface NodeNetwork {
  placeOf(interfaceIndex: number): Place | undefined;
  isHostAddress(address: string): boolean;
  /** Of a pod or container whose own interface is watched. */
  isEndpoint(address: string): boolean;
  /** Asks connection tracking, for packets of one direction; undefined if they are not translated, or it cannot tell. */
  tracked(
    protocol: TransportProtocol,
    source: SocketAddress,
    destination: SocketAddress,
  ): TrackedConnection | undefined;
}

export interface RealEndsOf {
  readonly tracked: TrackedConnection;
  /** One end has an interface of its own here: then this is how both ends are told. Else another node tells the other half. */
  readonly isLocal: boolean;
}

interface Known {
  readonly found: RealEndsOf | undefined;
  readonly questions: number;
}

type SeenRecord = ConnectionRecord | L7Record;

export class RealEnds {
  readonly #network: NodeNetwork;
  readonly #services: ServiceDirectory;
  /** By the connection's id as the interface sees it: there is one before translation and one after. */
  readonly #known: LifetimeMap<string, Known>;

  constructor(network: NodeNetwork, services: ServiceDirectory, maxConnections = DEFAULT_MAX_CONNECTIONS) {
    this.#network = network;
    this.#services = services;
    this.#known = new LifetimeMap(maxConnections);
  }

  get counters(): { readonly known: number; readonly evicted: number } {
    return this.#known.counters;
  }

  /** Undefined where nothing is translated. Asks the kernel once for each connection that may be. */
  of(record: SeenRecord): RealEndsOf | undefined {
    const isOpening = record.type === 'connection' && record.reason === 'opened';
    const known = isOpening ? undefined : this.#known.get(record.connectionId);
    const isSettled = known !== undefined && (known.found !== undefined || known.questions >= MAX_QUESTIONS);
    if (isSettled || (known === undefined && !this.#mayBeTranslated(record)))
      return this.#noteEnd(record, known?.found);
    const found = this.#ask(record);
    this.#known.set(record.connectionId, { found, questions: (known?.questions ?? 0) + 1 });
    return this.#noteEnd(record, found);
  }

  /** What connection tracking said of a connection whose records were seen before; it is not asked. */
  known(connectionId: string): RealEndsOf | undefined {
    return this.#known.get(connectionId)?.found;
  }

  /** Whether the interface that saw it leaves telling to another: it passes through here, or is a copy of what its sender's interface told. */
  isToldElsewhere(record: SeenRecord, { tracked, isLocal }: RealEndsOf): boolean {
    if (isLocal && this.#network.placeOf(record.interfaceIndex) === 'host') return true;
    if (record.type === 'connection' || record.observation !== 'destination') return false;
    const sender = isOneOf(record.source, tracked.client, tracked.masquerade) ? tracked.client : tracked.server;
    return this.#network.isEndpoint(sender.address);
  }

  /** Forgets connections that ended a while ago. */
  sweep(bootNs: number): void {
    this.#known.sweep(bootNs);
  }

  #noteEnd(record: SeenRecord, found: RealEndsOf | undefined): RealEndsOf | undefined {
    const isOver = record.type === 'connection' && (record.reason === 'closed' || record.reason === 'idle');
    if (isOver) this.#known.end(record.connectionId, record.timeBootNs);
    return found;
  }

  /** A question costs 4 to 8 us, so it is not asked of what is plainly between two pods, or a host's own. */
  #mayBeTranslated(record: SeenRecord): boolean {
    const place = this.#network.placeOf(record.interfaceIndex);
    const ends = endsOf(record);
    if (place === 'veth') {
      return ends.some(
        ({ address, port }) =>
          this.#network.isHostAddress(address) ||
          this.#services.byVirtualAddress(record.protocol, address, port) !== undefined,
      );
    }
    if (place !== 'host') return false;
    // What passes through is known as such by its first answer: a first datagram may be told before.
    if (record.type === 'l7') return record.protocol === 'UDP' && record.observation === 'destination';
    // A program of the host that dialled a service: translated before any interface sees it.
    return this.#services.byBackend(record.protocol, record.responder.address, record.responder.port).length > 0;
  }

  #ask(record: SeenRecord): RealEndsOf | undefined {
    const [first, second] = endsOf(record);
    // After translation a connection is found by its answers alone, before it by its requests.
    const isAfter = record.type === 'connection' && record.view === 'destination';
    const [source, destination] = isAfter ? [second, first] : [first, second];
    const tracked =
      this.#network.tracked(record.protocol, source, destination) ??
      this.#network.tracked(record.protocol, destination, source);
    if (tracked === undefined) return undefined;
    const isLocal =
      this.#network.isEndpoint(tracked.client.address) || this.#network.isEndpoint(tracked.server.address);
    return { tracked, isLocal };
  }
}

export function isOneOf(end: SocketAddress, ...addresses: readonly SocketAddress[]): boolean {
  return addresses.some(({ address, port }) => address === end.address && port === end.port);
}

/** Of a connection its initiator first, of a message its sender. */
function endsOf(record: SeenRecord): readonly [SocketAddress, SocketAddress] {
  return record.type === 'connection' ? [record.initiator, record.responder] : [record.source, record.destination];
}
