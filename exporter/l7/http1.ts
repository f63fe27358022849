// HTTP/1.x heads (RFC 9112) in a captured payload: one head at an offset, and what kind of body follows it. A head cut by
// the capture yields what was seen of it. Read byte by byte: a busy node sees tens of thousands of heads a second, and of
// most of their text nothing is ever told.
import { Http1Fields } from './http1-fields.ts';
import { latin1, startsWith } from './latin1.ts';
import { cachedText } from './text-cache.ts';

/** Beyond these a head is read as cut: 8 KiB is what common servers accept of one line, and the capture is smaller. */
const MAX_LINE_BYTES = 8192;
const MAX_FIELDS = 64;
const MAX_METHOD_CHARS = 24;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'] as const;
const EXTRA_METHODS = ['PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'REPORT', 'SEARCH', 'PURGE'];
const KNOWN_METHODS: ReadonlySet<string> = new Set([...METHODS, ...EXTRA_METHODS, 'QUERY', 'MERGE', 'NOTIFY']);

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const DASH = 0x2d;
/** " HTTP/1.1" */
const VERSION_BYTES = 9;

export interface Http1Head {
  readonly kind: 'request' | 'response';
  /** Request only; method and target are empty in a response. */
  readonly method: string;
  readonly target: string;
  /** "HTTP/1.1"; empty if the request line was cut before it. */
  readonly version: string;
  /** 0 in a request. */
  readonly code: number;
  readonly fields: Http1Fields;
  /** Offset of the first body byte; undefined if the head was cut. */
  readonly bodyOffset: number | undefined;
}

type UnfinishedHead = { -readonly [Key in keyof Http1Head]: Http1Head[Key] };

/** The head that begins exactly at `offset`; undefined if none does. */
export function parseHttp1Head(data: Uint8Array, offset = 0): Http1Head | undefined {
  const lineEnd = findLineEnd(data, offset);
  const isWhole = lineEnd >= 0;
  const textEnd = isWhole ? textEndOf(data, offset, lineEnd) : lineLimit(data, offset);
  const head = startsWith(data, 'HTTP/1.', offset)
    ? readStatus(data, offset, textEnd)
    : readRequest(data, offset, textEnd, isWhole);
  if (head !== undefined && isWhole) head.bodyOffset = readFields(data, lineEnd + 1, head.fields);
  return head;
}

/**
 * How a message goes on behind its head: a body of so many bytes, chunks, or until something else tells (`unknown`: a
 * response whose body ends with the connection). `requestMethod` decides whether a response has a body.
 */
export function http1Body(head: Http1Head, requestMethod: string): number | 'chunks' | 'unknown' {
  const bodiless =
    head.kind === 'response' && (requestMethod === 'HEAD' || head.code < 200 || head.code === 204 || head.code === 304);
  if (bodiless) return 0;
  const coding = head.fields.get('transfer-encoding');
  if (coding !== undefined && /chunked\s*$/i.test(coding)) return 'chunks';
  const length = head.fields.get('content-length');
  if (length !== undefined) return /^\d{1,15}$/.test(length) ? Number(length) : 'unknown';
  return head.kind === 'request' ? 0 : 'unknown';
}

export interface Line {
  readonly text: string;
  readonly next: number;
  /** False if the data ended before the line did. */
  readonly complete: boolean;
}

/** The line at `offset`, without its end. */
export function readLine(data: Uint8Array, offset: number): Line {
  const end = findLineEnd(data, offset);
  if (end >= 0) return { text: latin1(data, offset, textEndOf(data, offset, end)), next: end + 1, complete: true };
  const limit = lineLimit(data, offset);
  return { text: latin1(data, offset, limit), next: limit, complete: false };
}

function lineLimit(data: Uint8Array, offset: number): number {
  return Math.min(data.length, offset + MAX_LINE_BYTES);
}

/** Of the line feed; -1 if there is none before the limit. */
function findLineEnd(data: Uint8Array, offset: number): number {
  const limit = lineLimit(data, offset);
  for (let i = offset; i < limit; i++) if (data[i] === LF) return i;
  return -1;
}

function textEndOf(data: Uint8Array, offset: number, lineEnd: number): number {
  return lineEnd > offset && data[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
}

/** Returns the offset behind the empty line; undefined if that was not seen. A value that was cut is not a value: half a host name names another host. */
function readFields(data: Uint8Array, offset: number, fields: Http1Fields): number | undefined {
  let start = offset;
  for (let count = 0; count <= MAX_FIELDS; count++) {
    const limit = lineLimit(data, start);
    let colon = -1;
    let at = start;
    for (; at < limit && data[at] !== LF; at++) if (colon < 0 && data[at] === COLON) colon = at;
    if (at === limit) return undefined;
    const end = textEndOf(data, start, at);
    if (end === start) return at + 1;
    if (colon > start) fields.add(start, colon, end);
    start = at + 1;
  }
  return undefined;
}

/** "HTTP/1.1 200" and, if anything, a space. */
function readStatus(data: Uint8Array, start: number, end: number): UnfinishedHead | undefined {
  const version = versionAt(data, start, end);
  if (version === '' || end < start + 12 || data[start + 8] !== SPACE) return undefined;
  if (end > start + 12 && data[start + 12] !== SPACE) return undefined;
  let code = 0;
  for (let i = start + 9; i < start + 12; i++) {
    const digit = (data[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    code = code * 10 + digit;
  }
  if (code < 100 || code > 599) return undefined;
  return unfinished(data, 'response', '', '', version, code);
}

function readRequest(data: Uint8Array, start: number, end: number, isWhole: boolean): UnfinishedHead | undefined {
  const methodEnd = methodEndOf(data, start, end);
  if (methodEnd < 0) return undefined;
  const method = cachedText(data, start, methodEnd);
  const from = methodEnd + 1;
  if (isWhole) {
    const version = versionAt(data, end - VERSION_BYTES + 1, end);
    const to = end - VERSION_BYTES;
    if (version === '' || to < from || data[to] !== SPACE || !isTarget(data, from, to)) return undefined;
    return unfinished(data, 'request', method, latin1(data, from, to), version, 0);
  }
  // Cut inside the line: then only a known method and something like a target make it HTTP.
  let to = from;
  while (to < end && data[to] !== SPACE) to++;
  if (!KNOWN_METHODS.has(method) || !isTarget(data, from, to)) return undefined;
  const target = latin1(data, from, to);
  if (!/^(\/|\*|https?:)/.test(target)) return undefined;
  return unfinished(data, 'request', method, target, '', 0);
}

function unfinished(
  data: Uint8Array,
  kind: Http1Head['kind'],
  method: string,
  target: string,
  version: string,
  code: number,
): UnfinishedHead {
  return { kind, method, target, version, code, fields: new Http1Fields(data), bodyOffset: undefined };
}

/** Offset of the space behind a word like a method; -1 if there is none. */
function methodEndOf(data: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + MAX_METHOD_CHARS + 1);
  for (let i = start; i < limit; i++) {
    const byte = data[i] as number;
    if (byte === SPACE) return i >= start + 2 ? i : -1;
    const isLetter = byte >= 0x41 && byte <= 0x5a;
    if (!isLetter && (byte !== DASH || i === start)) return -1;
  }
  return -1;
}

/** "HTTP/1.0" or "HTTP/1.1" if that is what stands at `at`, before `end`; else ''. */
function versionAt(data: Uint8Array, at: number, end: number): string {
  if (at < 0 || at + VERSION_BYTES - 1 > end || !startsWith(data, 'HTTP/1.', at)) return '';
  const minor = data[at + VERSION_BYTES - 2];
  if (minor === 0x31) return 'HTTP/1.1';
  return minor === 0x30 ? 'HTTP/1.0' : '';
}

/** Control characters and spaces are what tells a body from a request line. */
function isTarget(data: Uint8Array, start: number, end: number): boolean {
  if (end <= start) return false;
  for (let i = start; i < end; i++) {
    const byte = data[i] as number;
    if (byte <= SPACE || byte === 0x7f) return false;
  }
  return true;
}
