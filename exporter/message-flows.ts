// Payload heads to messages, and messages to flows. All messages of a connection are told from one of its ends.

import { REPLY_TRUE } from '#observer/columns.ts';
import { FlowType, TrafficDirection, Verdict } from '#proto/gen/flow/flow.ts';
import { FlowReason, ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import type { AssemblerState } from './assembler-parts.ts';
import { FlowDraft } from './encode/flow-draft.ts';
import { EVENT_L7, fillConnection, fillLayer7, InterfaceNames, layer4Summary, setTracePoint } from './flow-parts.ts';
import type { L7Record } from './kernel/kernel-record.ts';
import type { KnownConnection } from './known-connections.ts';
import type { L7Event } from './l7/l7-event.ts';
import { toLayer7 } from './l7/to-layer7.ts';
import type { Translated } from './service-translations.ts';

export class MessageFlows {
  readonly #state: AssemblerState;
  readonly #draft = new FlowDraft();
  readonly #interfaces: InterfaceNames;
  /** Connections that an interface of this node sees arrive later in the batch at hand: their first message is before it. */
  readonly #arriving = new Set<string>();

  constructor(state: AssemblerState) {
    this.#state = state;
    this.#interfaces = new InterfaceNames((index) => state.interfaceName(index));
  }

  clearArriving(): void {
    this.#arriving.clear();
  }

  noteArriving(connectionId: string): void {
    if (this.#state.connections.get(connectionId)?.seenAtDestination !== true) this.#arriving.add(connectionId);
  }

  /** The messages that a payload head completes. */
  read({ record, dialled, isToldElsewhere }: Translated<L7Record>): readonly L7Event[] {
    if (isToldElsewhere) return [];
    this.#state.connections.noteMessage(record, dialled);
    return this.#state.tracker.feed({
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
  }

  put(event: L7Event): void {
    const connectionId = String(event.connection);
    const known = this.#state.connections.get(connectionId);
    if (known !== undefined) this.putOf(connectionId, known, event, undefined);
  }

  /** A message of a connection. `tlsPlaintext`: encoded TlsPlaintext, where it was not packets that told of it. */
  putOf(connectionId: string, known: KnownConnection, event: L7Event, tlsPlaintext: Uint8Array | undefined): void {
    const { output } = this.#state;
    const parts = toLayer7(event);
    const isSeenAtDestination = known.seenAtDestination || this.#arriving.has(connectionId);
    const draft = this.#draft;
    const { columns } = draft;
    draft.clear();
    const { fromInitiator } = event;
    this.#learnNames(event, known);
    fillConnection(draft, this.#state, known, Number(event.timeNs), fromInitiator);
    columns.reason = FlowReason.FLOW_REASON_L7;
    columns.isReply = fromInitiator ? 0 : REPLY_TRUE;
    columns.verdict = Verdict.FORWARDED;
    columns.direction = isSeenAtDestination ? TrafficDirection.INGRESS : TrafficDirection.EGRESS;
    draft.joinedMidway = parts.joinedMidway;
    draft.viewSource = tlsPlaintext === undefined ? ViewSource.VIEW_SOURCE_PACKETS : ViewSource.VIEW_SOURCE_TLS_LIBRARY;
    draft.tlsPlaintext = tlsPlaintext;
    draft.networkInterface = this.#interfaces.encoded(known.interfaceIndex);
    const sender = fromInitiator ? known.named.initiator : known.named.responder;
    draft.socketCookie = sender.socketCookie;
    draft.cgroupId = sender.cgroupId;
    draft.traceId = parts.traceId;
    fillLayer7(draft, parts);
    if (event.kind === 'handshake') {
      // A TLS hello is no request: the flow stays one of layer 4, with the hello in its details.
      columns.flowType = FlowType.L3_L4;
      setTracePoint(draft, fromInitiator !== isSeenAtDestination);
    } else {
      columns.flowType = FlowType.L7;
      columns.hasEventType = true;
      columns.eventType = EVENT_L7;
    }
    if (draft.summary === '') draft.summary = layer4Summary(draft);
    output.append(draft);
  }

  /** Before the answer's own flow is named. */
  #learnNames(event: L7Event, known: KnownConnection): void {
    if (event.kind !== 'response' || event.message.protocol !== 'dns') return;
    const { query, addresses, ttlSeconds } = event.message;
    const { toUnixTime, dnsNames } = this.#state;
    const time = { seconds: 0, nanos: 0 };
    toUnixTime(Number(event.timeNs), time);
    const nowMs = time.seconds * 1000 + Math.floor(time.nanos / 1e6);
    dnsNames.learn(known.named.initiator.address, query, addresses, ttlSeconds, nowMs);
  }
}
