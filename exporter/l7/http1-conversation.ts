// HTTP/1.x on one connection: responses answer requests in order (RFC 9112 section 9.3.2), several messages may share a
// segment, and one may be cut between segments.
import type { Conversation, EventSink, FreshSegment } from './conversation.ts';
import type { Http1Head } from './http1.ts';
import { Http1Reader, TUNNEL } from './http1-reader.ts';
import type { HttpMessage } from './l7-event.ts';
import { MessageStream } from './message-stream.ts';
import { Outstanding, textBytesOf } from './outstanding.ts';
import { redactHeaders, redactUrl } from './redact.ts';
import { parseTraceId } from './trace-context.ts';

interface WaitingRequest {
  readonly requestNumber: number;
  readonly timeNs: bigint;
  readonly message: HttpMessage;
  textBytes: number;
}

export class Http1Conversation implements Conversation {
  private readonly sink: EventSink;
  private readonly outstanding: Outstanding<number, WaitingRequest>;
  private readonly streams: { readonly initiator: MessageStream; readonly responder: MessageStream };
  /** After an upgrade or CONNECT the bytes are somebody else's. */
  private isTunnel = false;

  constructor(sink: EventSink) {
    this.sink = sink;
    this.outstanding = new Outstanding(sink);
    const stream = (onMissed: () => void) =>
      new MessageStream(new Http1Reader((segment, head) => this.head(segment, head), onMissed), sink);
    this.streams = { initiator: stream(() => {}), responder: stream(() => this.missedAnswers()) };
  }

  read(segment: FreshSegment): void {
    if (this.isTunnel) return;
    this.stream(segment).read(segment);
  }

  isAhead(segment: FreshSegment): boolean {
    return !this.isTunnel && this.stream(segment).isAhead(segment);
  }

  expire(beforeNs: bigint): void {
    this.sink.counters.unanswered += this.outstanding.expire(beforeNs).length;
  }

  private stream(segment: FreshSegment): MessageStream {
    return segment.fromInitiator ? this.streams.initiator : this.streams.responder;
  }

  /** Whose answers they were cannot be told; a client that does not pipeline waits for its newest alone. */
  private missedAnswers(): void {
    this.sink.counters.unanswered += this.outstanding.keepNewest();
  }

  /** By what it says: on a connection joined midway the direction is a guess. */
  private head(segment: FreshSegment, head: Http1Head): string {
    return head.kind === 'request' ? this.request(segment, head) : this.response(segment, head);
  }

  private request(segment: FreshSegment, head: Http1Head): string {
    const host = head.fields.get('host') ?? '';
    const isPath = head.target.startsWith('/');
    const isAbsolute = !isPath && /^[a-z][a-z0-9+.-]*:\/\//i.test(head.target);
    const isWhole = isAbsolute || host === '' || head.target === '*';
    const url = isWhole ? head.target : `${this.sink.scheme}://${host}${head.target}`;
    const message: HttpMessage = {
      protocol: 'http',
      version: head.version,
      method: head.method,
      url: redactUrl(head.method === 'CONNECT' ? head.target : url, this.sink.rules),
      code: 0,
      headers: redactHeaders(head.fields, this.sink.rules),
      traceId: parseTraceId(head.fields.get('traceparent')),
      grpc: undefined,
    };
    const requestNumber = this.sink.request(segment, message);
    this.sink.counters.outstandingEvicted += this.outstanding.add(requestNumber, {
      requestNumber,
      timeNs: segment.timeNs,
      message,
      textBytes: textBytesOf(message),
    });
    return head.method;
  }

  private response(segment: FreshSegment, head: Http1Head): string {
    const isUpgrade = head.code === 101;
    // Interim responses announce the one that counts (RFC 9110 section 15.2).
    if (head.code < 200 && !isUpgrade) return this.outstanding.oldest()?.message.method ?? '';
    // What is answered is not going on, though its end was not seen.
    if (this.outstanding.size === 0 && !segment.fromInitiator) this.streams.initiator.finish(segment);
    const request = this.outstanding.takeOldest();
    if (!request) this.sink.joinedMidway = true;
    const method = request?.message.method ?? '';
    this.isTunnel = isUpgrade || (method === 'CONNECT' && head.code < 300);
    const message: HttpMessage = {
      protocol: 'http',
      version: head.version,
      method,
      url: request?.message.url ?? '',
      code: head.code,
      headers: redactHeaders(head.fields, this.sink.rules),
      traceId: request?.message.traceId ?? '',
      grpc: undefined,
    };
    this.sink.response(segment, message, request);
    return this.isTunnel ? TUNNEL : method;
  }
}
