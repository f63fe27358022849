// What capture hands on: one plain object for every record of the kernel, decoded and safe to keep.
// Types only. Times are nanoseconds of the boot clock (CLOCK_BOOTTIME) as a number: exact below 104 days of uptime,
// to 4 ns in the first year; clock.ts turns them into Unix time. Ports and lengths are in host order.

export type TransportProtocol = 'TCP' | 'UDP' | 'ICMPv4' | 'ICMPv6' | 'SCTP' | 'OTHER';

/** An address in canonical text (RFC 5952 for IPv6) and a port; the port is 0 where the protocol has none. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * The end of the connection whose own interface saw it: `source` where the side that opened the connection is local
 * to the interface, `destination` where the other side is. Loopback sees both and says `source`.
 */
export type ObservationView = 'source' | 'destination';

/** One side of a connection as counted at one interface. Bytes are whole frames, link header included. */
export interface ConnectionSide extends SocketAddress {
  readonly bytes: number;
  readonly packets: number;
  /** Since the previous record of this connection at this interface: sums over records use these. */
  readonly newBytes: number;
  readonly newPackets: number;
  /** Every TCP flag this side has sent, as bits of the TCP header (FIN 1, SYN 2, RST 4, PSH 8, ACK 16 ...). */
  readonly tcpFlags: number;
  /** 0 where this side's socket is on another machine or was not seen sending. */
  readonly socketCookie: number;
  readonly cgroupId: number;
}

export type ConnectionReason = 'opened' | 'flags' | 'tick' | 'closed' | 'idle';

export interface ConnectionRecord {
  readonly type: 'connection';
  readonly reason: ConnectionReason;
  readonly timeBootNs: number;
  readonly openedBootNs: number;
  /** The same for both directions and for every interface that sees the connection. */
  readonly connectionId: string;
  readonly protocol: TransportProtocol;
  readonly ipVersion: 4 | 6;
  readonly initiator: ConnectionSide;
  readonly responder: ConnectionSide;
  readonly view: ObservationView;
  readonly interfaceIndex: number;
  /** Which side sent the packet that caused this record, and that packet's TCP flags. */
  readonly fromInitiator: boolean;
  readonly packetTcpFlags: number;
  /** ICMP type and code of the first packet; absent for other protocols. */
  readonly icmp?: { readonly type: number; readonly code: number };
  /** The opening packet was not seen: who opened is a guess and the counts miss what came before. */
  readonly joinedMidway: boolean;
}

export type L7Hint = 'http1' | 'http2' | 'dns' | 'tls' | 'redis' | 'postgresql' | 'unknown';

/** The head of one TCP segment or datagram that carries application data worth parsing. */
export interface L7Record {
  readonly type: 'l7';
  readonly timeBootNs: number;
  readonly connectionId: string;
  readonly fromInitiator: boolean;
  /** Whose hook saw this segment: that of its sender (`source`) or of its receiver. */
  readonly observation: 'source' | 'destination' | 'unknown';
  readonly interfaceIndex: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly ipVersion: 4 | 6;
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
  /** TCP sequence number of the first payload byte; 0 for UDP. */
  readonly sequence: number;
  /** Payload bytes on the wire; `data` holds the first of them, up to the capture bound. */
  readonly payloadLength: number;
  readonly data: Uint8Array;
  readonly hint: L7Hint;
  /** HTTP/2: no header block of this direction lies unseen between its previous record and this one. */
  readonly nothingMissed: boolean;
  /** All that passes in this direction is captured from here on: what lies before it and did not come yet comes later, or was lost. */
  readonly wholeStream: boolean;
  /** Of the sender's socket; 0 where the sender is not local. */
  readonly socketCookie: number;
  readonly cgroupId: number;
}

/** The kernel freed a packet it could not deliver. */
export interface DropRecord {
  readonly type: 'drop';
  readonly timeBootNs: number;
  /** The running kernel's own number and name for the reason; numbers differ between kernels. */
  readonly reason: number;
  readonly reasonName: string;
  /** Address of the kernel instruction that freed the packet, as hexadecimal text. */
  readonly location: string;
  /** The kernel function it lies in; '' where the kernel has no name for it. */
  readonly symbol: string;
  readonly protocol: TransportProtocol;
  readonly ipVersion: 4 | 6;
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
  readonly tcpFlags: number;
  readonly bytes: number;
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  /** Inode number of the network namespace of that interface, 0 if unknown. */
  readonly networkNamespace: number;
  readonly direction: 'ingress' | 'egress' | 'unknown';
  /** Like drops (same reason, addresses, ports) since the previous record, not reported one by one. */
  readonly suppressedBefore: number;
}

/**
 * `accepted` comes twice where the process that handles a connection is not the one that listens: the owner is the one
 * told last. `sending` is a datagram socket's first packet.
 */
export type SocketEvent =
  | 'listening'
  | 'connecting'
  | 'connected'
  | 'accepted'
  | 'closed'
  | 'connect_failed'
  | 'sending';

export interface TcpHealth {
  readonly smoothedRttUs: number;
  readonly minimumRttUs: number;
  readonly retransmits: number;
  /** SYN sent to established, or to the failure. 0 for an accepted socket. */
  readonly connectUs: number;
}

/** A socket of this machine changed state in a way worth telling. A datagram socket has no health, and no ends when closed. */
export interface SocketRecord {
  readonly type: 'socket';
  readonly event: SocketEvent;
  readonly timeBootNs: number;
  readonly socketCookie: number;
  readonly cgroupId: number;
  /** 0 and '' where the owner is not known (an accepted socket before its accept returned). */
  readonly pid: number;
  readonly command: string;
  /** Path of the owner's program among its own mounts; absent where the owner was not running when this was told. */
  readonly executable?: string;
  readonly networkNamespace: number;
  readonly ipVersion: 4 | 6;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly health: TcpHealth;
  /** With `connect_failed`: what the connecting program was told. */
  readonly failure?: 'refused' | 'timed_out' | 'unreachable' | 'other';
}

export type KernelRecord = ConnectionRecord | L7Record | DropRecord | SocketRecord;
