// Redis on one connection: replies answer commands in order; pushes of RESP3 answer none.
import type { Conversation, EventSink, FreshSegment } from './conversation.ts';
import type { OperationMessage } from './l7-event.ts';
import { MessageCursor } from './message-cursor.ts';
import { Outstanding } from './outstanding.ts';
import { redactRedis } from './redact.ts';
import { parseRedisCommand, parseRedisReply } from './redis.ts';

interface WaitingCommand {
  readonly requestNumber: number;
  readonly timeNs: bigint;
  readonly message: OperationMessage;
}

export class RedisConversation implements Conversation {
  private readonly sink: EventSink;
  private readonly outstanding = new Outstanding<number, WaitingCommand>();
  private readonly cursors = { initiator: new MessageCursor(), responder: new MessageCursor() };

  constructor(sink: EventSink) {
    this.sink = sink;
  }

  read(segment: FreshSegment): void {
    const cursor = segment.fromInitiator ? this.cursors.initiator : this.cursors.responder;
    let at = cursor.start(segment);
    if (at === undefined) return;
    while (at !== undefined && at < segment.data.length) {
      at = segment.fromInitiator ? this.command(segment, at) : this.reply(segment, at);
    }
    if (at === undefined && segment.data.length < segment.payloadLength) {
      this.sink.counters.truncated++;
      // Commands behind the capture were not counted, nor were replies if some were still due.
      if (segment.fromInitiator || this.outstanding.size > 0) this.sink.joinedMidway = true;
    }
    cursor.leaveAt(segment, at);
  }

  expire(beforeNs: bigint): void {
    this.sink.counters.unanswered += this.outstanding.expire(beforeNs).length;
  }

  private command(segment: FreshSegment, at: number): number | undefined {
    const command = parseRedisCommand(segment.data, at, true);
    if (!command) {
      this.sink.counters.malformed++;
      return undefined;
    }
    const { name, detail } = redactRedis(command.words, command.argumentCount, this.sink.rules);
    const message: OperationMessage = { protocol: 'redis', name, detail, status: '', error: false };
    const requestNumber = this.sink.request(segment, message);
    const evicted = this.outstanding.add(requestNumber, { requestNumber, timeNs: segment.timeNs, message });
    this.sink.counters.outstandingEvicted += evicted;
    return command.end;
  }

  private reply(segment: FreshSegment, at: number): number | undefined {
    const reply = parseRedisReply(segment.data, at);
    if (!reply) {
      this.sink.counters.malformed++;
      return undefined;
    }
    if (reply.isPush) return reply.end;
    const command = this.outstanding.takeOldest();
    if (command) {
      const status = reply.error === '' ? 'OK' : reply.error;
      this.sink.response(segment, { ...command.message, status, error: reply.error !== '' }, command);
    } else {
      // Published messages and replies to commands of before the capture look alike: counted, not reported.
      this.sink.counters.unpairedResponses++;
    }
    return reply.end;
  }
}
