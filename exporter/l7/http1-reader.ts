// One direction of an HTTP/1.x connection from message to message: heads, bodies of known length, chunks (RFC 9112
// sections 6 and 7).
import type { FreshSegment } from './conversation.ts';
import type { Http1Head } from './http1.ts';
import { http1Body, parseHttp1Head, readLine } from './http1.ts';
import { latin1 } from './latin1.ts';
import type { MessageReader, Step } from './message-stream.ts';

/** Told of each head; returns the method of the request, or `tunnel` if what follows is no HTTP. */
export type OnHead = (segment: FreshSegment, head: Http1Head) => string;
export const TUNNEL = 'tunnel';

const START =
  /(?:[A-Z]{3,10} (?:\/|\*|https?:)\S{0,4096} HTTP\/1\.[01]\r?\n)|(?:HTTP\/1\.[01] [1-5]\d\d [^\r\n]{0,64}\r?\n)/;
/** What a first line may look like while it is not whole: "GE", "GET /a", "HTTP/1.1 2". */
const BEGINNING = /^(?:[A-Z][A-Z-]{0,23}(?: [\x21-\x7e]*(?: [HTP/1.0]{0,8}\r?)?)?|HTTP\/[\x20-\x7e]*\r?)$/;

export class Http1Reader implements MessageReader {
  private readonly onHead: OnHead;
  private readonly onMissed: () => void;
  private expected: 'head' | 'chunk' | 'trailer' = 'head';

  /** `onMissed`: messages may have passed unseen. */
  constructor(onHead: OnHead, onMissed: () => void) {
    this.onHead = onHead;
    this.onMissed = onMissed;
  }

  next(segment: FreshSegment, data: Uint8Array, at: number, isCut: boolean): Step {
    if (this.expected !== 'head') return this.chunk(data, at, isCut);
    // RFC 9112 section 2.2: an empty line before a request is to be ignored.
    if (data[at] === 0x0d || data[at] === 0x0a) return at + 1;
    const head = parseHttp1Head(data, at);
    if (head?.bodyOffset === undefined) {
      if (!isCut && (head !== undefined || isBeginning(data, at))) return 'more';
      if (!head) return 'malformed';
      this.onHead(segment, head);
      return 'unknown';
    }
    const method = this.onHead(segment, head);
    const body = method === TUNNEL ? 'unknown' : http1Body(head, method);
    if (body === 'unknown') return 'unknown';
    if (body !== 'chunks') return head.bodyOffset + body;
    this.expected = 'chunk';
    return head.bodyOffset;
  }

  find(data: Uint8Array, from: number): number | undefined {
    if (from === 0 && parseHttp1Head(data)) return 0;
    const start = START.exec(latin1(data, from, data.length));
    return start === null ? undefined : from + start.index;
  }

  missed(): boolean {
    const wasBody = this.expected !== 'head';
    this.expected = 'head';
    if (!wasBody) this.onMissed();
    return !wasBody;
  }

  /** A chunk's size with the chunk, or a line of the trailer. */
  private chunk(data: Uint8Array, at: number, isCut: boolean): Step {
    const line = readLine(data, at);
    if (!line.complete) {
      if (!isCut) return 'more';
      this.expected = 'head';
      return 'unknown';
    }
    if (this.expected === 'trailer') {
      if (line.text === '') this.expected = 'head';
      return line.next;
    }
    const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;|$)/.exec(line.text)?.[1];
    if (size === undefined) return 'malformed';
    const bytes = Number.parseInt(size, 16);
    if (bytes === 0) this.expected = 'trailer';
    return bytes === 0 ? line.next : line.next + bytes + 2;
  }
}

function isBeginning(data: Uint8Array, at: number): boolean {
  const line = readLine(data, at);
  return !line.complete && BEGINNING.test(line.text);
}
