// Bytes of the TLS object's ring to pieces of plaintext. Nothing decoded refers to the kernel's memory.

import { readAddress } from '../kernel/addresses.ts';
import type { SocketAddress } from '../kernel/kernel-record.ts';
import { headerLayout, recordType, tlsRecordLayout, tlsSocketLayout } from '../kernel/layout.ts';
import { readUint64 } from '../kernel/records.ts';

/** The socket that the library's connection goes over, and why it is thought to be it. */
export interface JoinedSocket {
  /** The library read from it within a call; or the thread did, last before the library gave out data. */
  readonly join: 'inside' | 'before';
  readonly cookie: number;
  readonly ipVersion: 4 | 6;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
}

/** A stretch of what a process got from its TLS library or handed to it; or, `freed`, the end of the connection. */
export interface TlsPiece {
  readonly kind: 'read' | 'written' | 'freed';
  readonly timeBootNs: number;
  readonly pid: number;
  /** The library's connection: an address in the process, used again once it was freed. */
  readonly connection: string;
  readonly socket: JoinedSocket | undefined;
  /** Bytes of this direction before it, modulo 2^32. */
  readonly offset: number;
  /** Bytes it stands for; `data` holds the first of them. */
  readonly length: number;
  readonly data: Uint8Array;
}

const KINDS = [undefined, 'read', 'written', 'freed'] as const;
const JOINS = [undefined, 'inside', 'before'] as const;

/** Undefined for what is no such record. */
export function decodeTlsPiece(view: DataView, offset: number, length: number): TlsPiece | undefined {
  const at = tlsRecordLayout;
  if (length < at.sizeof || view.getUint8(offset + headerLayout.type) !== recordType.tls) return undefined;
  const kind = KINDS[view.getUint8(offset + headerLayout.reason)];
  const captured = view.getUint32(offset + at.captured, true);
  if (kind === undefined || at.sizeof + captured > length) return undefined;
  return {
    kind,
    timeBootNs: readUint64(view, offset + headerLayout.timeNs),
    pid: view.getUint32(offset + at.pid, true),
    connection: view.getBigUint64(offset + at.connection, true).toString(16),
    socket: decodeSocket(view, offset + at.socket),
    offset: view.getUint32(offset + at.offset, true),
    length: view.getUint32(offset + at.length, true),
    data: new Uint8Array(view.buffer, view.byteOffset + offset + at.sizeof, captured).slice(),
  };
}

function decodeSocket(view: DataView, offset: number): JoinedSocket | undefined {
  const at = tlsSocketLayout;
  const join = JOINS[view.getUint8(offset + at.join)];
  if (join === undefined) return undefined;
  return {
    join,
    cookie: readUint64(view, offset + at.cookie),
    ipVersion: view.getUint8(offset + at.family) === 4 ? 4 : 6,
    local: { address: readAddress(view, offset + at.local), port: view.getUint16(offset + at.localPort, true) },
    remote: { address: readAddress(view, offset + at.remote), port: view.getUint16(offset + at.remotePort, true) },
  };
}
