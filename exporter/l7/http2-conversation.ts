// HTTP/2 and gRPC on one connection: requests and responses are paired by stream. A gRPC response is reported when its
// trailers came, since only they tell how the call ended.
import type { Conversation, EventSink, FreshSegment } from './conversation.ts';
import { isGrpcContentType, parseGrpcStatus } from './grpc.ts';
import type { Http2Item } from './http2.ts';
import { Http2Reader } from './http2.ts';
import type { HttpMessage } from './l7-event.ts';
import { Outstanding, textBytesOf } from './outstanding.ts';
import { redactHeaders, redactUrl } from './redact.ts';
import { parseTraceId } from './trace-context.ts';

interface Stream {
  readonly requestNumber: number;
  readonly timeNs: bigint;
  readonly message: HttpMessage;
  textBytes: number;
  /** The response's head, held back until trailers come. */
  held: { readonly stamp: Pick<FreshSegment, 'timeNs' | 'fromInitiator'>; readonly message: HttpMessage } | undefined;
}

type HeadersItem = Extract<Http2Item, { kind: 'headers' }>;

export class Http2Conversation implements Conversation {
  private readonly sink: EventSink;
  private readonly readers: { readonly initiator: Http2Reader; readonly responder: Http2Reader };
  private readonly streams: Outstanding<number, Stream>;
  private lastRequested = -1;
  private readerBytes = 0;

  /** `fromStart`: the connection preface is in the first segment. */
  constructor(sink: EventSink, fromStart: boolean) {
    this.sink = sink;
    this.streams = new Outstanding(sink);
    this.readers = {
      // Clients number their streams 1, 3, 5, ...: a missed request leaves a hole.
      initiator: new Http2Reader((streamId) => streamId === this.lastRequested + 2),
      // A server answers in any order: behind a long gap, only if one call alone is open was no other answer missed.
      responder: new Http2Reader(
        (streamId, gap) => gap === 'short' || (this.streams.size === 1 && this.streams.get(streamId) !== undefined),
      ),
    };
    if (!fromStart) sink.joinedMidway = true;
  }

  read(segment: FreshSegment): void {
    const reader = segment.fromInitiator ? this.readers.initiator : this.readers.responder;
    const gapsBefore = reader.gaps;
    for (const item of reader.read(segment)) {
      if (item.kind === 'headers') this.headers(segment, item);
      else if (item.kind === 'reset') this.reset(segment, item.streamId, item.errorCode);
      else if (!segment.fromInitiator) this.release(item.streamId, segment, undefined);
    }
    this.sink.counters.http2Gaps += reader.gaps - gapsBefore;
    const readerBytes = this.readers.initiator.heldBytes + this.readers.responder.heldBytes;
    this.sink.hold(readerBytes - this.readerBytes);
    this.readerBytes = readerBytes;
  }

  noteLoss(): void {
    this.readers.initiator.noteLoss();
    this.readers.responder.noteLoss();
  }

  expire(beforeNs: bigint): void {
    for (const stream of this.streams.expire(beforeNs)) {
      if (stream.held) this.sink.response(stream.held.stamp, stream.held.message, stream);
      else this.sink.counters.unanswered++;
    }
  }

  private headers(segment: FreshSegment, item: HeadersItem): void {
    this.sink.counters.http2UnknownFields += item.unknown;
    const fields = new Map<string, string>();
    for (const { name, value } of item.fields) if (!fields.has(name)) fields.set(name, value);
    const known = this.streams.get(item.streamId);
    const isRequest = fields.has(':method') || fields.has(':path') || (segment.fromInitiator && !known);
    // Pseudo-fields tell better than the direction, which is a guess on a connection joined midway.
    if (isRequest && !fields.has(':status')) {
      if (!known) this.request(segment, item.streamId, fields);
    } else if (fields.has(':status')) this.response(segment, item, fields, known);
    else if (known && !known.held) this.unreadableAnswer(segment, item, known);
    else if (known) this.release(item.streamId, segment, parseGrpcStatus(fields.get('grpc-status')));
  }

  private request(segment: FreshSegment, streamId: number, fields: ReadonlyMap<string, string>): void {
    this.lastRequested = streamId;
    const path = fields.get(':path') ?? '';
    const authority = fields.get(':authority') ?? fields.get('host') ?? '';
    const url = authority === '' ? path : `${fields.get(':scheme') ?? 'http'}://${authority}${path}`;
    const message: HttpMessage = {
      protocol: 'http',
      version: 'HTTP/2',
      method: fields.get(':method') ?? '',
      url: redactUrl(url, this.sink.rules),
      code: 0,
      headers: redactHeaders(fields, this.sink.rules),
      traceId: parseTraceId(fields.get('traceparent')),
      grpc: isGrpcContentType(fields.get('content-type')) ? grpcCall(path) : undefined,
    };
    const requestNumber = this.sink.request(segment, message, message.method === '' || path === '');
    const stream = { requestNumber, timeNs: segment.timeNs, message, textBytes: textBytesOf(message), held: undefined };
    this.sink.counters.outstandingEvicted += this.streams.add(streamId, stream);
  }

  private response(
    segment: FreshSegment,
    item: HeadersItem,
    fields: ReadonlyMap<string, string>,
    stream: Stream | undefined,
  ): void {
    const code = Number(fields.get(':status'));
    if (code >= 100 && code < 200) return;
    const isGrpc = stream?.message.grpc !== undefined || isGrpcContentType(fields.get('content-type'));
    const grpcStatus = parseGrpcStatus(fields.get('grpc-status'));
    const message: HttpMessage = {
      protocol: 'http',
      version: 'HTTP/2',
      method: stream?.message.method ?? '',
      url: stream?.message.url ?? '',
      code,
      headers: redactHeaders(fields, this.sink.rules),
      traceId: stream?.message.traceId ?? '',
      grpc: isGrpc ? { method: stream?.message.grpc?.method ?? '', status: grpcStatus } : undefined,
    };
    if (isGrpc && stream && !item.endStream && grpcStatus === undefined) {
      stream.held = { stamp: { timeNs: segment.timeNs, fromInitiator: segment.fromInitiator }, message };
      this.streams.grow(stream, textBytesOf(message));
      return;
    }
    this.streams.take(item.streamId);
    this.sink.response(segment, message, stream);
  }

  /** The status is unknown, or these are trailers and the response's head was missed; both cost the rest of the block. */
  private unreadableAnswer(segment: FreshSegment, item: HeadersItem, stream: Stream): void {
    if (item.unknown === 0) this.readers.responder.missed();
    this.streams.take(item.streamId);
    this.sink.response(segment, { ...stream.message, headers: [] }, stream, true);
  }

  /** Reports a held response, now that the call ended. */
  private release(streamId: number, segment: FreshSegment, status: number | undefined): void {
    const held = this.streams.get(streamId)?.held;
    const stream = held && this.streams.take(streamId);
    if (!held || !stream) return;
    this.sink.response(segment, { ...held.message, grpc: { method: held.message.grpc?.method ?? '', status } }, stream);
  }

  private reset(segment: FreshSegment, streamId: number, errorCode: number): void {
    if (this.streams.get(streamId)?.held) this.release(streamId, segment, grpcStatusOfReset(errorCode));
    else if (this.streams.take(streamId)) this.sink.counters.unanswered++;
  }
}

function grpcCall(path: string): NonNullable<HttpMessage['grpc']> {
  return { method: path, status: undefined };
}

/** github.com/grpc/grpc doc/PROTOCOL-HTTP2.md, "HTTP2 Transport Mapping: Errors". */
function grpcStatusOfReset(errorCode: number): number {
  switch (errorCode) {
    case 0x7:
      return 14;
    case 0x8:
      return 1;
    case 0xb:
      return 8;
    case 0xc:
      return 7;
    default:
      return 13;
  }
}
