// DNS on one 5-tuple, over UDP or TCP: answers are paired by transaction id and question.
import type { Conversation, EventSink, FreshSegment } from './conversation.ts';
import type { ParsedDns } from './dns.ts';
import { parseDns } from './dns.ts';
import { DnsOverTcpReader } from './dns-over-tcp.ts';
import type { DnsMessage } from './l7-event.ts';
import { MessageStream } from './message-stream.ts';
import { Outstanding } from './outstanding.ts';

const MAX_ADDRESSES = 32;

interface WaitingQuery {
  readonly requestNumber: number;
  readonly timeNs: bigint;
  textBytes: number;
}

export class DnsConversation implements Conversation {
  private readonly sink: EventSink;
  private readonly outstanding: Outstanding<string, WaitingQuery>;
  /** Over TCP. */
  private readonly streams: { readonly initiator: MessageStream; readonly responder: MessageStream };

  constructor(sink: EventSink) {
    this.sink = sink;
    this.outstanding = new Outstanding(sink);
    const reader = () => new DnsOverTcpReader((segment, data) => this.bytes(segment, data));
    const stream = () => new MessageStream(reader(), sink);
    this.streams = { initiator: stream(), responder: stream() };
  }

  read(segment: FreshSegment): void {
    if (!segment.isDatagram) this.stream(segment).read(segment);
    else if (!this.bytes(segment, segment.data)) this.sink.counters.malformed++;
  }

  isAhead(segment: FreshSegment): boolean {
    return !segment.isDatagram && this.stream(segment).isAhead(segment);
  }

  private stream(segment: FreshSegment): MessageStream {
    return segment.fromInitiator ? this.streams.initiator : this.streams.responder;
  }

  /** False if they are no DNS. */
  private bytes(segment: FreshSegment, data: Uint8Array): boolean {
    const dns = parseDns(data);
    if (!dns) return false;
    if (!dns.complete) this.sink.counters.truncated++;
    this.message(segment, dns);
    return true;
  }

  expire(beforeNs: bigint): void {
    this.sink.counters.unanswered += this.outstanding.expire(beforeNs).length;
  }

  private message(segment: FreshSegment, dns: ParsedDns): void {
    // Case is random in queries of resolvers that use it against forgery.
    const key = `${dns.id} ${dns.questionType} ${dns.question.toLowerCase()}`;
    if (dns.isResponse) {
      this.sink.response(segment, toMessage(dns), this.outstanding.take(key));
      return;
    }
    if (this.outstanding.get(key)) {
      this.sink.counters.dnsRetries++;
      return;
    }
    const requestNumber = this.sink.request(segment, toMessage(dns));
    const waiting = { requestNumber, timeNs: segment.timeNs, textBytes: key.length };
    this.sink.counters.outstandingEvicted += this.outstanding.add(key, waiting);
  }
}

function toMessage(dns: ParsedDns): DnsMessage {
  const ttls = dns.answers.map((answer) => answer.ttlSeconds);
  return {
    protocol: 'dns',
    query: dns.question,
    queryType: dns.questionType,
    rcode: dns.isResponse ? dns.rcode : 0,
    addresses: dns.answers
      .filter((answer) => answer.type === 'A' || answer.type === 'AAAA')
      .slice(0, MAX_ADDRESSES)
      .map((answer) => answer.value),
    cnames: dns.answers
      .filter((answer) => answer.type === 'CNAME')
      .slice(0, MAX_ADDRESSES)
      .map((answer) => answer.value),
    answerTypes: [...new Set(dns.answers.map((answer) => answer.type))],
    ttlSeconds: ttls.length === 0 ? 0 : Math.min(...ttls),
  };
}
