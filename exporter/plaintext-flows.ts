// Messages that were read in a process's TLS library to flows: of the TLS connection where it is known, with its ends as
// packets tell them; else of the process alone, labelled unjoined. Where both ends of a connection are watched on this
// node, the one that is joined first tells.

import { REPLY_TRUE } from '#observer/columns.ts';
import { FlowType, TrafficDirection, Verdict } from '#proto/gen/flow/flow.ts';
import { FlowReason, TlsJoin, TlsPlaintext, ViewSource } from '#proto/gen/parallax/v1/flow_details.ts';
import type { AssemblerState } from './assembler-parts.ts';
import { EndEncoder } from './encode/end-encoder.ts';
import { FlowDraft } from './encode/flow-draft.ts';
import { EVENT_L7, fillLayer7, fillTime } from './flow-parts.ts';
import { connectionId } from './kernel/connection-ids.ts';
import type { L7Record } from './kernel/kernel-record.ts';
import { parseHttp1Head } from './l7/http1.ts';
import type { L7Event } from './l7/l7-event.ts';
import { toLayer7 } from './l7/to-layer7.ts';
import { L7Tracker } from './l7/tracker.ts';
import { LifetimeMap } from './lifetime-map.ts';
import type { MessageFlows } from './message-flows.ts';
import type { SessionEvent, TlsSession } from './tls/sessions.ts';
import type { JoinedSocket, TlsPiece } from './tls/tls-piece.ts';

/** As many as TlsSessions knows. */
const MAX_CONVERSATIONS = 16_384;

const JOINS = {
  socket: TlsJoin.TLS_JOIN_SOCKET,
  order: TlsJoin.TLS_JOIN_ORDER,
  unjoined: TlsJoin.TLS_JOIN_UNJOINED,
} as const;

interface Conversation {
  session: TlsSession;
  /** The process that is watched opened the connection. */
  readonly isInitiator: boolean;
  /** Of the TCP connection, as its packets' records have it; undefined where it is not known. */
  connectionId: string | undefined;
  /** Encoded TlsPlaintext. */
  label: Uint8Array;
}

export class PlaintextFlows {
  readonly #state: AssemblerState;
  readonly #messageFlows: MessageFlows;
  readonly #tracker = new L7Tracker({ scheme: 'https' });
  readonly #ends = new EndEncoder();
  readonly #draft = new FlowDraft();
  readonly #conversations = new LifetimeMap<number, Conversation>(MAX_CONVERSATIONS);
  /** Number of the session that tells of a connection. */
  readonly #tellers = new LifetimeMap<string, number>(MAX_CONVERSATIONS);
  readonly #counters = { joined: 0, unjoined: 0, other_end: 0 };

  constructor(state: AssemblerState, messageFlows: MessageFlows) {
    this.#state = state;
    this.#messageFlows = messageFlows;
  }

  /** Flows by whether their connection is known; and pieces that the connection's other end has told. */
  get counters(): Readonly<Record<'joined' | 'unjoined' | 'other_end', number>> {
    return this.#counters;
  }

  get l7Counters(): ReturnType<L7Tracker['counters']> {
    return this.#tracker.counters();
  }

  /** `library`: the file that the pieces were read in. */
  take(event: SessionEvent, library: string, nowBootNs: number): void {
    const { number } = event.session;
    if (event.kind === 'piece') {
      this.#read(event.session, event.piece, library);
      return;
    }
    const ended = this.#conversations.get(number);
    if (ended === undefined) return;
    for (const message of this.#tracker.close(number)) this.#put(message);
    this.#conversations.end(number, nowBootNs);
    if (ended.connectionId !== undefined) this.#tellers.end(ended.connectionId, nowBootNs);
  }

  /** Call it once a second with the boot clock. */
  sweep(bootNs: number): void {
    for (const message of this.#tracker.sweep(BigInt(Math.round(bootNs)))) this.#put(message);
    this.#conversations.sweep(bootNs);
    this.#tellers.sweep(bootNs);
  }

  /** Pieces were lost before they came here. */
  noteLoss(): void {
    this.#tracker.noteLoss();
  }

  #read(session: TlsSession, piece: TlsPiece, library: string): void {
    const conversation = this.#conversationOf(session, piece, library);
    const { connectionId: id } = conversation;
    if (id !== undefined && this.#tellers.get(id) !== session.number) {
      this.#counters.other_end++;
      return;
    }
    const isWritten = piece.kind === 'written';
    const events = this.#tracker.feed({
      connection: session.number,
      fromInitiator: isWritten === conversation.isInitiator,
      timeNs: BigInt(Math.round(piece.timeBootNs)),
      sequence: piece.offset,
      payloadLength: piece.length,
      data: piece.data,
      hint: 'unknown',
      transport: 'tcp',
    });
    for (const message of events) this.#put(message);
  }

  #conversationOf(session: TlsSession, piece: TlsPiece, library: string): Conversation {
    const known = this.#conversations.get(session.number);
    if (known?.session.join === session.join) return known;
    const record = session.socket === undefined ? undefined : this.#asRecord(session.socket, piece);
    const id = record?.connectionId;
    const isInitiator = known?.isInitiator ?? this.#isInitiator(session, id, piece);
    // No interface that is watched may have seen it.
    const fromInitiator = (piece.kind === 'written') === isInitiator;
    if (record !== undefined) this.#state.connections.noteMessage({ ...record, fromInitiator }, undefined);
    if (id !== undefined && this.#tellers.get(id) === undefined) this.#tellers.set(id, session.number);
    const label = TlsPlaintext.encode({ library, join: JOINS[session.join] }).finish();
    const conversation = { session, isInitiator, connectionId: id, label };
    this.#conversations.set(session.number, conversation);
    return conversation;
  }

  /** Packets know who opened a connection; where they do not, a request's sender did. */
  #isInitiator({ socket }: TlsSession, id: string | undefined, { kind, data }: TlsPiece): boolean {
    const named = id === undefined ? undefined : this.#state.connections.get(id)?.named;
    const isWritten = kind === 'written';
    if (named === undefined || socket === undefined) {
      const isAnswer = parseHttp1Head(data)?.kind === 'response';
      return isWritten !== isAnswer;
    }
    const { address, port } = socket.local;
    return named.initiator.port === port && named.initiator.address === address;
  }

  /** As a hook at the socket would have told of it, in the words of the connection's other records. */
  #asRecord({ cookie, ipVersion, local, remote }: JoinedSocket, { kind, timeBootNs, length }: TlsPiece): L7Record {
    const isWritten = kind === 'written';
    const { record } = this.#state.translations.translate<L7Record>({
      type: 'l7',
      timeBootNs,
      connectionId: connectionId('TCP', local, remote),
      fromInitiator: isWritten,
      observation: isWritten ? 'source' : 'destination',
      interfaceIndex: 0,
      protocol: 'TCP',
      ipVersion,
      source: isWritten ? local : remote,
      destination: isWritten ? remote : local,
      sequence: 0,
      payloadLength: length,
      data: new Uint8Array(0),
      hint: 'unknown',
      nothingMissed: true,
      wholeStream: false,
      socketCookie: isWritten ? cookie : 0,
      cgroupId: 0,
    });
    return record;
  }

  #put(event: L7Event): void {
    const conversation = this.#conversations.get(Number(event.connection));
    if (conversation === undefined) return;
    const { connectionId: id, label } = conversation;
    const known = id === undefined ? undefined : this.#state.connections.get(id);
    if (id === undefined || known === undefined) {
      this.#counters.unjoined++;
      this.#putUnjoined(event, conversation);
    } else {
      this.#counters.joined++;
      this.#messageFlows.putOf(id, known, event, label);
    }
  }

  /** One end is the process, the other is not known; neither has an address. */
  #putUnjoined(event: L7Event, { session, isInitiator, label }: Conversation): void {
    if (event.kind === 'handshake') return;
    const draft = this.#draft;
    const { columns } = draft;
    const parts = toLayer7(event);
    const { fromInitiator } = event;
    draft.clear();
    fillTime(draft, this.#state, Number(event.timeNs));
    const { info, process } = this.#state.names.nameProcess(session.pid);
    const end = this.#ends.end('', info, undefined, []);
    const encoded = process && this.#ends.process(process);
    if (fromInitiator === isInitiator) {
      draft.source = end;
      draft.sourceProcess = encoded;
    } else {
      draft.destination = end;
      draft.destinationProcess = encoded;
    }
    columns.reason = FlowReason.FLOW_REASON_L7;
    columns.isReply = fromInitiator ? 0 : REPLY_TRUE;
    columns.verdict = Verdict.FORWARDED;
    columns.direction = isInitiator ? TrafficDirection.EGRESS : TrafficDirection.INGRESS;
    columns.flowType = FlowType.L7;
    columns.hasEventType = true;
    columns.eventType = EVENT_L7;
    draft.joinedMidway = parts.joinedMidway;
    draft.viewSource = ViewSource.VIEW_SOURCE_TLS_LIBRARY;
    draft.tlsPlaintext = label;
    draft.traceId = parts.traceId;
    fillLayer7(draft, parts);
    this.#state.output.append(draft);
  }
}
