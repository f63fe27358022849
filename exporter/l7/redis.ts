// Redis commands and replies (RESP2 and RESP3, redis.io/docs/reference/protocol-spec) in a captured payload. Values are
// walked by their lengths, so a large value that was not captured does not hide where the next command begins.
import { latin1 } from './latin1.ts';

/** Replies nest a few levels in practice (COMMAND, XREAD); deeper ones end the walk. */
const MAX_DEPTH = 8;
const MAX_ELEMENTS = 4096;
const MAX_ARGUMENTS_READ = 16;
const MAX_LINE_BYTES = 512;
const MAX_ARGUMENT_TEXT = 64;

export interface RedisCommand {
  /** As sent, unverified: the first argument, and the others as far as they were captured. */
  readonly words: readonly string[];
  readonly argumentCount: number;
  /** Offset behind the command, which may lie beyond the captured bytes; undefined if that is unknown. */
  readonly end: number | undefined;
}

export interface RedisReply {
  /** True for RESP3 pushes, which answer no command. */
  readonly isPush: boolean;
  /** First word of an error reply ("WRONGTYPE"); empty otherwise. */
  readonly error: string;
  readonly end: number | undefined;
}

/** The command at `offset`; inline commands (typed by hand, health checks) only if `inline` allows them. */
export function parseRedisCommand(data: Uint8Array, offset = 0, inline = false): RedisCommand | undefined {
  if (data[offset] !== 0x2a) return inline ? inlineCommand(data, offset) : undefined;
  const head = readLength(data, offset);
  if (!head || head.length < 1) return undefined;
  const words: string[] = [];
  let at = head.next;
  for (let i = 0; i < head.length; i++) {
    const argument = data[at] === 0x24 ? readLength(data, at) : undefined;
    if (!argument || argument.length < 0 || i >= MAX_ELEMENTS) {
      // Cut by the capture is no contradiction; anything else than an argument where one must be is.
      const cut = at >= data.length || (data[at] === 0x24 && !argument && !hasLine(data, at));
      return cut && words.length > 0 ? { words, argumentCount: head.length - 1, end: undefined } : undefined;
    }
    const end = argument.next + argument.length;
    if (i < MAX_ARGUMENTS_READ)
      words.push(latin1(data, argument.next, Math.min(end, argument.next + MAX_ARGUMENT_TEXT)));
    if (i === 0 && (end > data.length || !isCommandName(words[0] ?? ''))) return undefined;
    at = end + 2;
  }
  return { words, argumentCount: head.length - 1, end: at };
}

/** The reply at `offset`; undefined if no reply begins there. */
export function parseRedisReply(data: Uint8Array, offset = 0): RedisReply | undefined {
  const type = String.fromCharCode(data[offset] ?? 0);
  if (!'+-:$*_,#(!=%~>|'.includes(type)) return undefined;
  const line = readLine(data, offset + 1);
  if (!line) return undefined;
  const isNumber = /^[+-]?\d{1,19}$/.test(line.text);
  if ('$*!=%~>|:'.includes(type) && !isNumber) return undefined;
  const walk = { elements: 0 };
  return {
    isPush: type === '>',
    error: type === '-' || type === '!' ? errorWord(data, type, line) : '',
    end: skipValue(data, offset, 0, walk),
  };
}

function errorWord(data: Uint8Array, type: string, line: { text: string; next: number }): string {
  const text = type === '-' ? line.text : latin1(data, line.next, line.next + MAX_ARGUMENT_TEXT);
  return /^[A-Z][A-Z0-9_]{0,31}(?= |$)/.exec(text)?.[0] ?? 'ERR';
}

function skipValue(data: Uint8Array, offset: number, depth: number, walk: { elements: number }): number | undefined {
  if (depth > MAX_DEPTH || ++walk.elements > MAX_ELEMENTS) return undefined;
  const line = readLine(data, offset + 1);
  if (!line) return undefined;
  const count = Number(line.text);
  switch (String.fromCharCode(data[offset] ?? 0)) {
    case '+':
    case '-':
    case ':':
    case '_':
    case ',':
    case '#':
    case '(':
      return line.next;
    case '$':
    case '!':
    case '=':
      if (!Number.isSafeInteger(count)) return undefined;
      return count < 0 ? line.next : line.next + count + 2;
    case '*':
    case '~':
    case '>':
      return skipElements(data, line.next, count, depth, walk);
    case '%':
      return skipElements(data, line.next, 2 * count, depth, walk);
    case '|':
      // An attribute precedes the value that it describes.
      return skipElements(data, line.next, 2 * count + 1, depth, walk);
    default:
      return undefined;
  }
}

function skipElements(
  data: Uint8Array,
  start: number,
  count: number,
  depth: number,
  walk: { elements: number },
): number | undefined {
  if (!Number.isSafeInteger(count)) return undefined;
  let at: number | undefined = start;
  for (let i = 0; i < count && at !== undefined; i++) at = skipValue(data, at, depth + 1, walk);
  return at;
}

function inlineCommand(data: Uint8Array, offset: number): RedisCommand | undefined {
  const line = readLine(data, offset);
  const words = line?.text.split(' ').filter((word) => word !== '') ?? [];
  if (!line || !isCommandName(words[0] ?? '')) return undefined;
  return { words: words.slice(0, MAX_ARGUMENTS_READ), argumentCount: words.length - 1, end: line.next };
}

function isCommandName(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9._-]{0,39}$/.test(text);
}

function readLength(data: Uint8Array, offset: number): { length: number; next: number } | undefined {
  const line = readLine(data, offset + 1);
  return line && /^-?\d{1,10}$/.test(line.text) ? { length: Number(line.text), next: line.next } : undefined;
}

function hasLine(data: Uint8Array, offset: number): boolean {
  return readLine(data, offset) !== undefined;
}

function readLine(data: Uint8Array, offset: number): { text: string; next: number } | undefined {
  const end = data.subarray(0, offset + MAX_LINE_BYTES).indexOf(0x0a, offset);
  if (end <= offset || data[end - 1] !== 0x0d) return undefined;
  return { text: latin1(data, offset, end - 1), next: end + 1 };
}
