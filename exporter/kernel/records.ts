// Bytes of the ring to KernelRecord: the only place that knows both. Nothing decoded refers to the kernel's memory.
// A record of unknown type or length is undefined, for the caller to count.

import { readAddress } from './addresses.ts';
import type { ConnectionIds } from './connection-ids.ts';
import type { ConnectionLedger, SideTotals } from './connection-ledger.ts';
import type {
  ConnectionReason,
  ConnectionRecord,
  ConnectionSide,
  DropRecord,
  KernelRecord,
  L7Hint,
  L7Record,
  SocketAddress,
  SocketEvent,
  SocketRecord,
  TransportProtocol,
} from './kernel-record.ts';
import {
  connectionRecordLayout,
  dropRecordLayout,
  headerLayout,
  l7Flag,
  l7RecordLayout,
  localBoth,
  mark,
  reasonBit,
  recordType,
  sideLayout,
  socketRecordLayout,
} from './layout.ts';
import { copyPayload } from './payload-slab.ts';

/** What decoding needs beside the bytes. */
export interface DecodeContext {
  readonly ledger: ConnectionLedger;
  readonly ids: ConnectionIds;
  dropReasonName(reason: number): string;
}

const L7_HINTS: readonly L7Hint[] = ['unknown', 'http1', 'http2', 'dns', 'tls', 'redis', 'postgresql'];
const SOCKET_EVENTS: readonly (SocketEvent | undefined)[] = [
  undefined,
  'listening',
  'connected',
  'accepted',
  'closed',
  'connect_failed',
  'connecting',
  'sending',
];

export function decodeRecord(
  view: DataView,
  offset: number,
  length: number,
  context: DecodeContext,
): KernelRecord | undefined {
  if (length < headerLayout.sizeof) return undefined;
  const type = view.getUint8(offset + headerLayout.type);
  if (type === recordType.connection && length >= connectionRecordLayout.sizeof) {
    return decodeConnection(view, offset, context);
  }
  if (type === recordType.l7 && length >= l7RecordLayout.sizeof) return decodeL7(view, offset, length, context);
  if (type === recordType.drop && length >= dropRecordLayout.sizeof) return decodeDrop(view, offset, context);
  if (type === recordType.socket && length >= socketRecordLayout.sizeof) return decodeSocket(view, offset);
  return undefined;
}

/** A 64-bit number as a double: exact below 2^53. */
export function readUint64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 4294967296;
}

export function protocolName(protocol: number): TransportProtocol {
  switch (protocol) {
    case 6:
      return 'TCP';
    case 17:
      return 'UDP';
    case 1:
      return 'ICMPv4';
    case 58:
      return 'ICMPv6';
    case 132:
      return 'SCTP';
    default:
      return 'OTHER';
  }
}

/** The fields of a connection wherever they come from: a record of the ring, or an entry of the table. */
export interface RawConnection {
  readonly reason: ConnectionReason;
  readonly timeBootNs: number;
  readonly openedBootNs: number;
  readonly protocol: number;
  readonly family: number;
  readonly id: string;
  readonly ends: readonly [SocketAddress, SocketAddress];
  /** View on two consecutive px_side structs. */
  readonly sides: DataView;
  readonly sidesOffset: number;
  readonly initiator: number;
  readonly local: number;
  readonly marks: number;
  readonly sender: number;
  readonly packetTcpFlags: number;
  readonly icmpType: number;
  readonly icmpCode: number;
  readonly interfaceIndex: number;
}

/** Of the connection at hand. */
const totals: SideTotals = { firstBytes: 0, firstPackets: 0, secondBytes: 0, secondPackets: 0 };

export function buildConnection(raw: RawConnection, ledger: ConnectionLedger): ConnectionRecord {
  const protocol = protocolName(raw.protocol);
  const isIcmp = protocol === 'ICMPv4' || protocol === 'ICMPv6';
  const { sides, sidesOffset: firstAt } = raw;
  const secondAt = firstAt + sideLayout.sizeof;
  totals.firstBytes = readUint64(sides, firstAt + sideLayout.bytes);
  totals.firstPackets = readUint64(sides, firstAt + sideLayout.packets);
  totals.secondBytes = readUint64(sides, secondAt + sideLayout.bytes);
  totals.secondPackets = readUint64(sides, secondAt + sideLayout.packets);
  const fresh = ledger.account(raw.interfaceIndex, raw.id, raw.openedBootNs, totals);
  const [one, other] = raw.ends;
  const { firstBytes, firstPackets, secondBytes, secondPackets } = totals;
  const first = readSide(sides, firstAt, one, isIcmp, firstBytes, firstPackets, fresh.firstBytes, fresh.firstPackets);
  const second = readSide(
    sides,
    secondAt,
    other,
    isIcmp,
    secondBytes,
    secondPackets,
    fresh.secondBytes,
    fresh.secondPackets,
  );
  const record: ConnectionRecord = {
    type: 'connection',
    reason: raw.reason,
    timeBootNs: raw.timeBootNs,
    openedBootNs: raw.openedBootNs,
    connectionId: raw.id,
    protocol,
    ipVersion: raw.family === 4 ? 4 : 6,
    initiator: raw.initiator === 0 ? first : second,
    responder: raw.initiator === 0 ? second : first,
    view: raw.local === localBoth || raw.local === raw.initiator ? 'source' : 'destination',
    interfaceIndex: raw.interfaceIndex,
    fromInitiator: raw.sender === raw.initiator,
    packetTcpFlags: raw.packetTcpFlags,
    joinedMidway: (raw.marks & mark.midway) !== 0,
  };
  return isIcmp ? { ...record, icmp: { type: raw.icmpType, code: raw.icmpCode } } : record;
}

function readSide(
  view: DataView,
  offset: number,
  { address, port }: SocketAddress,
  isIcmp: boolean,
  bytes: number,
  packets: number,
  newBytes: number,
  newPackets: number,
): ConnectionSide {
  return {
    address,
    port: isIcmp ? 0 : port,
    bytes,
    packets,
    newBytes,
    newPackets,
    tcpFlags: view.getUint32(offset + sideLayout.tcpFlags, true),
    socketCookie: readUint64(view, offset + sideLayout.socketCookie),
    cgroupId: readUint64(view, offset + sideLayout.cgroupId),
  };
}

function connectionReason(bits: number): ConnectionReason {
  if ((bits & reasonBit.closed) !== 0) return 'closed';
  if ((bits & reasonBit.opened) !== 0) return 'opened';
  return (bits & reasonBit.flags) !== 0 ? 'flags' : 'tick';
}

function decodeConnection(view: DataView, offset: number, { ledger, ids }: DecodeContext): ConnectionRecord {
  const at = connectionRecordLayout;
  const protocol = view.getUint8(offset + at.protocol);
  const { id, ends } = ids.find(
    view,
    offset + at.address,
    view.getUint16(offset + at.port, true),
    offset + at.address + 16,
    view.getUint16(offset + at.port + 2, true),
    protocol,
    protocolName(protocol),
  );
  return buildConnection(
    {
      reason: connectionReason(view.getUint8(offset + headerLayout.reason)),
      timeBootNs: readUint64(view, offset + headerLayout.timeNs),
      openedBootNs: readUint64(view, offset + at.openedNs),
      protocol,
      family: view.getUint8(offset + at.family),
      id,
      ends: ids.isTurned ? [ends[1], ends[0]] : ends,
      sides: view,
      sidesOffset: offset + at.side,
      initiator: view.getUint8(offset + at.initiator),
      local: view.getUint8(offset + at.local),
      marks: view.getUint8(offset + at.marks),
      sender: view.getUint8(offset + at.sender),
      packetTcpFlags: view.getUint8(offset + at.packetFlags),
      icmpType: view.getUint8(offset + at.icmpType),
      icmpCode: view.getUint8(offset + at.icmpCode),
      interfaceIndex: view.getUint32(offset + at.interfaceIndex, true),
    },
    ledger,
  );
}

function decodeL7(view: DataView, offset: number, length: number, { ids }: DecodeContext): L7Record | undefined {
  const at = l7RecordLayout;
  const captured = view.getUint16(offset + at.captured, true);
  if (at.sizeof + captured > length) return undefined;
  const flags = view.getUint8(offset + at.flags);
  const number = view.getUint8(offset + at.protocol);
  const protocol = number === 17 ? 'UDP' : 'TCP';
  const { id, ends } = ids.find(
    view,
    offset + at.source,
    view.getUint16(offset + at.sourcePort, true),
    offset + at.destination,
    view.getUint16(offset + at.destinationPort, true),
    number,
    protocol,
  );
  const [source, destination] = ids.isTurned ? [ends[1], ends[0]] : ends;
  return {
    type: 'l7',
    timeBootNs: readUint64(view, offset + headerLayout.timeNs),
    connectionId: id,
    fromInitiator: view.getUint8(offset + at.fromInitiator) === 1,
    observation: view.getUint8(offset + at.toHook) === 1 ? 'destination' : 'source',
    interfaceIndex: view.getUint32(offset + at.interfaceIndex, true),
    protocol,
    ipVersion: view.getUint8(offset + at.family) === 4 ? 4 : 6,
    source,
    destination,
    sequence: view.getUint32(offset + at.sequence, true),
    payloadLength: view.getUint32(offset + at.payloadLength, true),
    data: copyPayload(view, offset + at.sizeof, captured),
    hint: L7_HINTS[view.getUint8(offset + at.hint)] ?? 'unknown',
    nothingMissed: (flags & l7Flag.nothingMissed) !== 0,
    wholeStream: (flags & l7Flag.wholeStream) !== 0,
    socketCookie: readUint64(view, offset + at.socketCookie),
    cgroupId: readUint64(view, offset + at.cgroupId),
  };
}

function decodeDrop(view: DataView, offset: number, context: DecodeContext): DropRecord {
  const at = dropRecordLayout;
  const reason = view.getUint32(offset + at.reason, true);
  return {
    type: 'drop',
    timeBootNs: readUint64(view, offset + headerLayout.timeNs),
    reason,
    reasonName: context.dropReasonName(reason),
    location: view.getBigUint64(offset + at.location, true).toString(16),
    symbol: readText(view, offset + at.symbol, 32),
    protocol: protocolName(view.getUint8(offset + at.protocol)),
    ipVersion: view.getUint8(offset + at.family) === 4 ? 4 : 6,
    source: { address: readAddress(view, offset + at.source), port: view.getUint16(offset + at.sourcePort, true) },
    destination: {
      address: readAddress(view, offset + at.destination),
      port: view.getUint16(offset + at.destinationPort, true),
    },
    tcpFlags: view.getUint8(offset + at.tcpFlags),
    bytes: view.getUint32(offset + at.bytes, true),
    interfaceIndex: view.getUint32(offset + at.interfaceIndex, true),
    interfaceName: readText(view, offset + at.interfaceName, 16),
    networkNamespace: view.getUint32(offset + at.networkNamespace, true),
    direction: view.getUint8(offset + at.received) === 1 ? 'ingress' : 'egress',
    suppressedBefore: view.getUint32(offset + at.suppressed, true),
  };
}

const ERRNO_TIMED_OUT = 110;
const ERRNO_REFUSED = 111;
const ERRNO_UNREACHABLE: ReadonlySet<number> = new Set([101, 113]);

function connectFailure(error: number): NonNullable<SocketRecord['failure']> {
  if (error === ERRNO_REFUSED) return 'refused';
  if (error === ERRNO_TIMED_OUT) return 'timed_out';
  return ERRNO_UNREACHABLE.has(error) ? 'unreachable' : 'other';
}

function decodeSocket(view: DataView, offset: number): SocketRecord | undefined {
  const at = socketRecordLayout;
  const event = SOCKET_EVENTS[view.getUint8(offset + headerLayout.reason)];
  if (event === undefined) return undefined;
  const minimumRttUs = view.getUint32(offset + at.minimumRttUs, true);
  return {
    type: 'socket',
    event,
    timeBootNs: readUint64(view, offset + headerLayout.timeNs),
    socketCookie: readUint64(view, offset + at.socketCookie),
    cgroupId: readUint64(view, offset + at.cgroupId),
    pid: view.getUint32(offset + at.pid, true),
    command: readText(view, offset + at.command, 16),
    ...readExecutable(view, offset),
    networkNamespace: view.getUint32(offset + at.networkNamespace, true),
    ipVersion: view.getUint8(offset + at.family) === 4 ? 4 : 6,
    local: { address: readAddress(view, offset + at.local), port: view.getUint16(offset + at.localPort, true) },
    remote: { address: readAddress(view, offset + at.remote), port: view.getUint16(offset + at.remotePort, true) },
    health: {
      smoothedRttUs: view.getUint32(offset + at.smoothedRttUs, true),
      // All ones until the first sample.
      minimumRttUs: minimumRttUs === 0xffffffff ? 0 : minimumRttUs,
      retransmits: view.getUint32(offset + at.retransmits, true),
      connectUs: view.getUint32(offset + at.connectUs, true),
    },
    ...(event === 'connect_failed' ? { failure: connectFailure(view.getUint32(offset + at.error, true)) } : {}),
  };
}

/** The kernel half writes names from the file upwards. A path that had no room begins with '…'. */
function readExecutable(view: DataView, offset: number): { readonly executable?: string } {
  const at = socketRecordLayout;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset + at.executable, at.sizeof - at.executable);
  if (bytes[0] === 0) return {};
  const names = Buffer.from(bytes).toString('utf8').replace(/\0+$/, '').split('\0').reverse();
  return { executable: `${view.getUint8(offset + at.isWholePath) === 1 ? '' : '…'}/${names.join('/')}` };
}

/** Text of a fixed C array, up to its first zero byte. */
function readText(view: DataView, offset: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length);
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, end < 0 ? length : end)).toString('latin1');
}
