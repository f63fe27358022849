// HTTP/1.x on one connection: responses answer requests in order (RFC 9112 section 9.3.2), several heads may share a segment.
import type { Conversation, EventSink, FreshSegment } from './conversation.ts';
import type { Http1Head } from './http1.ts';
import { http1MessageEnd, parseHttp1Head } from './http1.ts';
import type { HttpMessage } from './l7-event.ts';
import { MessageCursor } from './message-cursor.ts';
import { Outstanding } from './outstanding.ts';
import { redactHeaders, redactUrl } from './redact.ts';
import { parseTraceId } from './trace-context.ts';

/** A 64 KiB super-packet of the shortest requests would hold more; the capture does not. */
const MAX_HEADS_PER_SEGMENT = 64;

interface WaitingRequest {
  readonly requestNumber: number;
  readonly timeNs: bigint;
  readonly message: HttpMessage;
}

export class Http1Conversation implements Conversation {
  private readonly sink: EventSink;
  private readonly outstanding = new Outstanding<number, WaitingRequest>();
  private readonly cursors = { initiator: new MessageCursor(), responder: new MessageCursor() };
  /** After an upgrade or CONNECT the bytes are somebody else's. */
  private isTunnel = false;

  constructor(sink: EventSink) {
    this.sink = sink;
  }

  read(segment: FreshSegment): void {
    if (this.isTunnel) return;
    const cursor = segment.fromInitiator ? this.cursors.initiator : this.cursors.responder;
    let at = cursor.start(segment);
    if (at === undefined) return;
    for (let count = 0; count < MAX_HEADS_PER_SEGMENT && at !== undefined && at < segment.data.length; count++) {
      const head = parseHttp1Head(segment.data, at);
      if (!head) {
        at = undefined;
        break;
      }
      if (head.bodyOffset === undefined) this.sink.counters.truncated++;
      const requestMethod = head.kind === 'request' ? this.request(segment, head) : this.response(segment, head);
      at = this.isTunnel ? undefined : http1MessageEnd(segment.data, head, requestMethod);
    }
    cursor.leaveAt(segment, at);
  }

  expire(beforeNs: bigint): void {
    this.sink.counters.unanswered += this.outstanding.expire(beforeNs).length;
  }

  private request(segment: FreshSegment, head: Http1Head): string {
    const host = head.fields.get('host') ?? '';
    const isAbsolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(head.target);
    const url = isAbsolute || host === '' || head.target === '*' ? head.target : `http://${host}${head.target}`;
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
    });
    return head.method;
  }

  private response(segment: FreshSegment, head: Http1Head): string {
    const isUpgrade = head.code === 101;
    // Interim responses announce the one that counts (RFC 9110 section 15.2).
    if (head.code < 200 && !isUpgrade) return this.outstanding.oldest()?.message.method ?? '';
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
    return method;
  }
}
