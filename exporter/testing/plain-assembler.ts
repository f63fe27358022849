// Kernel records to flows in the plainest way, to hold the assembler against: every name is looked up for every flow, every
// flow is a generated object, and nothing is kept but what later records need.

import { randomUUID } from 'node:crypto';
import { packFlowDetails } from '#flow/details.ts';
import { flowSummary } from '#flow/names/summary.ts';
import { timestampOfNanos } from '#flow/timestamp.ts';
import { toFlowEndpoint } from '#kubernetes/endpoint-info.ts';
import { Flow, FlowType, TrafficDirection, Verdict } from '#proto/gen/flow/flow.ts';
import type { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails, FlowReason, type TcpHealth, ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import { hubbleDropReason } from '../drop-reason.ts';
import type { EndNames, KernelEnd } from '../end-names.ts';
import type { DnsNames } from '../endpoints/dns-names.ts';
import type {
  ConnectionReason,
  ConnectionRecord,
  DropRecord,
  KernelRecord,
  L7Record,
  SocketRecord,
  TransportProtocol,
} from '../kernel/kernel-record.ts';
import type { L7Event } from '../l7/l7-event.ts';
import { toLayer7 } from '../l7/to-layer7.ts';
import type { L7Tracker } from '../l7/tracker.ts';
import { LifetimeMap } from '../lifetime-map.ts';
import type { Dialled, ServiceTranslations, Translated } from '../service-translations.ts';
import type { SocketTable } from '../socket-table.ts';
import { EVENT_DROP, EVENT_L7, toIp, toLayer4, toTracePoint } from './plain-parts.ts';

/** As many connections as the kernel's table holds; beyond, the oldest is forgotten and its view is the source's. */
const MAX_CONNECTIONS = 65_536;

export interface PlainAssemblerParts {
  readonly nodeName: string;
  readonly version: string;
  readonly names: EndNames;
  readonly sockets: SocketTable;
  readonly tracker: Pick<L7Tracker, 'feed' | 'sweep' | 'close'>;
  readonly dnsNames: DnsNames;
  readonly translations: ServiceTranslations;
  toUnixNs(bootNs: number): bigint;
  interfaceName(index: number): string | undefined;
}

/** What L7 messages of a connection need and their own records lack. */
interface Known {
  readonly initiator: KernelEnd;
  readonly responder: KernelEnd;
  readonly protocol: TransportProtocol;
  readonly ipVersion: 4 | 6;
  readonly interfaceIndex: number;
  /** Some interface of this node saw it arrive: then the destination's view is the one all its messages get. */
  seenAtDestination: boolean;
  /** The service's address that the initiator dialled, if it was one. */
  readonly dialled: Dialled | undefined;
}

const FLOW_REASONS: Readonly<Record<ConnectionReason, FlowReason>> = {
  opened: FlowReason.FLOW_REASON_OPENED,
  flags: FlowReason.FLOW_REASON_TCP_FLAGS,
  tick: FlowReason.FLOW_REASON_TICK,
  closed: FlowReason.FLOW_REASON_CLOSED,
  idle: FlowReason.FLOW_REASON_IDLE,
};

const CONNECT_ERRORS = {
  refused: 'refused',
  timed_out: 'timed out',
  unreachable: 'unreachable',
  other: 'failed',
} as const;

export class PlainAssembler {
  readonly #parts: PlainAssemblerParts;
  readonly #connections = new LifetimeMap<string, Known>(MAX_CONNECTIONS);
  /** Connections that an interface of this node sees arrive later in the batch at hand: their first message is before it. */
  #arriving: ReadonlySet<string> = new Set();

  constructor(parts: PlainAssemblerParts) {
    this.#parts = parts;
  }

  /** Records that were read together, in order. */
  assembleBatch(batch: readonly KernelRecord[]): GetFlowsResponse[] {
    for (const record of batch) this.#parts.translations.learn(record);
    this.#arriving = new Set(
      batch.flatMap((record) =>
        record.type === 'connection' && record.view === 'destination' ? [record.connectionId] : [],
      ),
    );
    return batch.flatMap((record) => this.assemble(record));
  }

  assemble(record: KernelRecord): GetFlowsResponse[] {
    const { translations } = this.#parts;
    switch (record.type) {
      case 'connection':
        return this.#connection(translations.translate(record));
      case 'l7':
        return this.#l7(translations.translate(record));
      case 'drop':
        return [this.#drop(translations.translate(record))];
      case 'socket':
        this.#parts.sockets.note(record);
        return [];
    }
  }

  /** Messages that were waiting for a part that has not come. Call it once a second with the boot clock. */
  sweep(bootNs: number): GetFlowsResponse[] {
    const responses = this.#parts.tracker.sweep(BigInt(Math.round(bootNs))).flatMap((event) => this.#event(event));
    this.#connections.sweep(bootNs);
    this.#parts.sockets.sweep(bootNs);
    return responses;
  }

  #connection({ record, dialled, isToldElsewhere }: Translated<ConnectionRecord>): GetFlowsResponse[] {
    if (isToldElsewhere) return [];
    const known = this.#remember(record, dialled);
    const fromLocalEnd = record.fromInitiator === (record.view === 'source');
    const socket = this.#parts.sockets.byCookie(
      record.view === 'source' ? record.initiator.socketCookie : record.responder.socketCookie,
    );
    const flow = this.#baseFlow(record.timeBootNs, known, record.fromInitiator, {
      reason: FLOW_REASONS[record.reason],
      initiator: trafficOf(record.initiator),
      responder: trafficOf(record.responder),
      opened: timestampOfNanos(this.#parts.toUnixNs(record.openedBootNs)),
      tcp: record.protocol === 'TCP' && socket !== undefined ? toTcpHealth(socket, record) : undefined,
      joinedMidway: record.joinedMidway,
    });
    const [source, destination] = record.fromInitiator
      ? [record.initiator, record.responder]
      : [record.responder, record.initiator];
    flow.l4 = toLayer4(record.protocol, source, destination, record.packetTcpFlags, record.icmp);
    flow.Type = FlowType.L3_L4;
    flow.verdict = Verdict.FORWARDED;
    Object.assign(flow, toTracePoint(fromLocalEnd));
    flow.trafficDirection = record.view === 'source' ? TrafficDirection.EGRESS : TrafficDirection.INGRESS;
    flow.interface = this.#interface(record.interfaceIndex);
    const local = fromLocalEnd === record.fromInitiator ? record.initiator : record.responder;
    flow.socketCookie = BigInt(local.socketCookie);
    flow.cgroupId = BigInt(local.cgroupId);
    const responses = [this.#respond(flow)];
    if (record.reason === 'closed' || record.reason === 'idle') {
      const held = this.#parts.tracker.close(record.connectionId, record.protocol === 'UDP' ? 'udp' : 'tcp');
      responses.push(...held.flatMap((event) => this.#event(event)));
    }
    return responses;
  }

  #remember(record: ConnectionRecord, dialled: Dialled | undefined): Known {
    const before = this.#connections.get(record.connectionId);
    // The backend's interface does not see what was dialled; a new connection may reuse the client's port.
    const isNewAtSource = record.reason === 'opened' && record.view === 'source';
    const known: Known = {
      initiator: withOwner(record.initiator, before?.initiator),
      responder: withOwner(record.responder, before?.responder),
      protocol: record.protocol,
      ipVersion: record.ipVersion,
      interfaceIndex: record.interfaceIndex,
      seenAtDestination: record.view === 'destination' || before?.seenAtDestination === true,
      dialled: dialled ?? (isNewAtSource ? undefined : before?.dialled),
    };
    this.#connections.set(record.connectionId, known);
    if (record.reason === 'closed' || record.reason === 'idle') {
      this.#connections.end(record.connectionId, record.timeBootNs);
    }
    return known;
  }

  #l7({ record, dialled, isToldElsewhere }: Translated<L7Record>): GetFlowsResponse[] {
    if (isToldElsewhere) return [];
    if (!this.#connections.has(record.connectionId)) this.#rememberFromL7(record, dialled);
    const events = this.#parts.tracker.feed({
      connection: record.connectionId,
      fromInitiator: record.fromInitiator,
      timeNs: BigInt(Math.round(record.timeBootNs)),
      sequence: record.sequence,
      payloadLength: record.payloadLength,
      data: record.data,
      hint: record.hint,
      nothingMissed: record.nothingMissed,
      wholeStream: record.wholeStream,
      transport: record.protocol === 'UDP' ? 'udp' : 'tcp',
    });
    return events.flatMap((event) => this.#event(event));
  }

  /** The connection's own records were lost: all that is known is in the message's. */
  #rememberFromL7(record: L7Record, dialled: Dialled | undefined): void {
    const sender = { ...record.source, socketCookie: record.socketCookie, cgroupId: record.cgroupId };
    const receiver = { ...record.destination, socketCookie: 0, cgroupId: 0 };
    this.#connections.set(record.connectionId, {
      initiator: record.fromInitiator ? sender : receiver,
      responder: record.fromInitiator ? receiver : sender,
      protocol: record.protocol,
      ipVersion: record.ipVersion,
      interfaceIndex: record.interfaceIndex,
      seenAtDestination: record.fromInitiator === (record.observation === 'destination'),
      dialled,
    });
  }

  #event(event: L7Event): GetFlowsResponse[] {
    const known = this.#connections.get(String(event.connection));
    if (known === undefined) return [];
    const parts = toLayer7(event);
    const isSeenAtDestination = known.seenAtDestination || this.#arriving.has(String(event.connection));
    const timeNs = this.#parts.toUnixNs(Number(event.timeNs));
    this.#learnNames(event, known, Number(timeNs / 1_000_000n));
    const flow = this.#baseFlow(Number(event.timeNs), known, event.fromInitiator, {
      reason: FlowReason.FLOW_REASON_L7,
      operation: parts.operation,
      tls: parts.tls,
      requestNumber: parts.requestNumber,
      joinedMidway: parts.joinedMidway,
      viewSource: ViewSource.VIEW_SOURCE_PACKETS,
    });
    const [source, destination] = event.fromInitiator
      ? [known.initiator, known.responder]
      : [known.responder, known.initiator];
    flow.l4 = toLayer4(known.protocol, source, destination, 0, undefined);
    flow.verdict = Verdict.FORWARDED;
    flow.l7 = parts.layer7;
    flow.trafficDirection = isSeenAtDestination ? TrafficDirection.INGRESS : TrafficDirection.EGRESS;
    flow.interface = this.#interface(known.interfaceIndex);
    flow.socketCookie = BigInt(source.socketCookie);
    flow.cgroupId = BigInt(source.cgroupId);
    if (parts.traceId !== '') flow.traceContext = { parent: { traceId: parts.traceId } };
    if (event.kind === 'handshake') {
      // A TLS hello is no request: the flow stays one of layer 4, with the hello in its details.
      flow.Type = FlowType.L3_L4;
      Object.assign(flow, toTracePoint(event.fromInitiator !== isSeenAtDestination));
    } else {
      flow.Type = FlowType.L7;
      flow.eventType = { type: EVENT_L7, subType: 0 };
    }
    return [this.#respond(flow)];
  }

  #learnNames(event: L7Event, known: Known, nowMs: number): void {
    if (event.kind !== 'response' || event.message.protocol !== 'dns') return;
    const { query, addresses, ttlSeconds } = event.message;
    this.#parts.dnsNames.learn(known.initiator.address, query, addresses, ttlSeconds, nowMs);
  }

  #drop({ record, dialled }: Translated<DropRecord>): GetFlowsResponse {
    const end = (address: { address: string; port: number }): KernelEnd => ({
      ...address,
      socketCookie: 0,
      cgroupId: 0,
    });
    const ends = {
      initiator: end(record.source),
      responder: end(record.destination),
      protocol: record.protocol,
      ipVersion: record.ipVersion,
      dialled,
    };
    const reason = hubbleDropReason(record.reasonName, record.symbol);
    const flow = this.#baseFlow(record.timeBootNs, ends, true, {
      reason: FlowReason.FLOW_REASON_DROP,
      drop: {
        reason: record.reasonName,
        location: record.symbol,
        locationAddress: BigInt(`0x${record.location}`),
        networkNamespace: record.networkNamespace,
        count: BigInt(record.suppressedBefore + 1),
      },
    });
    // Whether it was an answer is not known to the place that drops, so nothing is claimed.
    flow.isReply = undefined;
    flow.l4 = toLayer4(record.protocol, record.source, record.destination, record.tcpFlags, undefined);
    flow.Type = FlowType.L3_L4;
    flow.verdict = Verdict.DROPPED;
    flow.dropReason = reason;
    flow.dropReasonDesc = reason;
    flow.eventType = { type: EVENT_DROP, subType: reason };
    flow.trafficDirection =
      record.direction === 'ingress'
        ? TrafficDirection.INGRESS
        : record.direction === 'egress'
          ? TrafficDirection.EGRESS
          : TrafficDirection.TRAFFIC_DIRECTION_UNKNOWN;
    if (record.interfaceIndex > 0) flow.interface = { index: record.interfaceIndex, name: record.interfaceName };
    return this.#respond(flow);
  }

  #baseFlow(
    bootNs: number,
    known: Pick<Known, 'initiator' | 'responder' | 'protocol' | 'ipVersion' | 'dialled'>,
    fromInitiator: boolean,
    details: Partial<FlowDetails>,
  ): Flow {
    const unixNs = this.#parts.toUnixNs(bootNs);
    const unixMs = Number(unixNs / 1_000_000n);
    const { names } = this.#parts;
    const initiator = names.nameEnd(known.initiator, known.protocol, false, unixMs);
    const responder = names.nameEnd(known.responder, known.protocol, true, unixMs, known.dialled?.servicePort);
    const [source, destination] = fromInitiator ? [initiator, responder] : [responder, initiator];
    const [from, to] = fromInitiator
      ? [known.initiator.address, known.responder.address]
      : [known.responder.address, known.initiator.address];
    const flow = Flow.create();
    flow.time = timestampOfNanos(unixNs);
    flow.uuid = randomUUID();
    flow.emitter = { name: 'Parallax', version: this.#parts.version };
    flow.nodeName = this.#parts.nodeName;
    flow.IP = toIp(from, to, known.ipVersion);
    flow.source = source.info && toFlowEndpoint(source.info);
    flow.destination = destination.info && toFlowEndpoint(destination.info);
    flow.sourceService = source.service;
    flow.destinationService = destination.service;
    flow.sourceNames = this.#parts.dnsNames.namesOf(to, from, unixMs);
    flow.destinationNames = this.#parts.dnsNames.namesOf(from, to, unixMs);
    flow.isReply = !fromInitiator;
    flow.extensions = packFlowDetails({
      ...FlowDetails.create(),
      sourceProcess: source.process,
      destinationProcess: destination.process,
      translation: toTranslation(known.dialled),
      ...details,
    });
    return flow;
  }

  #interface(index: number): Flow['interface'] {
    return { index, name: this.#parts.interfaceName(index) ?? '' };
  }

  #respond(flow: Flow): GetFlowsResponse {
    flow.Summary = flowSummary(flow);
    return {
      responseTypes: { $case: 'flow', value: flow },
      nodeName: this.#parts.nodeName,
      time: flow.time,
    };
  }
}

function toTranslation(dialled: Dialled | undefined): FlowDetails['translation'] {
  if (dialled === undefined) return undefined;
  const { address, port, servicePort } = dialled;
  return { originalDestination: address, originalDestinationPort: port, service: servicePort?.service };
}

function trafficOf(side: ConnectionRecord['initiator']) {
  return {
    bytes: BigInt(side.bytes),
    packets: BigInt(side.packets),
    newBytes: BigInt(side.newBytes),
    newPackets: BigInt(side.newPackets),
  };
}

/** The interface of the other end does not see this end's socket: what an earlier record told is kept. */
function withOwner(end: KernelEnd, before: KernelEnd | undefined): KernelEnd {
  if (end.socketCookie !== 0 || before === undefined || before.port !== end.port || before.address !== end.address) {
    return end;
  }
  return { ...end, socketCookie: before.socketCookie, cgroupId: before.cgroupId };
}

function toTcpHealth(socket: SocketRecord, record: ConnectionRecord): TcpHealth {
  const resets = ((record.initiator.tcpFlags & 4) >> 2) + ((record.responder.tcpFlags & 4) >> 2);
  return {
    smoothedRttUs: socket.health.smoothedRttUs,
    minimumRttUs: socket.health.minimumRttUs,
    retransmits: socket.health.retransmits,
    connectUs: socket.health.connectUs,
    resets,
    connectError: socket.failure === undefined ? '' : CONNECT_ERRORS[socket.failure],
  };
}
