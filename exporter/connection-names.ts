// The two ends of a connection in the words of its flows. Looking them up costs more than all else in a flow, so they
// are kept with the connection, and looked up anew when a socket, an object of the cluster or a DNS answer has told
// something else, and each second in any case: /proc and cgroups change without telling.

import { EndEncoder } from './encode/end-encoder.ts';
import type { FlowEnd } from './encode/flow-end.ts';
import type { EndNames, KernelEnd } from './end-names.ts';
import type { DnsNames } from './endpoints/dns-names.ts';
import type { SocketRecord, TransportProtocol } from './kernel/kernel-record.ts';
import type { Dialled } from './service-translations.ts';
import type { SocketTable } from './socket-table.ts';

const TRUST_MS = 1000;

/** Whose connection it is: what the kernel told of it. */
export interface NamedConnection {
  readonly initiator: KernelEnd;
  readonly responder: KernelEnd;
  readonly protocol: TransportProtocol;
  /** The service's address that the initiator dialled, if it was one. */
  readonly dialled: Dialled | undefined;
}

export interface ConnectionEnds {
  readonly initiator: FlowEnd;
  readonly responder: FlowEnd;
  /** Encoded Process. */
  readonly initiatorProcess: Uint8Array | undefined;
  readonly responderProcess: Uint8Array | undefined;
}

/** Ends, and what they rest on. */
export interface KeptEnds extends ConnectionEnds {
  readonly connection: NamedConnection;
  readonly initiatorSocket: SocketRecord | undefined;
  readonly responderSocket: SocketRecord | undefined;
  readonly version: number;
  readonly dnsChanges: number;
  readonly untilMs: number;
}

export interface ConnectionNamesParts {
  readonly names: EndNames;
  readonly dnsNames: DnsNames;
  readonly sockets: SocketTable;
  /** Grows when an address may have got another name. */
  version(): number;
  nowUnixMs(): number;
}

export class ConnectionNames {
  readonly #parts: ConnectionNamesParts;
  readonly #encoder = new EndEncoder();
  #version = -1;
  /** When the version was seen to have grown: before that, an address may have had another owner than now. */
  #changedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ConnectionNamesParts) {
    this.#parts = parts;
  }

  /** Call it before the records of a batch. */
  noteChanges(): void {
    const version = this.#parts.version();
    if (version === this.#version) return;
    this.#version = version;
    this.#changedMs = this.#parts.nowUnixMs();
  }

  /** The connection's ends at a time; `kept` are those of before, for the same connection. */
  endsAt(connection: NamedConnection, atUnixMs: number, kept: KeptEnds | undefined): KeptEnds {
    return kept !== undefined && this.#hold(kept, connection, atUnixMs) ? kept : this.look(connection, atUnixMs);
  }

  look(connection: NamedConnection, atUnixMs: number): KeptEnds {
    const { names, dnsNames, sockets } = this.#parts;
    const { initiator, responder, protocol, dialled } = connection;
    const one = names.nameEnd(initiator, protocol, false, atUnixMs);
    const other = names.nameEnd(responder, protocol, true, atUnixMs, dialled?.servicePort);
    const oneNames = dnsNames.namesOf(responder.address, initiator.address, atUnixMs);
    const otherNames = dnsNames.namesOf(initiator.address, responder.address, atUnixMs);
    return {
      initiator: this.#encoder.end(initiator.address, one.info, one.service, oneNames),
      responder: this.#encoder.end(responder.address, other.info, other.service, otherNames),
      initiatorProcess: one.process && this.#encoder.process(one.process),
      responderProcess: other.process && this.#encoder.process(other.process),
      connection,
      initiatorSocket: sockets.byCookie(initiator.socketCookie),
      responderSocket: sockets.byCookie(responder.socketCookie),
      version: this.#version,
      dnsChanges: dnsNames.changes,
      untilMs: atUnixMs >= this.#changedMs ? atUnixMs + TRUST_MS : Number.NEGATIVE_INFINITY,
    };
  }

  #hold(kept: KeptEnds, connection: NamedConnection, atUnixMs: number): boolean {
    const { dnsNames, sockets } = this.#parts;
    return (
      kept.connection === connection &&
      atUnixMs < kept.untilMs &&
      atUnixMs >= this.#changedMs &&
      kept.version === this.#version &&
      kept.dnsChanges === dnsNames.changes &&
      hasSameOwner(kept.initiatorSocket, sockets.byCookie(connection.initiator.socketCookie)) &&
      hasSameOwner(kept.responderSocket, sockets.byCookie(connection.responder.socketCookie))
    );
  }
}

function hasSameOwner(before: SocketRecord | undefined, now: SocketRecord | undefined): boolean {
  return (
    before === now ||
    (before?.pid === now?.pid && before?.command === now?.command && before?.cgroupId === now?.cgroupId)
  );
}
