// The readable beginning of a TLS connection: client hello and server hello, each possibly split over two segments.
import type { Conversation, EventSink, FreshSegment } from './conversation.ts';
import { sequenceDistance } from './tcp-order.ts';
import { beginsTlsHello, MAX_HELLO_BYTES, parseTlsHello } from './tls.ts';

interface Partial {
  readonly bytes: Uint8Array;
  readonly sequence: number;
  readonly stamp: Pick<FreshSegment, 'timeNs' | 'fromInitiator'>;
}

export class TlsConversation implements Conversation {
  private readonly sink: EventSink;
  private partial: Partial | undefined;
  private clientHelloNs: bigint | undefined;
  private isEncrypted = false;

  constructor(sink: EventSink) {
    this.sink = sink;
  }

  read(segment: FreshSegment): void {
    if (this.isEncrypted) return;
    const partial = this.takePartial();
    if (partial && continues(partial, segment)) {
      this.hello(Buffer.concat([partial.bytes, segment.data]), partial.stamp, partial.sequence, isWhole(segment));
      return;
    }
    if (partial) this.emit(partial.bytes, partial.stamp);
    if (!beginsTlsHello(segment.data)) return;
    const stamp = { timeNs: segment.timeNs, fromInitiator: segment.fromInitiator };
    this.hello(segment.data, stamp, segment.sequence, isWhole(segment));
  }

  expire(beforeNs: bigint): void {
    if (!this.partial || this.partial.stamp.timeNs >= beforeNs) return;
    const partial = this.takePartial();
    if (partial) this.emit(partial.bytes, partial.stamp);
  }

  private takePartial(): Partial | undefined {
    const { partial } = this;
    this.partial = undefined;
    if (partial) this.sink.hold(-partial.bytes.length);
    return partial;
  }

  /** Reports the hello, or waits for its rest if the next segment can still bring it. */
  private hello(bytes: Uint8Array, stamp: Partial['stamp'], sequence: number, canContinue: boolean): void {
    if (canContinue && bytes.length < MAX_HELLO_BYTES && parseTlsHello(bytes)?.complete === false) {
      this.partial = { bytes: new Uint8Array(bytes), sequence, stamp };
      this.sink.hold(bytes.length);
    } else this.emit(bytes, stamp);
  }

  private emit(bytes: Uint8Array, stamp: Partial['stamp']): void {
    const message = parseTlsHello(bytes);
    if (!message) {
      this.sink.counters.malformed++;
      return;
    }
    if (!message.complete) this.sink.counters.truncated++;
    if (message.hello === 'client') {
      this.clientHelloNs = stamp.timeNs;
      this.sink.handshake(stamp, message, undefined);
      return;
    }
    this.isEncrypted = true;
    if (this.clientHelloNs === undefined) this.sink.joinedMidway = true;
    const latencyNs = this.clientHelloNs === undefined ? undefined : stamp.timeNs - this.clientHelloNs;
    this.sink.handshake(stamp, message, latencyNs);
  }
}

function isWhole(segment: FreshSegment): boolean {
  return segment.data.length === segment.payloadLength;
}

function continues(partial: Partial, segment: FreshSegment): boolean {
  return (
    partial.stamp.fromInitiator === segment.fromInitiator &&
    sequenceDistance(partial.sequence, segment.sequence) === partial.bytes.length
  );
}
