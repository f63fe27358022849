// DNS messages (RFC 1035) in a captured payload: header, first question, answers as far as they were captured.
import { latin1, readUint16, readUint32 } from './latin1.ts';

const HEADER_BYTES = 12;
const MAX_NAME_BYTES = 255;
/** A name of 255 bytes has at most 127 labels, and each pointer must lead backwards. */
const MAX_POINTERS = 127;
/** More answers than fit 4096 bytes, the usual EDNS size, are not read. */
const MAX_ANSWERS = 256;

const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [2, 'NS'],
  [5, 'CNAME'],
  [6, 'SOA'],
  [12, 'PTR'],
  [15, 'MX'],
  [16, 'TXT'],
  [28, 'AAAA'],
  [33, 'SRV'],
  [35, 'NAPTR'],
  [39, 'DNAME'],
  [43, 'DS'],
  [46, 'RRSIG'],
  [47, 'NSEC'],
  [48, 'DNSKEY'],
  [64, 'SVCB'],
  [65, 'HTTPS'],
  [255, 'ANY'],
  [257, 'CAA'],
]);

export interface DnsAnswer {
  /** With trailing dot, as every name here. */
  readonly name: string;
  readonly type: string;
  readonly ttlSeconds: number;
  /** Address or target name; empty for other types. */
  readonly value: string;
}

export interface ParsedDns {
  readonly id: number;
  readonly isResponse: boolean;
  readonly rcode: number;
  readonly question: string;
  readonly questionType: string;
  readonly answers: readonly DnsAnswer[];
  /** False if answers were cut by the capture or are malformed. */
  readonly complete: boolean;
}

/** The message at the beginning of `data`; undefined if its header or question cannot be one. */
export function parseDns(data: Uint8Array): ParsedDns | undefined {
  const flags = readUint16(data, 2);
  const questions = readUint16(data, 4);
  const answerCount = readUint16(data, 6);
  if (flags === undefined || questions === undefined || answerCount === undefined) return undefined;
  if (data.length < HEADER_BYTES || questions > 1 || ((flags >> 11) & 0xf) > 6 || (flags & 0x40) !== 0)
    return undefined;
  let at = HEADER_BYTES;
  let question = '';
  let questionType = '';
  if (questions === 1) {
    const name = readName(data, at);
    const type = name && readUint16(data, name.next);
    if (!name || type === undefined) return undefined;
    question = name.text;
    questionType = typeName(type);
    at = name.next + 4;
  }
  const isResponse = (flags & 0x8000) !== 0;
  const { answers, complete } = isResponse ? readAnswers(data, at, answerCount) : { answers: [], complete: true };
  return { id: readUint16(data, 0) ?? 0, isResponse, rcode: flags & 0xf, question, questionType, answers, complete };
}

function readAnswers(data: Uint8Array, start: number, count: number): { answers: DnsAnswer[]; complete: boolean } {
  const answers: DnsAnswer[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const name = i < MAX_ANSWERS ? readName(data, at) : undefined;
    const type = name && readUint16(data, name.next);
    const ttlSeconds = name && readUint32(data, name.next + 4);
    const length = name && readUint16(data, name.next + 8);
    if (!name || type === undefined || ttlSeconds === undefined || length === undefined) break;
    const valueAt = name.next + 10;
    if (valueAt + length > data.length) break;
    const value = readValue(data, type, valueAt, length);
    if (value === undefined) break;
    answers.push({ name: name.text, type: typeName(type), ttlSeconds, value });
    at = valueAt + length;
  }
  return { answers, complete: answers.length === count };
}

/** Undefined if the record contradicts its type. */
function readValue(data: Uint8Array, type: number, at: number, length: number): string | undefined {
  switch (type) {
    case 1:
      return length === 4 ? data.subarray(at, at + 4).join('.') : undefined;
    case 28:
      return length === 16 ? ipv6Text(data.subarray(at, at + 16)) : undefined;
    case 2:
    case 5:
    case 12:
    case 39:
      return readName(data, at)?.text;
    default:
      return '';
  }
}

/** RFC 5952: lower case, the longest run of two or more zero groups as "::". */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => readUint16(bytes, 2 * i) ?? 0);
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}

function readName(data: Uint8Array, start: number): { text: string; next: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let next: number | undefined;
  let bytes = 0;
  for (let pointers = 0; pointers <= MAX_POINTERS; ) {
    const length = data[at];
    if (length === undefined) return undefined;
    if (length >= 0xc0) {
      const low = data[at + 1];
      const target = low === undefined ? at : (length & 0x3f) * 256 + low;
      // A pointer that does not lead backwards would loop.
      if (target >= at) return undefined;
      next ??= at + 2;
      at = target;
      pointers++;
      continue;
    }
    if (length > 63) return undefined;
    if (length === 0) return { text: `${labels.join('.')}.`, next: next ?? at + 1 };
    bytes += length + 1;
    if (bytes > MAX_NAME_BYTES || at + 1 + length > data.length) return undefined;
    labels.push(printable(latin1(data, at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return undefined;
}

/** RFC 4343 section 2.1: what is not printable, and the dot and backslash inside a label, as \DDD. */
function printable(label: string): string {
  return label.replace(/[^!-~]|[.\\]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`);
}

function typeName(type: number): string {
  return TYPE_NAMES.get(type) ?? `TYPE${type}`;
}
