// What http1.ts reads, written as regular expressions over the lines' text: what its tests measure it by.

import type { Http1Head } from '../http1.ts';
import { latin1 } from '../latin1.ts';

/** Beyond these a head is read as cut: 8 KiB is what common servers accept of one line, and the capture is smaller. */
const MAX_LINE_BYTES = 8192;
const MAX_FIELDS = 64;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'] as const;
const EXTRA_METHODS = ['PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'REPORT', 'SEARCH', 'PURGE'];
const KNOWN_METHODS: ReadonlySet<string> = new Set([...METHODS, ...EXTRA_METHODS, 'QUERY', 'MERGE', 'NOTIFY']);

export interface PlainHead extends Omit<Http1Head, 'fields'> {
  /** First value of each field, names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
}

/** The head that begins exactly at `offset`; undefined if none does. */
export function plainHttp1Head(data: Uint8Array, offset = 0): PlainHead | undefined {
  const line = readLine(data, offset);
  const first = line.text.startsWith('HTTP/1.') ? statusLine(line.text) : requestLine(line.text, line.complete);
  if (!first) return undefined;
  const fields = new Map<string, string>();
  let at = line.next;
  if (!line.complete) return { ...first, fields, bodyOffset: undefined };
  for (let count = 0; count <= MAX_FIELDS; count++) {
    const field = readLine(data, at);
    if (field.complete && field.text === '') return { ...first, fields, bodyOffset: field.next };
    // A value cut by the capture is not a value: half a host name names another host.
    if (!field.complete) break;
    const colon = field.text.indexOf(':');
    if (colon > 0) {
      const name = field.text.slice(0, colon).toLowerCase();
      if (!fields.has(name)) fields.set(name, field.text.slice(colon + 1).trim());
    }
    at = field.next;
  }
  return { ...first, fields, bodyOffset: undefined };
}

interface Line {
  readonly text: string;
  readonly next: number;
  /** False if the data ended before the line did. */
  readonly complete: boolean;
}

/** The line at `offset`, without its end. */
function readLine(data: Uint8Array, offset: number): Line {
  const limit = Math.min(data.length, offset + MAX_LINE_BYTES);
  const end = data.subarray(0, limit).indexOf(0x0a, offset);
  if (end < 0) return { text: latin1(data, offset, limit), next: limit, complete: false };
  const textEnd = data[end - 1] === 0x0d && end > offset ? end - 1 : end;
  return { text: latin1(data, offset, textEnd), next: end + 1, complete: true };
}

type FirstLine = Pick<PlainHead, 'kind' | 'method' | 'target' | 'version' | 'code'>;

function statusLine(text: string): FirstLine | undefined {
  const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(text);
  if (!match) return undefined;
  return { kind: 'response', method: '', target: '', version: `HTTP/1.${match[1]}`, code: Number(match[2]) };
}

function requestLine(text: string, complete: boolean): FirstLine | undefined {
  const space = text.indexOf(' ');
  const method = text.slice(0, space);
  if (space < 1 || !/^[A-Z][A-Z-]{1,23}$/.test(method)) return undefined;
  const rest = text.slice(space + 1);
  const version = / HTTP\/1\.([01])$/.exec(rest);
  if (version && complete) {
    const target = rest.slice(0, version.index);
    return isTarget(target) ? { kind: 'request', method, target, version: `HTTP/1.${version[1]}`, code: 0 } : undefined;
  }
  // Cut inside the line: then only a known method and something like a target make it HTTP.
  const target = rest.split(' ', 1)[0] ?? '';
  if (complete || !KNOWN_METHODS.has(method) || !isTarget(target) || !/^(\/|\*|https?:)/.test(target)) return undefined;
  return { kind: 'request', method, target, version: '', code: 0 };
}

function isTarget(target: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells a body from a request line
  return target.length > 0 && !/[\x00-\x20\x7f]/.test(target);
}
