// A packet that the kernel dropped to a flow.

import { HAS_TCP_FLAGS, PROTOCOL_TCP } from '#observer/columns.ts';
import { FlowType, NetworkInterface, TrafficDirection, Verdict } from '#proto/gen/flow/flow.ts';
import { FlowReason } from '#proto/gen/parallax/v1/flow_details.ts';
import type { AssemblerState } from './assembler-parts.ts';
import { hubbleDropReason } from './drop-reason.ts';
import { FlowDraft } from './encode/flow-draft.ts';
import type { KernelEnd } from './end-names.ts';
import { EVENT_DROP, fillEnds, fillTime, layer4Summary, setLayer4 } from './flow-parts.ts';
import type { DropRecord, SocketAddress } from './kernel/kernel-record.ts';
import type { Translated } from './service-translations.ts';

const DIRECTIONS = {
  ingress: TrafficDirection.INGRESS,
  egress: TrafficDirection.EGRESS,
  unknown: TrafficDirection.TRAFFIC_DIRECTION_UNKNOWN,
} as const;

export class DropFlows {
  readonly #state: AssemblerState;
  readonly #draft = new FlowDraft();

  constructor(state: AssemblerState) {
    this.#state = state;
  }

  put({ record, dialled }: Translated<DropRecord>): void {
    const { connectionNames, output } = this.#state;
    const draft = this.#draft;
    const { columns } = draft;
    const { protocol } = record;
    draft.clear();
    const connection = { initiator: unowned(record.source), responder: unowned(record.destination), protocol, dialled };
    const nowMs = fillTime(draft, this.#state, record.timeBootNs);
    fillEnds(draft, connectionNames.look(connection, nowMs), true);
    draft.dialled = dialled;
    setLayer4(draft, protocol, record.ipVersion, record.source.port, record.destination.port);
    if (columns.protocol === PROTOCOL_TCP && record.tcpFlags !== 0) columns.tcpFlags = HAS_TCP_FLAGS | record.tcpFlags;
    const reason = hubbleDropReason(record.reasonName, record.symbol);
    columns.reason = FlowReason.FLOW_REASON_DROP;
    columns.flowType = FlowType.L3_L4;
    columns.verdict = Verdict.DROPPED;
    columns.dropReason = reason;
    columns.hasEventType = true;
    columns.eventType = EVENT_DROP;
    columns.eventSubType = reason;
    columns.direction = DIRECTIONS[record.direction];
    if (record.interfaceIndex > 0) {
      const { interfaceIndex: index, interfaceName: name } = record;
      draft.networkInterface = NetworkInterface.encode({ index, name }).finish();
    }
    draft.drop = {
      reason: record.reasonName,
      location: record.symbol,
      locationAddress: BigInt(`0x${record.location}`),
      networkNamespace: record.networkNamespace,
      count: BigInt(record.suppressedBefore + 1),
    };
    draft.summary = layer4Summary(draft);
    // isReply stays unset: whether it was an answer is not known to the place that drops, so nothing is claimed.
    output.append(draft);
  }
}

function unowned({ address, port }: SocketAddress): KernelEnd {
  return { address, port, socketCookie: 0, cgroupId: 0 };
}
