// What metrics count of a flow, as numbers wherever it has numbers: of a draft, which goes into the ring as bytes and is
// never an object, and of a recording's flow.

import { readFlowDetails } from '#flow/details.ts';
import { dropReasonName } from '#flow/names/drop-reason.ts';
import { PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP, REPLY_FALSE, REPLY_TRUE, REPLY_UNSET } from '#observer/columns.ts';
import {
  type DNS,
  type Flow,
  type HTTP,
  type Layer4,
  type Layer7,
  type TCPFlags,
  Verdict,
} from '#proto/gen/flow/flow.ts';
import type { KernelDrop } from '#proto/gen/parallax/v1/flow_details.ts';
import type { FlowDraft } from './encode/flow-draft.ts';
import { PROTOCOL_ICMPV4, PROTOCOL_ICMPV6 } from './flow-parts.ts';

/** As the others in columns.ts. */
const PROTOCOL_VRRP = 6;
const PROTOCOL_IGMP = 7;

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;
const COUNTED_FLAGS = FIN | SYN | RST | ACK;

/** Numbers are those of the ring's columns. */
export interface CountedFlow {
  /** Field number of flow.Layer4.protocol; 0 where there is none. */
  protocol: number;
  ipVersion: number;
  destinationPort: number;
  /** FIN, SYN, RST and ACK, as bits of the TCP header. */
  tcpFlags: number;
  icmpType: number;
  icmpCode: number;
  verdict: number;
  isReply: number;
  eventType: number;
  tracePoint: number;
  direction: number;
  l7Type: number;
  latencyNs: number;
  http: HTTP | undefined;
  dns: DNS | undefined;
  /** Of a dropped flow: wire name of why, '' where it is not told, and how many drops it stands for. */
  dropReason: string;
  drops: number;
}

export function emptyCountedFlow(): CountedFlow {
  return {
    protocol: 0,
    ipVersion: 0,
    destinationPort: 0,
    tcpFlags: 0,
    icmpType: 0,
    icmpCode: 0,
    verdict: 0,
    isReply: REPLY_UNSET,
    eventType: 0,
    tracePoint: 0,
    direction: 0,
    l7Type: 0,
    latencyNs: 0,
    http: undefined,
    dns: undefined,
    dropReason: '',
    drops: 0,
  };
}

/** Puts what is counted of the draft into `counted`. */
export function countDraft(draft: FlowDraft, counted: CountedFlow): void {
  const { columns } = draft;
  counted.protocol = columns.protocol;
  counted.ipVersion = columns.ipVersion;
  counted.destinationPort = columns.destinationPort;
  counted.tcpFlags = columns.tcpFlags & COUNTED_FLAGS;
  counted.icmpType = draft.icmpType;
  counted.icmpCode = draft.icmpCode;
  counted.verdict = columns.verdict;
  counted.isReply = columns.isReply;
  counted.eventType = columns.eventType;
  counted.tracePoint = draft.tracePoint;
  counted.direction = columns.direction;
  counted.l7Type = columns.l7Type;
  counted.latencyNs = columns.latencyNs;
  countRecord(draft.layer7?.layer7, counted);
  const isDropped = columns.verdict === Verdict.DROPPED;
  const named = { dropReasonDesc: columns.dropReason as Flow['dropReasonDesc'], extensions: undefined };
  counted.dropReason = isDropped ? draft.drop?.reason || dropReasonName(named) || '' : '';
  counted.drops = isDropped ? dropsOf(draft.drop) : 0;
}

export function countedFlow(flow: Flow): CountedFlow {
  const isDropped = flow.verdict === Verdict.DROPPED;
  const counted: CountedFlow = {
    ...emptyCountedFlow(),
    ...layer4Of(flow.l4),
    ipVersion: flow.IP?.ipVersion ?? 0,
    verdict: flow.verdict,
    isReply: flow.isReply === undefined ? REPLY_UNSET : flow.isReply ? REPLY_TRUE : REPLY_FALSE,
    eventType: flow.eventType?.type ?? 0,
    tracePoint: flow.traceObservationPoint,
    direction: flow.trafficDirection,
    l7Type: flow.l7?.type ?? 0,
    latencyNs: Number(flow.l7?.latencyNs ?? 0n),
    dropReason: isDropped ? (dropReasonName(flow) ?? '') : '',
    drops: isDropped ? dropsOf(readFlowDetails(flow)?.drop) : 0,
  };
  countRecord(flow.l7, counted);
  return counted;
}

function countRecord(layer7: Layer7 | undefined, counted: CountedFlow): void {
  const record = layer7?.record;
  counted.http = record?.$case === 'http' ? record.value : undefined;
  counted.dns = record?.$case === 'dns' ? record.value : undefined;
}

/** One flow stands for all drops of its kind since the last one. */
function dropsOf(drop: KernelDrop | undefined): number {
  return Math.max(1, Number(drop?.count ?? 1n));
}

function layer4Of(layer4: Layer4 | undefined): Partial<CountedFlow> {
  const protocol = layer4?.protocol;
  switch (protocol?.$case) {
    case 'TCP': {
      const { destinationPort, flags } = protocol.value;
      return { protocol: PROTOCOL_TCP, destinationPort, tcpFlags: flags === undefined ? 0 : bitsOf(flags) };
    }
    case 'UDP':
      return { protocol: PROTOCOL_UDP, destinationPort: protocol.value.destinationPort };
    case 'SCTP':
      return { protocol: PROTOCOL_SCTP, destinationPort: protocol.value.destinationPort };
    case 'ICMPv4':
      return { protocol: PROTOCOL_ICMPV4, icmpType: protocol.value.type, icmpCode: protocol.value.code };
    case 'ICMPv6':
      return { protocol: PROTOCOL_ICMPV6, icmpType: protocol.value.type, icmpCode: protocol.value.code };
    case 'VRRP':
      return { protocol: PROTOCOL_VRRP };
    case 'IGMP':
      return { protocol: PROTOCOL_IGMP };
    case undefined:
      return {};
  }
}

function bitsOf(flags: TCPFlags): number {
  return (flags.FIN ? FIN : 0) | (flags.SYN ? SYN : 0) | (flags.RST ? RST : 0) | (flags.ACK ? ACK : 0);
}
