// Connections by id: what flows of messages need and their own records lack, kept up to date by the connections' records.

import type { KeptEnds, NamedConnection } from './connection-names.ts';
import type { KernelEnd } from './end-names.ts';
import type { ConnectionRecord, L7Record } from './kernel/kernel-record.ts';
import { LifetimeMap } from './lifetime-map.ts';
import type { Dialled } from './service-translations.ts';

/** As many connections as the kernel's table holds; beyond, the oldest is forgotten and its view is the source's. */
const MAX_CONNECTIONS = 65_536;
/** A connection goes to the end of the line at most this often: which one is the oldest need not be known finer. */
const REORDER_NS = 1e9;

export interface KnownConnection {
  /** Another object whenever one of its fields has changed. */
  named: NamedConnection;
  readonly ipVersion: 4 | 6;
  interfaceIndex: number;
  /** Some interface of this node saw it arrive: then the destination's view is the one all its messages get. */
  seenAtDestination: boolean;
  /** Of `named`, as looked up last. */
  ends: KeptEnds | undefined;
  isEnded: boolean;
  reorderedNs: number;
}

export class KnownConnections {
  readonly #connections = new LifetimeMap<string, KnownConnection>(MAX_CONNECTIONS);

  get(connectionId: string): KnownConnection | undefined {
    return this.#connections.get(connectionId);
  }

  note(record: ConnectionRecord, dialled: Dialled | undefined): KnownConnection {
    const { connectionId, timeBootNs } = record;
    const before = this.#connections.get(connectionId);
    const known = before ?? startOf(record, dialled);
    if (before !== undefined) update(before, record, dialled);
    const isEnd = record.reason === 'closed' || record.reason === 'idle';
    if (before === undefined || before.isEnded || timeBootNs - before.reorderedNs > REORDER_NS) {
      known.reorderedNs = timeBootNs;
      this.#connections.set(connectionId, known);
    }
    if (isEnd) this.#connections.end(connectionId, timeBootNs);
    known.isEnded = isEnd;
    return known;
  }

  /** The connection's own records were lost: all that is known is in the message's. */
  noteMessage(record: L7Record, dialled: Dialled | undefined): void {
    if (this.#connections.get(record.connectionId) !== undefined) return;
    const sender = { ...record.source, socketCookie: record.socketCookie, cgroupId: record.cgroupId };
    const receiver = { ...record.destination, socketCookie: 0, cgroupId: 0 };
    this.#connections.set(record.connectionId, {
      named: {
        initiator: record.fromInitiator ? sender : receiver,
        responder: record.fromInitiator ? receiver : sender,
        protocol: record.protocol,
        dialled,
      },
      ipVersion: record.ipVersion,
      interfaceIndex: record.interfaceIndex,
      seenAtDestination: record.fromInitiator === (record.observation === 'destination'),
      ends: undefined,
      isEnded: false,
      reorderedNs: record.timeBootNs,
    });
  }

  sweep(bootNs: number): void {
    this.#connections.sweep(bootNs);
  }
}

function startOf(record: ConnectionRecord, dialled: Dialled | undefined): KnownConnection {
  return {
    named: {
      initiator: endOf(record.initiator),
      responder: endOf(record.responder),
      protocol: record.protocol,
      dialled,
    },
    ipVersion: record.ipVersion,
    interfaceIndex: record.interfaceIndex,
    seenAtDestination: record.view === 'destination',
    ends: undefined,
    isEnded: false,
    reorderedNs: record.timeBootNs,
  };
}

function update(known: KnownConnection, record: ConnectionRecord, dialled: Dialled | undefined): void {
  const { named } = known;
  // The backend's interface does not see what was dialled; a new connection may reuse the client's port.
  const isNewAtSource = record.reason === 'opened' && record.view === 'source';
  const dialledNow = dialled ?? (isNewAtSource ? undefined : named.dialled);
  const initiator = withOwner(record.initiator, named.initiator);
  const responder = withOwner(record.responder, named.responder);
  if (initiator !== named.initiator || responder !== named.responder || !isSame(dialledNow, named.dialled)) {
    known.named = { initiator, responder, protocol: record.protocol, dialled: dialledNow };
  }
  known.interfaceIndex = record.interfaceIndex;
  if (record.view === 'destination') known.seenAtDestination = true;
}

function endOf({ address, port, socketCookie, cgroupId }: KernelEnd): KernelEnd {
  return { address, port, socketCookie, cgroupId };
}

/** The interface of the other end does not see this end's socket: what an earlier record told is kept. */
function withOwner(end: KernelEnd, before: KernelEnd): KernelEnd {
  const isSameEnd = before.port === end.port && before.address === end.address;
  const isSameOwner = before.socketCookie === end.socketCookie && before.cgroupId === end.cgroupId;
  return isSameEnd && (end.socketCookie === 0 || isSameOwner) ? before : endOf(end);
}

/** Each record makes a Dialled of its own. */
function isSame(one: Dialled | undefined, other: Dialled | undefined): boolean {
  return (
    one === other ||
    (one?.servicePort === other?.servicePort && one?.address === other?.address && one?.port === other?.port)
  );
}
