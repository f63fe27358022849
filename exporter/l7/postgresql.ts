// PostgreSQL messages (protocol 3, postgresql.org/docs/current/protocol-message-formats.html) in a captured payload.
// Reads verbs and outcomes only: parameters, rows and passwords are skipped unread.
import { latin1, readUint32, utf8 } from './latin1.ts';

const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const PROTOCOL_3 = 3;
/** 1 GiB is the server's own limit of one message. */
const MAX_MESSAGE_BYTES = 0x3fffffff;
const MAX_SQL_BYTES = 2048;

export interface PgMessage {
  readonly type: string;
  /** Body bytes as far as they were captured. */
  readonly body: Uint8Array;
  /** Offset behind the message, which may lie beyond the captured bytes. */
  readonly end: number;
}

/** What a client may send before typed messages begin. */
export type PgStartup = { readonly kind: 'startup' | 'ssl' | 'cancel'; readonly end: number };

export function parsePgStartup(data: Uint8Array, offset = 0): PgStartup | undefined {
  const length = readUint32(data, offset);
  const code = readUint32(data, offset + 4);
  if (length === undefined || code === undefined || length < 8 || length > 10_000) return undefined;
  const end = offset + length;
  if (length === 8 && (code === SSL_REQUEST || code === GSSENC_REQUEST)) return { kind: 'ssl', end };
  if (code === CANCEL_REQUEST) return { kind: 'cancel', end };
  return code >>> 16 === PROTOCOL_3 && data[offset + 8] !== undefined ? { kind: 'startup', end } : undefined;
}

const FRONTEND_TYPES = 'BCDEFHPQSXcdfp';
const BACKEND_TYPES = '123ACDEGHIKNRSTVWZcdnstv';
export type PgSide = 'frontend' | 'backend';

const HEAD_BYTES = 5;
/** What must be there of a message's body before it is read, by type: of SQL four times what is shown. */
const NEEDED_BYTES: Readonly<Record<PgSide, Readonly<Record<string, number>>>> = {
  frontend: { Q: 1024, P: 1024, B: 256 },
  backend: { C: 64, E: 256, Z: 1 },
};

/** The typed message at `offset`; undefined if none can begin there. */
export function parsePgMessage(data: Uint8Array, offset: number, side: PgSide): PgMessage | undefined {
  const type = String.fromCharCode(data[offset] ?? 0);
  const length = readUint32(data, offset + 1);
  if (length === undefined || length < 4 || length > MAX_MESSAGE_BYTES) return undefined;
  if (!(side === 'frontend' ? FRONTEND_TYPES : BACKEND_TYPES).includes(type)) return undefined;
  if (!hasLegalLength(type, length, side)) return undefined;
  const end = offset + 1 + length;
  return { type, body: data.subarray(offset + HEAD_BYTES, end), end };
}

/** Whether the bytes at `offset` suffice to read what is there. */
export function isPgReadable(data: Uint8Array, offset: number, side: PgSide): boolean {
  if (data.length - offset < HEAD_BYTES) return false;
  const length = (readUint32(data, offset + 1) ?? 0) - 4;
  const needed = NEEDED_BYTES[side][String.fromCharCode(data[offset] ?? 0)] ?? 0;
  return data.length - offset - HEAD_BYTES >= Math.min(length, needed);
}

/** Messages of fixed length: cheap evidence against mistaking the middle of a row for a message. */
function hasLegalLength(type: string, length: number, side: PgSide): boolean {
  if (side === 'frontend') return 'HSXc'.includes(type) ? length === 4 : true;
  if (type === 'Z') return length === 5;
  return '123Icnst'.includes(type) && type !== 't' ? length === 4 : true;
}

/** SQL text of Query ('Q') or of Parse ('P', behind the statement's name). */
export function pgSql(message: PgMessage): string {
  const start = message.type === 'P' ? cStringEnd(message.body, 0) + 1 : 0;
  return utf8(message.body, start, Math.min(cStringEnd(message.body, start), start + MAX_SQL_BYTES));
}

/** Statement named by Parse or Bind; empty for the unnamed one. */
export function pgStatementName(message: PgMessage): string {
  const start = message.type === 'B' ? cStringEnd(message.body, 0) + 1 : 0;
  return latin1(message.body, start, cStringEnd(message.body, start));
}

/** "SELECT 5" of CommandComplete. */
export function pgCommandTag(message: PgMessage): string {
  return latin1(message.body, 0, Math.min(cStringEnd(message.body, 0), 64));
}

/** SQLSTATE of ErrorResponse, or empty if it was cut. */
export function pgSqlState(message: PgMessage): string {
  let at = 0;
  while (at < message.body.length && message.body[at] !== 0) {
    const end = cStringEnd(message.body, at + 1);
    if (message.body[at] === 0x43) {
      const state = latin1(message.body, at + 1, end);
      return /^[0-9A-Z]{5}$/.test(state) ? state : '';
    }
    at = end + 1;
  }
  return '';
}

function cStringEnd(body: Uint8Array, start: number): number {
  const end = body.indexOf(0, start);
  return end < 0 ? body.length : end;
}
