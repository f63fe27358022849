// Parts of a flow that several kinds of record have in common, filled into a draft from what the kernel told.

import { l7Summary, operationSummary, tcpFlagsText } from '#flow/names/summary.ts';
import { L7_DNS, L7_HTTP, L7_KAFKA, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '#observer/columns.ts';
import { IPVersion, NetworkInterface, TraceObservationPoint } from '#proto/gen/flow/flow.ts';
import type { AssemblerParts, AssemblerState, UnixTime } from './assembler-parts.ts';
import type { ConnectionEnds } from './connection-names.ts';
import type { FlowDraft } from './encode/flow-draft.ts';
import type { TransportProtocol } from './kernel/kernel-record.ts';
import type { KnownConnection } from './known-connections.ts';
import type { Layer7Parts } from './l7/to-layer7.ts';
import { toTcpFlags } from './tcp-flags.ts';

/** Cilium's monitor message types; see pkg/monitor/api. */
export const EVENT_DROP = 1;
export const EVENT_TRACE = 4;
export const EVENT_L7 = 129;
const SUBTYPE_TO_ENDPOINT = 0;
const SUBTYPE_FROM_ENDPOINT = 5;

/** Field numbers of flow.Layer4.protocol, as the others in columns.ts. */
export const PROTOCOL_ICMPV4 = 3;
export const PROTOCOL_ICMPV6 = 4;

/** Field numbers of flow.Layer4.protocol. 0: Hubble has no message for it. */
const PROTOCOLS: Readonly<Record<TransportProtocol, number>> = {
  TCP: PROTOCOL_TCP,
  UDP: PROTOCOL_UDP,
  ICMPv4: PROTOCOL_ICMPV4,
  ICMPv6: PROTOCOL_ICMPV6,
  SCTP: PROTOCOL_SCTP,
  OTHER: 0,
};

const L7_KINDS = { dns: L7_DNS, http: L7_HTTP, kafka: L7_KAFKA } as const;

const time: UnixTime = { seconds: 0, nanos: 0 };

/** Returns the time as Unix milliseconds, rounded down. */
export function fillTime({ columns }: FlowDraft, { toUnixTime }: AssemblerParts, bootNs: number): number {
  toUnixTime(bootNs, time);
  columns.timeSeconds = time.seconds;
  columns.timeNanos = time.nanos;
  return time.seconds * 1000 + Math.floor(time.nanos / 1e6);
}

/** Time, ends, addresses and ports of a flow of a known connection. */
export function fillConnection(
  draft: FlowDraft,
  state: AssemblerState,
  known: KnownConnection,
  bootNs: number,
  fromInitiator: boolean,
): void {
  const atMs = fillTime(draft, state, bootNs);
  const { named } = known;
  known.ends = state.connectionNames.endsAt(named, atMs, known.ends);
  fillEnds(draft, known.ends, fromInitiator);
  draft.dialled = named.dialled;
  const { initiator, responder, protocol } = named;
  const [from, to] = fromInitiator ? [initiator, responder] : [responder, initiator];
  setLayer4(draft, protocol, known.ipVersion, from.port, to.port);
}

export function fillEnds(draft: FlowDraft, ends: ConnectionEnds, fromInitiator: boolean): void {
  if (fromInitiator) {
    draft.source = ends.initiator;
    draft.destination = ends.responder;
    draft.sourceProcess = ends.initiatorProcess;
    draft.destinationProcess = ends.responderProcess;
  } else {
    draft.source = ends.responder;
    draft.destination = ends.initiator;
    draft.sourceProcess = ends.responderProcess;
    draft.destinationProcess = ends.initiatorProcess;
  }
}

export function setLayer4(
  { columns }: FlowDraft,
  protocol: TransportProtocol,
  ipVersion: 4 | 6,
  sourcePort: number,
  destinationPort: number,
): void {
  columns.ipVersion = ipVersion === 4 ? IPVersion.IPv4 : IPVersion.IPv6;
  columns.protocol = PROTOCOLS[protocol];
  if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') return;
  columns.sourcePort = sourcePort;
  columns.destinationPort = destinationPort;
}

/** Where a forwarded packet was seen: leaving the local end, or coming to it. */
export function setTracePoint(draft: FlowDraft, fromLocalEnd: boolean): void {
  draft.columns.hasEventType = true;
  draft.columns.eventType = EVENT_TRACE;
  draft.columns.eventSubType = fromLocalEnd ? SUBTYPE_FROM_ENDPOINT : SUBTYPE_TO_ENDPOINT;
  draft.tracePoint = fromLocalEnd ? TraceObservationPoint.FROM_ENDPOINT : TraceObservationPoint.TO_ENDPOINT;
}

/** What was said, and in short. */
export function fillLayer7(draft: FlowDraft, parts: Layer7Parts): void {
  const { columns } = draft;
  const { layer7 } = parts;
  draft.layer7 = parts;
  if (layer7 === undefined) return;
  columns.l7Type = layer7.type;
  columns.latencyNs = Number(layer7.latencyNs);
  const { record } = layer7;
  if (record === undefined) {
    draft.summary = parts.operation === undefined ? '' : operationSummary(parts.operation);
    return;
  }
  columns.l7Kind = L7_KINDS[record.$case];
  if (record.$case === 'http') columns.httpCode = record.value.code;
  draft.summary = l7Summary({ l7: layer7, extensions: undefined });
}

/** By TCP flags: 256 texts at most. */
const tcpSummaries = new Map<number, string>();

/** "TCP Flags: SYN", as flowSummary() says it of a flow without layer 7. */
export function layer4Summary({ columns, icmpType, icmpCode }: FlowDraft): string {
  switch (columns.protocol) {
    case PROTOCOL_TCP:
      return tcpSummary(columns.tcpFlags & 0xff);
    case PROTOCOL_UDP:
      return 'UDP';
    case PROTOCOL_SCTP:
      return 'SCTP';
    case PROTOCOL_ICMPV4:
      return `ICMPv4 type ${icmpType} code ${icmpCode}`;
    case PROTOCOL_ICMPV6:
      return `ICMPv6 type ${icmpType} code ${icmpCode}`;
    default:
      return '';
  }
}

function tcpSummary(flags: number): string {
  let summary = tcpSummaries.get(flags);
  if (summary === undefined) {
    const text = tcpFlagsText(toTcpFlags(flags));
    summary = text === '' ? 'TCP' : `TCP Flags: ${text}`;
    tcpSummaries.set(flags, summary);
  }
  return summary;
}

/** Encoded NetworkInterface by index. An interface that was renamed is encoded anew. */
export class InterfaceNames {
  readonly #nameOf: (index: number) => string | undefined;
  readonly #encoded = new Map<number, { readonly name: string; readonly bytes: Uint8Array }>();

  constructor(nameOf: (index: number) => string | undefined) {
    this.#nameOf = nameOf;
  }

  encoded(index: number): Uint8Array {
    const name = this.#nameOf(index) ?? '';
    const known = this.#encoded.get(index);
    if (known !== undefined && known.name === name) return known.bytes;
    if (this.#encoded.size >= MAX_INTERFACES) this.#encoded.clear();
    const bytes = NetworkInterface.encode({ index, name }).finish();
    this.#encoded.set(index, { name, bytes });
    return bytes;
  }
}

/** Interfaces come and go with their pods. */
const MAX_INTERFACES = 4096;
