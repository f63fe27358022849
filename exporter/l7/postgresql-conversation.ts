// PostgreSQL on one connection. A simple query or an Execute is a request; so is a Parse that is synced without an Execute
// (a prepare). Outcomes are CommandComplete or ErrorResponse; ReadyForQuery ends whatever its batch left open.
import type { Conversation, EventSink, FreshSegment } from './conversation.ts';
import type { OperationMessage } from './l7-event.ts';
import { MessageStream } from './message-stream.ts';
import { Outstanding, textBytesOf } from './outstanding.ts';
import type { PgMessage, PgStartup } from './postgresql.ts';
import { pgCommandTag, pgSql, pgSqlState, pgStatementName } from './postgresql.ts';
import { PgReader } from './postgresql-reader.ts';
import { redactSql, sqlVerb } from './redact.ts';

/** Named statements remembered, so that an Execute of an hour later still has a verb: about 350 bytes each. */
const MAX_STATEMENTS = 64;
const STATEMENT_BYTES = 200;

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
  textBytes: number;
  /** When rows began to come, though the outcome was not seen yet. */
  answering: Pick<FreshSegment, 'timeNs' | 'fromInitiator'> | undefined;
}

export class PostgresqlConversation implements Conversation {
  private readonly sink: EventSink;
  private readonly outstanding: Outstanding<number, WaitingStatement>;
  private readonly requests: MessageStream;
  private readonly answers: MessageStream;
  private readonly statements = new Map<string, Statement>();
  private bound: Statement = { name: '', detail: '' };
  private parsed: Statement | undefined;
  private batch = 0;
  /** Of the newest request. */
  private newestBatch = 0;
  private hasStarted = false;
  /** The next ReadyForQuery ends the log-in and no batch. */
  private isLoggingIn = false;
  /** Batch of the statements answered since the last ReadyForQuery. */
  private answeredBatch: number | undefined;

  constructor(sink: EventSink) {
    this.sink = sink;
    this.outstanding = new Outstanding(sink);
    const startup = ({ kind }: PgStartup) => {
      this.hasStarted = true;
      if (kind === 'ssl') answers.isByteDue = true;
    };
    const answers = new PgReader('backend', {
      startup,
      message: (segment, message) => this.backend(segment, message),
      missed: (segment) => this.missedAnswers(segment),
    });
    const requests = new PgReader('frontend', {
      startup,
      message: (segment, message) => this.frontend(segment, message),
      missed: () => {},
    });
    this.requests = new MessageStream(requests, sink);
    this.answers = new MessageStream(answers, sink);
  }

  read(segment: FreshSegment): void {
    if (segment.fromInitiator) {
      if (!this.answers.isInStep) this.giveUpAnswering();
      this.requests.read(segment);
    } else this.answers.read(segment);
  }

  isAhead(segment: FreshSegment): boolean {
    return (segment.fromInitiator ? this.requests : this.answers).isAhead(segment);
  }

  expire(beforeNs: bigint): void {
    for (const waiting of this.outstanding.expire(beforeNs)) this.giveUp(waiting);
  }

  private frontend(segment: FreshSegment, message: PgMessage): void {
    if (!this.hasStarted) {
      this.hasStarted = true;
      this.sink.joinedMidway = true;
    }
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
      case 'R':
        this.isLoggingIn = true;
        break;
      case 'Z':
        if (!this.isLoggingIn) this.ready(segment);
        this.isLoggingIn = false;
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
    // What is answered is not going on, though its end was not seen.
    if (this.outstanding.size === 0) this.requests.finish(segment);
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

  /** The outcome lay beyond the capture; a client that asks again has read it. */
  private giveUpAnswering(): void {
    for (let waiting = this.outstanding.oldest(); waiting?.answering; waiting = this.outstanding.oldest()) {
      this.outstanding.takeOldest();
      this.giveUp(waiting);
    }
  }

  /** Unless only rows were left out, all but the newest batch may have been answered. */
  private missedAnswers(segment: FreshSegment): void {
    if (segment.nothingMissed) return;
    for (
      let waiting = this.outstanding.oldest();
      waiting && waiting.batch !== this.newestBatch;
      waiting = this.outstanding.oldest()
    ) {
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
    const { timeNs } = segment;
    const textBytes = textBytesOf(message);
    const waiting = { requestNumber, timeNs, message, batch: this.batch, textBytes, answering: undefined };
    this.newestBatch = this.batch;
    this.sink.counters.outstandingEvicted += this.outstanding.add(requestNumber, waiting);
  }

  private statement(message: PgMessage): Statement {
    const sql = pgSql(message);
    return { name: sqlVerb(sql), detail: redactSql(sql, this.sink.rules) };
  }

  private remember(name: string, statement: Statement): void {
    this.forget(name);
    this.statements.set(name, statement);
    this.sink.hold(bytesOf(name, statement));
    for (const oldest of this.statements.keys()) {
      if (this.statements.size <= MAX_STATEMENTS) break;
      this.forget(oldest);
    }
  }

  private forget(name: string): void {
    const statement = this.statements.get(name);
    if (statement === undefined) return;
    this.statements.delete(name);
    this.sink.hold(-bytesOf(name, statement));
  }
}

/** What remembering a statement takes. */
function bytesOf(name: string, statement: Statement): number {
  return STATEMENT_BYTES + name.length + statement.name.length + statement.detail.length;
}
