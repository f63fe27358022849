// Redis on one connection: replies answer commands in order; pushes of RESP3 answer none.
import type { Conversation, EventSink, FreshSegment } from './conversation.ts';
import type { OperationMessage } from './l7-event.ts';
import { MessageStream } from './message-stream.ts';
import { Outstanding, textBytesOf } from './outstanding.ts';
import { redactRedis } from './redact.ts';
import type { RedisCommand, RedisReply } from './redis.ts';
import { RedisCommandReader, RedisReplyReader } from './redis.ts';

interface WaitingCommand {
  readonly requestNumber: number;
  readonly timeNs: bigint;
  readonly message: OperationMessage;
  textBytes: number;
}

export class RedisConversation implements Conversation {
  private readonly sink: EventSink;
  private readonly outstanding: Outstanding<number, WaitingCommand>;
  private readonly commandReader: RedisCommandReader;
  private readonly commands: MessageStream;
  private readonly replies: MessageStream;

  constructor(sink: EventSink) {
    this.sink = sink;
    this.outstanding = new Outstanding(sink);
    this.commandReader = new RedisCommandReader((segment, command) => this.command(segment, command));
    this.commands = new MessageStream(this.commandReader, sink);
    const replyReader = new RedisReplyReader(
      (segment, reply) => this.reply(segment, reply),
      () => this.missedReplies(),
    );
    this.replies = new MessageStream(replyReader, sink);
  }

  read(segment: FreshSegment): void {
    this.stream(segment).read(segment);
  }

  isAhead(segment: FreshSegment): boolean {
    return this.stream(segment).isAhead(segment);
  }

  expire(beforeNs: bigint): void {
    this.sink.counters.unanswered += this.outstanding.expire(beforeNs).length;
  }

  private stream(segment: FreshSegment): MessageStream {
    return segment.fromInitiator ? this.commands : this.replies;
  }

  private command(segment: FreshSegment, command: RedisCommand): void {
    const { name, detail } = redactRedis(command.words, command.argumentCount, this.sink.rules);
    const message: OperationMessage = { protocol: 'redis', name, detail, status: '', error: false };
    const requestNumber = this.sink.request(segment, message);
    const waiting = { requestNumber, timeNs: segment.timeNs, message, textBytes: textBytesOf(message) };
    this.sink.counters.outstandingEvicted += this.outstanding.add(requestNumber, waiting);
  }

  private reply(segment: FreshSegment, reply: RedisReply): void {
    if (reply.isPush) return;
    // What is answered is not going on, though its end was not seen.
    if (this.outstanding.size === 0 && this.commandReader.isOpen) {
      this.commands.finish(segment);
      this.commandReader.missed(segment);
    }
    const command = this.outstanding.takeOldest();
    if (command) {
      const status = reply.error === '' ? 'OK' : reply.error;
      this.sink.response(segment, { ...command.message, status, error: reply.error !== '' }, command);
    } else {
      // Published messages and replies to commands of before the capture look alike: counted, not reported.
      this.sink.counters.unpairedResponses++;
    }
  }

  /** Whose they were cannot be told; a client that does not pipeline waits for its newest alone. */
  private missedReplies(): void {
    const gone = this.outstanding.keepNewest();
    this.sink.counters.unanswered += gone;
    if (gone > 0) this.sink.joinedMidway = true;
  }
}
