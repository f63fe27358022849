// PostgreSQL on one connection. A simple query or an Execute is a request; so is a Parse that is synced without an Execute
// (a prepare). Outcomes are CommandComplete or ErrorResponse; ReadyForQuery ends whatever its batch left open.
import type { Conversation, EventSink, FreshSegment } from './conversation.ts';
import type { OperationMessage } from './l7-event.ts';
import { MessageCursor } from './message-cursor.ts';
import { Outstanding } from './outstanding.ts';
import type { PgMessage } from './postgresql.ts';
import { parsePgMessage, parsePgStartup, pgCommandTag, pgSql, pgSqlState, pgStatementName } from './postgresql.ts';
import { redactSql, sqlVerb } from './redact.ts';

/** Named statements remembered, so that an Execute of an hour later still has a verb: about 350 bytes each. */
const MAX_STATEMENTS = 64;

interface Statement {
  readonly name: string;
  readonly detail: string;
}

interface WaitingStatement {
  readonly requestNumber: number;
  readonly timeNs: bigint;
  readonly message: OperationMessage;
  /** Simple queries and Syncs end a batch, which one ReadyForQuery answers. */
  readonly batch: number;
  /** When rows began to come, though the outcome was not seen yet. */
  answering: Pick<FreshSegment, 'timeNs' | 'fromInitiator'> | undefined;
}

export class PostgresqlConversation implements Conversation {
  private readonly sink: EventSink;
  private readonly outstanding = new Outstanding<number, WaitingStatement>();
  private readonly cursors = { initiator: new MessageCursor(), responder: new MessageCursor() };
  private readonly statements = new Map<string, Statement>();
  private bound: Statement = { name: '', detail: '' };
  private parsed: Statement | undefined;
  private batch = 0;
  private hasStarted = false;
  /** Batch of the statements answered since the last ReadyForQuery. */
  private answeredBatch: number | undefined;

  constructor(sink: EventSink) {
    this.sink = sink;
  }

  read(segment: FreshSegment): void {
    if (segment.fromInitiator && this.startup(segment)) return;
    const side = segment.fromInitiator ? 'frontend' : 'backend';
    const cursor = segment.fromInitiator ? this.cursors.initiator : this.cursors.responder;
    let at = cursor.start(segment);
    if (at === undefined) return;
    if (!this.hasStarted) {
      this.hasStarted = true;
      this.sink.joinedMidway = true;
    }
    if (segment.fromInitiator) this.giveUpAnswering();
    while (at !== undefined && at < segment.data.length) {
      const message = parsePgMessage(segment.data, at, side);
      if (message && segment.fromInitiator) this.frontend(segment, message);
      else if (message) this.backend(segment, message);
      at = message?.end;
    }
    if (segment.data.length < segment.payloadLength && (at ?? 0) < segment.payloadLength)
      this.sink.counters.truncated++;
    cursor.leaveAt(segment, at);
  }

  expire(beforeNs: bigint): void {
    for (const waiting of this.outstanding.expire(beforeNs)) this.giveUp(waiting);
  }

  private startup(segment: FreshSegment): boolean {
    const startup = parsePgStartup(segment.data);
    if (!startup || startup.end !== segment.payloadLength) return false;
    this.hasStarted = true;
    return true;
  }

  private frontend(segment: FreshSegment, message: PgMessage): void {
    switch (message.type) {
      case 'Q':
        this.parsed = undefined;
        this.request(segment, this.statement(message));
        this.batch++;
        break;
      case 'P':
        this.parsed = this.statement(message);
        this.remember(pgStatementName(message), this.parsed);
        break;
      case 'B':
        this.bound = this.statements.get(pgStatementName(message)) ?? { name: 'EXECUTE', detail: '' };
        break;
      case 'E':
        this.parsed = undefined;
        this.request(segment, this.bound);
        break;
      case 'S':
        if (this.parsed) this.request(segment, { name: 'PREPARE', detail: this.parsed.detail });
        this.parsed = undefined;
        this.batch++;
        break;
    }
  }

  private backend(segment: FreshSegment, message: PgMessage): void {
    switch (message.type) {
      case 'C':
        this.answer(segment, 'OK', pgCommandTag(message));
        break;
      case 'I':
      case 's':
        this.answer(segment, 'OK', '');
        break;
      case 'E':
        this.answer(segment, pgSqlState(message) || 'ERROR', '');
        break;
      case 'Z':
        this.ready(segment);
        break;
      case 'T':
      case 'D': {
        const waiting = this.outstanding.oldest();
        if (waiting) waiting.answering ??= { timeNs: segment.timeNs, fromInitiator: segment.fromInitiator };
        break;
      }
    }
  }

  private answer(segment: FreshSegment, status: string, tag: string): void {
    const waiting = this.outstanding.oldest();
    // Errors of authentication answer nothing.
    if (!waiting) return;
    // Later statements of one simple query complete too, before the next batch has its turn.
    if (this.answeredBatch !== undefined && this.answeredBatch !== waiting.batch) return;
    this.answeredBatch = waiting.batch;
    this.outstanding.takeOldest();
    const detail = tag === '' || waiting.message.detail !== '' ? waiting.message.detail : tag;
    this.sink.response(segment, { ...waiting.message, detail, status, error: status !== 'OK' }, waiting);
  }

  /** ReadyForQuery ends one batch: a prepare is done; statements behind an error were skipped by the server. */
  private ready(segment: FreshSegment): void {
    const batch = this.answeredBatch ?? this.outstanding.oldest()?.batch;
    this.answeredBatch = undefined;
    for (
      let waiting = this.outstanding.oldest();
      waiting && waiting.batch === batch;
      waiting = this.outstanding.oldest()
    ) {
      this.outstanding.takeOldest();
      if (waiting.message.name === 'PREPARE') {
        this.sink.response(segment, { ...waiting.message, status: 'OK' }, waiting);
      } else this.giveUp(waiting);
    }
  }

  /** A client that asks again has read the answer, even if the outcome lay beyond the capture. */
  private giveUpAnswering(): void {
    for (let waiting = this.outstanding.oldest(); waiting?.answering; waiting = this.outstanding.oldest()) {
      this.outstanding.takeOldest();
      this.giveUp(waiting);
    }
  }

  private giveUp(waiting: WaitingStatement): void {
    if (waiting.answering) {
      this.sink.response(waiting.answering, { ...waiting.message, status: 'unknown' }, waiting);
    } else this.sink.counters.unanswered++;
  }

  private request(segment: FreshSegment, statement: Statement): void {
    const message: OperationMessage = { protocol: 'postgresql', ...statement, status: '', error: false };
    const requestNumber = this.sink.request(segment, message);
    const waiting = { requestNumber, timeNs: segment.timeNs, message, batch: this.batch, answering: undefined };
    this.sink.counters.outstandingEvicted += this.outstanding.add(requestNumber, waiting);
  }

  private statement(message: PgMessage): Statement {
    const sql = pgSql(message);
    return { name: sqlVerb(sql), detail: redactSql(sql, this.sink.rules) };
  }

  private remember(name: string, statement: Statement): void {
    this.statements.delete(name);
    this.statements.set(name, statement);
    for (const oldest of this.statements.keys()) {
      if (this.statements.size <= MAX_STATEMENTS) break;
      this.statements.delete(oldest);
    }
  }
}
