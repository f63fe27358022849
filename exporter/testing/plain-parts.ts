// Parts of a flow as generated objects, for PlainAssembler.

import {
  type CiliumEventType,
  type IP,
  IPVersion,
  type Layer4,
  type TCPFlags,
  TraceObservationPoint,
} from '#proto/gen/flow/flow.ts';
import type { SocketAddress, TransportProtocol } from '../kernel/kernel-record.ts';

/** Cilium's monitor message types; see pkg/monitor/api. */
export const EVENT_DROP = 1;
export const EVENT_TRACE = 4;
export const EVENT_L7 = 129;
const SUBTYPE_TO_ENDPOINT = 0;
const SUBTYPE_FROM_ENDPOINT = 5;

export function toIp(source: string, destination: string, version: 4 | 6): IP {
  return {
    source,
    sourceXlated: '',
    destination,
    ipVersion: version === 4 ? IPVersion.IPv4 : IPVersion.IPv6,
    encrypted: false,
  };
}

/** Undefined for protocols Hubble has no message for. */
export function toLayer4(
  protocol: TransportProtocol,
  source: SocketAddress,
  destination: SocketAddress,
  tcpFlags: number,
  icmp: { readonly type: number; readonly code: number } | undefined,
): Layer4 | undefined {
  const ports = { sourcePort: source.port, destinationPort: destination.port };
  switch (protocol) {
    case 'TCP':
      return { protocol: { $case: 'TCP', value: { ...ports, flags: toTcpFlags(tcpFlags) } } };
    case 'UDP':
      return { protocol: { $case: 'UDP', value: ports } };
    case 'SCTP':
      return { protocol: { $case: 'SCTP', value: ports } };
    case 'ICMPv4':
      return { protocol: { $case: 'ICMPv4', value: { type: icmp?.type ?? 0, code: icmp?.code ?? 0 } } };
    case 'ICMPv6':
      return { protocol: { $case: 'ICMPv6', value: { type: icmp?.type ?? 0, code: icmp?.code ?? 0 } } };
    case 'OTHER':
      return undefined;
  }
}

/** Bits as the TCP header has them. Undefined where none is set. */
export function toTcpFlags(bits: number): TCPFlags | undefined {
  if (bits === 0) return undefined;
  return {
    FIN: (bits & 1) !== 0,
    SYN: (bits & 2) !== 0,
    RST: (bits & 4) !== 0,
    PSH: (bits & 8) !== 0,
    ACK: (bits & 16) !== 0,
    URG: (bits & 32) !== 0,
    ECE: (bits & 64) !== 0,
    CWR: (bits & 128) !== 0,
    NS: false,
  };
}

/** Where a forwarded packet was seen: leaving the local end, or coming to it. */
export function toTracePoint(fromLocalEnd: boolean): {
  readonly eventType: CiliumEventType;
  readonly traceObservationPoint: TraceObservationPoint;
} {
  return fromLocalEnd
    ? {
        eventType: { type: EVENT_TRACE, subType: SUBTYPE_FROM_ENDPOINT },
        traceObservationPoint: TraceObservationPoint.FROM_ENDPOINT,
      }
    : {
        eventType: { type: EVENT_TRACE, subType: SUBTYPE_TO_ENDPOINT },
        traceObservationPoint: TraceObservationPoint.TO_ENDPOINT,
      };
}
