// TLS hellos (RFC 8446 section 4.1) in captured bytes: server name, ALPN, version, cipher suite. Reads what is there of a
// hello that was cut or split over records.

import type { TlsHelloMessage } from './l7-event.ts';
import { latin1, readUint16 } from './latin1.ts';
import { cipherSuiteName } from './tls-cipher-suites.ts';

const RECORD_HEAD_BYTES = 5;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
/** Hellos of today stay below 4 KiB even with post-quantum key shares. */
export const MAX_HELLO_BYTES = 8 * 1024;
const MAX_EXTENSIONS = 64;
const MAX_ALPN = 8;

const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;

/** True if the bytes begin a TLS record that carries a hello. */
export function beginsTlsHello(data: Uint8Array): boolean {
  const type = data[5];
  return (
    data[0] === HANDSHAKE && data[1] === 3 && (data[2] ?? 9) <= 4 && (type === CLIENT_HELLO || type === SERVER_HELLO)
  );
}

/** The hello at the beginning of `data`, as far as it was captured; undefined if there is none. */
export function parseTlsHello(data: Uint8Array): TlsHelloMessage | undefined {
  if (!beginsTlsHello(data)) return undefined;
  const handshake = joinRecords(data);
  const type = handshake[0];
  const length = ((handshake[1] ?? 0) << 16) | ((handshake[2] ?? 0) << 8) | (handshake[3] ?? 0);
  if (handshake.length < 6 || length > MAX_HELLO_BYTES) return undefined;
  const body = new Cursor(handshake.subarray(4, 4 + length), handshake.length < 4 + length);
  return type === CLIENT_HELLO ? clientHello(body) : serverHello(body);
}

/** Handshake bytes of consecutive records, without record heads. */
function joinRecords(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at + RECORD_HEAD_BYTES < data.length && data[at] === HANDSHAKE && at < MAX_HELLO_BYTES) {
    const length = readUint16(data, at + 3) ?? 0;
    if (length === 0) break;
    parts.push(data.subarray(at + RECORD_HEAD_BYTES, at + RECORD_HEAD_BYTES + length));
    at += RECORD_HEAD_BYTES + length;
  }
  return parts.length === 1 ? (parts[0] ?? data) : Buffer.concat(parts);
}

function clientHello(body: Cursor): TlsHelloMessage {
  const legacyVersion = body.uint16() ?? 0;
  body.skip(32);
  body.skip(body.uint8() ?? 0);
  body.skip(body.uint16() ?? 0);
  body.skip(body.uint8() ?? 0);
  let serverName = '';
  let alpn: readonly string[] = [];
  let version = legacyVersion;
  for (const { type, value } of extensions(body)) {
    if (type === SERVER_NAME) serverName = readServerName(value);
    else if (type === ALPN) alpn = readAlpn(value);
    else if (type === SUPPORTED_VERSIONS) version = highestVersion(value) ?? legacyVersion;
  }
  return {
    protocol: 'tls',
    hello: 'client',
    serverName,
    alpn,
    version: versionName(version),
    cipherSuite: '',
    complete: !body.cut,
  };
}

function serverHello(body: Cursor): TlsHelloMessage {
  let version = body.uint16() ?? 0;
  body.skip(32);
  body.skip(body.uint8() ?? 0);
  const suite = body.uint16();
  body.skip(1);
  let alpn: readonly string[] = [];
  for (const { type, value } of extensions(body)) {
    if (type === ALPN) alpn = readAlpn(value);
    else if (type === SUPPORTED_VERSIONS) version = value.uint16() ?? version;
  }
  const cipherSuite = suite === undefined ? '' : cipherSuiteName(suite);
  const common = { serverName: '', alpn, version: versionName(version), cipherSuite, complete: !body.cut };
  return { protocol: 'tls', hello: 'server', ...common };
}

function* extensions(body: Cursor): Generator<{ type: number; value: Cursor }> {
  // Absent extensions are legal before TLS 1.3.
  if (body.atEnd()) return;
  body.uint16();
  for (let count = 0; count < MAX_EXTENSIONS && !body.atEnd(); count++) {
    const type = body.uint16();
    const length = body.uint16();
    if (type === undefined || length === undefined) return;
    const value = body.take(length);
    // Half a value is no value: a cut server name would be another name.
    if (value) yield { type, value: new Cursor(value, false) };
  }
}

function readServerName(value: Cursor): string {
  value.uint16();
  const isHostName = value.uint8() === 0;
  const name = value.take(value.uint16() ?? 0);
  return isHostName && name && name.length <= 255 ? printableOnly(latin1(name, 0, name.length)) : '';
}

function readAlpn(value: Cursor): string[] {
  value.uint16();
  const protocols: string[] = [];
  while (!value.atEnd() && protocols.length < MAX_ALPN) {
    const name = value.take(value.uint8() ?? 0);
    if (!name || name.length === 0) break;
    const text = latin1(name, 0, name.length);
    if (/^[!-~]+$/.test(text)) protocols.push(text);
  }
  return protocols;
}

function highestVersion(value: Cursor): number | undefined {
  value.uint8();
  let highest: number | undefined;
  for (let offered = value.uint16(); offered !== undefined; offered = value.uint16()) {
    // 0x?a?a are GREASE values (RFC 8701), which no implementation speaks.
    if ((offered & 0x0f0f) !== 0x0a0a && offered <= 0x0304 && offered > (highest ?? 0)) highest = offered;
  }
  return highest;
}

function versionName(version: number): string {
  if (version === 0x0300) return 'SSL 3.0';
  return version > 0x0300 && version <= 0x0304 ? `TLS 1.${version - 0x0301}` : '';
}

function printableOnly(text: string): string {
  return /^[!-~]*$/.test(text) ? text : '';
}

/** Reads forward and remembers whether it wanted more than there was. */
class Cursor {
  cut: boolean;
  private at = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, cut: boolean) {
    this.bytes = bytes;
    this.cut = cut;
  }

  atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  uint8(): number | undefined {
    const value = this.bytes[this.at++];
    if (value === undefined) this.cut = true;
    return value;
  }

  uint16(): number | undefined {
    const value = readUint16(this.bytes, this.at);
    this.at += 2;
    if (value === undefined) this.cut = true;
    return value;
  }

  skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.bytes.length) this.cut = true;
  }

  /** Undefined if not all of it is there. */
  take(bytes: number): Uint8Array | undefined {
    const start = this.at;
    this.skip(bytes);
    return this.at <= this.bytes.length ? this.bytes.subarray(start, this.at) : undefined;
  }
}
