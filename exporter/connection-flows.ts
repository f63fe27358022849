// A connection's report to a flow of layers 3 and 4.

import { HAS_TCP_FLAGS, PROTOCOL_TCP, REPLY_TRUE } from '#observer/columns.ts';
import { FlowType, TrafficDirection, Verdict } from '#proto/gen/flow/flow.ts';
import { FlowReason } from '#proto/gen/parallax/v1/flow_details.ts';
import type { AssemblerState, UnixTime } from './assembler-parts.ts';
import { FlowDraft } from './encode/flow-draft.ts';
import { fillConnection, InterfaceNames, layer4Summary, setTracePoint } from './flow-parts.ts';
import type { ConnectionReason, ConnectionRecord } from './kernel/kernel-record.ts';
import type { Translated } from './service-translations.ts';

const RST = 4;

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

export class ConnectionFlows {
  readonly #state: AssemblerState;
  readonly #draft = new FlowDraft();
  readonly #time: UnixTime = { seconds: 0, nanos: 0 };
  readonly #interfaces: InterfaceNames;

  constructor(state: AssemblerState) {
    this.#state = state;
    this.#interfaces = new InterfaceNames((index) => state.interfaceName(index));
  }

  put({ record, dialled }: Translated<ConnectionRecord>): void {
    const { connections, toUnixTime, output } = this.#state;
    const draft = this.#draft;
    const { columns } = draft;
    draft.clear();
    const known = connections.note(record, dialled);
    const { fromInitiator, initiator, responder } = record;
    fillConnection(draft, this.#state, known, record.timeBootNs, fromInitiator);
    toUnixTime(record.openedBootNs, this.#time);
    draft.openedSeconds = this.#time.seconds;
    draft.openedNanos = this.#time.nanos;
    columns.reason = FLOW_REASONS[record.reason];
    draft.initiatorTraffic = initiator;
    draft.responderTraffic = responder;
    columns.initiatorNewBytes = initiator.newBytes;
    columns.responderNewBytes = responder.newBytes;
    draft.joinedMidway = record.joinedMidway;
    columns.isReply = fromInitiator ? 0 : REPLY_TRUE;
    if (columns.protocol === PROTOCOL_TCP) {
      if (record.packetTcpFlags !== 0) columns.tcpFlags = HAS_TCP_FLAGS | record.packetTcpFlags;
      this.#fillHealth(record);
    }
    draft.icmpType = record.icmp?.type ?? 0;
    draft.icmpCode = record.icmp?.code ?? 0;
    columns.flowType = FlowType.L3_L4;
    columns.verdict = Verdict.FORWARDED;
    columns.direction = record.view === 'source' ? TrafficDirection.EGRESS : TrafficDirection.INGRESS;
    const fromLocalEnd = fromInitiator === (record.view === 'source');
    setTracePoint(draft, fromLocalEnd);
    draft.networkInterface = this.#interfaces.encoded(record.interfaceIndex);
    const local = fromLocalEnd === fromInitiator ? initiator : responder;
    draft.socketCookie = local.socketCookie;
    draft.cgroupId = local.cgroupId;
    draft.summary = layer4Summary(draft);
    output.append(draft);
  }

  #fillHealth({ view, initiator, responder }: ConnectionRecord): void {
    const local = view === 'source' ? initiator : responder;
    const socket = this.#state.sockets.byCookie(local.socketCookie);
    if (socket === undefined) return;
    this.#draft.tcpHealth = socket.health;
    this.#draft.tcpResets = ((initiator.tcpFlags & RST) + (responder.tcpFlags & RST)) / RST;
    this.#draft.tcpConnectError = socket.failure === undefined ? '' : CONNECT_ERRORS[socket.failure];
  }
}
