// RESP, Redis' wire format (redis.io/docs/reference/protocol-spec, versions 2 and 3), value by value: lengths are walked, so
// that large values pass unread, whole or in parts. One reader for commands, one for replies.
import type { FreshSegment } from './conversation.ts';
import { latin1 } from './latin1.ts';
import { MAX_CARRY_BYTES, type MessageReader, type Step } from './message-stream.ts';

/** Replies nest a few levels in practice (COMMAND, XINFO). */
const MAX_DEPTH = 32;
const MAX_ARGUMENTS = 1 << 20;
const MAX_ARGUMENTS_READ = 16;
const MAX_ARGUMENT_TEXT = 64;
/** "*-2147483648\r\n" */
const MAX_NUMBER_LINE = 14;

export interface RedisCommand {
  /** As sent, unverified: the first arguments, each up to 64 bytes, as far as they were captured. */
  readonly words: readonly string[];
  /** Beside the command's name. */
  readonly argumentCount: number;
}

export interface RedisReply {
  /** True for RESP3 pushes, which answer no command. */
  readonly isPush: boolean;
  /** First word of an error reply ("WRONGTYPE"); empty otherwise. */
  readonly error: string;
}

/** Whether a command begins with these bytes, for telling the protocol. */
export function beginsRedisCommand(data: Uint8Array): boolean {
  return /^\*[1-9]\d{0,6}\r\n\$[1-9]\d?\r\n[A-Za-z]/.test(latin1(data, 0, 24));
}

export class RedisCommandReader implements MessageReader {
  private readonly onCommand: (segment: FreshSegment, command: RedisCommand) => void;
  /** Of the command that is being read. */
  private words: string[] = [];
  private argumentCount = 0;
  private argumentsLeft = 0;
  /** Behind missing bytes a line may be anything. */
  private mayBeInline = true;

  constructor(onCommand: (segment: FreshSegment, command: RedisCommand) => void) {
    this.onCommand = onCommand;
  }

  next(segment: FreshSegment, data: Uint8Array, at: number, isCut: boolean): Step {
    if (this.argumentsLeft > 0) return this.argument(segment, data, at, isCut);
    const line = readLine(data, at);
    const isArray = data[at] === 0x2a;
    if (!line) return isCut || (isArray && data.length - at > MAX_NUMBER_LINE) ? 'malformed' : 'more';
    if (!isArray) return this.inline(segment, latin1(data, at, line.next).trim(), line.next);
    const count = readNumber(line.text);
    if (count === undefined || count > MAX_ARGUMENTS) return 'malformed';
    // The server ignores empty ones.
    if (count > 0) {
      this.mayBeInline = true;
      this.argumentsLeft = count;
      this.argumentCount = count - 1;
    }
    return line.next;
  }

  /** Behind the end of an argument, where an array of an argument begins. */
  find(data: Uint8Array, from: number): number | undefined {
    if (from === 0 && beginsRedisCommand(data)) return 0;
    const start = /\r\n(?=\*[1-9]\d{0,6}\r\n\$[1-9]\d?\r\n[A-Za-z])/.exec(latin1(data, from, data.length));
    return start === null ? undefined : from + start.index + 2;
  }

  /** A command whose name was read counts, though its arguments were not all seen. */
  missed(segment: FreshSegment): boolean {
    if (this.words.length > 0) this.report(segment);
    this.argumentsLeft = 0;
    this.mayBeInline = false;
    return true;
  }

  /** True amid a command. */
  get isOpen(): boolean {
    return this.words.length > 0;
  }

  private argument(segment: FreshSegment, data: Uint8Array, at: number, isCut: boolean): Step {
    const line = readLine(data, at);
    const bytes = line && data[at] === 0x24 ? readNumber(line.text) : undefined;
    const wanted = Math.min(bytes ?? 0, MAX_ARGUMENT_TEXT);
    const isThere = line !== undefined && data.length >= line.next + wanted;
    if (
      !isThere &&
      data.length - at <= MAX_NUMBER_LINE + MAX_ARGUMENT_TEXT &&
      (line === undefined || bytes !== undefined)
    ) {
      if (!isCut) return 'more';
      this.missed(segment);
      return 'unknown';
    }
    const text = line && latin1(data, line.next, line.next + wanted);
    if (!line || text === undefined || bytes === undefined || bytes < 0) return this.contradicted();
    if (this.words.length === 0 && !isCommandName(text)) return this.contradicted();
    if (this.words.length < MAX_ARGUMENTS_READ) this.words.push(text);
    if (--this.argumentsLeft === 0) this.report(segment);
    return line.next + bytes + 2;
  }

  private contradicted(): Step {
    this.words = [];
    this.argumentsLeft = 0;
    return 'malformed';
  }

  /** Typed by hand, or a health check. */
  private inline(segment: FreshSegment, text: string, end: number): Step {
    const words = text.split(' ').filter((word) => word !== '');
    if (words.length === 0) return end;
    if (!this.mayBeInline || !isCommandName(words[0] ?? '')) return 'malformed';
    this.words = words.slice(0, MAX_ARGUMENTS_READ).map((word) => word.slice(0, MAX_ARGUMENT_TEXT));
    this.argumentCount = words.length - 1;
    this.report(segment);
    return end;
  }

  private report(segment: FreshSegment): void {
    const { words, argumentCount } = this;
    this.words = [];
    this.onCommand(segment, { words, argumentCount });
  }
}

const SIMPLE = '+-:_,#(';
const BULK = '$!=';
const AGGREGATE = '*~>%|';

export class RedisReplyReader implements MessageReader {
  private readonly onReply: (segment: FreshSegment, reply: RedisReply) => void;
  private readonly onMissed: () => void;
  /** Elements still to come, of each array that is open, the outermost first. */
  private left: number[] = [];

  /** `onMissed`: replies may have passed unseen. */
  constructor(onReply: (segment: FreshSegment, reply: RedisReply) => void, onMissed: () => void) {
    this.onReply = onReply;
    this.onMissed = onMissed;
  }

  /** A reply is told with its first value: that says whether it is an error. */
  next(segment: FreshSegment, data: Uint8Array, at: number, isCut: boolean): Step {
    const type = String.fromCharCode(data[at] ?? 0);
    const isSimple = SIMPLE.includes(type);
    const isBulk = BULK.includes(type);
    if (!isSimple && !isBulk && !AGGREGATE.includes(type)) return 'malformed';
    const line = readLine(data, at);
    const count = line && !isSimple ? readNumber(line.text) : 0;
    if (count === undefined || (!line && !isSimple && data.length - at > MAX_NUMBER_LINE)) return 'malformed';
    const textAt = isSimple ? at + 1 : (line?.next ?? data.length);
    const textEnd = isSimple ? (line?.next ?? at + MAX_CARRY_BYTES) : textAt + Math.min(count, MAX_ARGUMENT_TEXT);
    const isThere = line !== undefined && (type !== '!' || textEnd <= data.length);
    if (!isThere && !isCut) return 'more';
    if (this.left.length === 0 && type !== '|') {
      const error = type === '-' || type === '!' ? errorWord(latin1(data, textAt, textEnd)) : '';
      this.onReply(segment, { isPush: type === '>', error });
    }
    if (!line) {
      this.left = [];
      return 'unknown';
    }
    if (isSimple || isBulk) {
      this.close();
      return isBulk && count >= 0 ? line.next + count + 2 : line.next;
    }
    return this.open(type, count) ? line.next : 'malformed';
  }

  /** A reply and an element of one look alike; but what is captured begins with a reply more often than not. */
  find(_data: Uint8Array, from: number): number | undefined {
    return from === 0 ? 0 : undefined;
  }

  missed(): boolean {
    this.left = [];
    this.onMissed();
    return true;
  }

  /** An aggregate begins. An attribute ('|') is no element: it stands before the one that it describes. */
  private open(type: string, count: number): boolean {
    const elements = type === '%' || type === '|' ? 2 * count : count;
    const last = this.left.length - 1;
    if (elements > 0 && last + 1 >= MAX_DEPTH) return false;
    if (type === '|' && elements > 0 && last >= 0) this.left[last] = (this.left[last] ?? 0) + 1;
    if (elements > 0) this.left.push(elements);
    else if (type !== '|') this.close();
    return true;
  }

  /** A value ended, and with it perhaps those it is the last element of. */
  private close(): void {
    for (let last = this.left.length - 1; last >= 0; last--) {
      const left = (this.left[last] ?? 0) - 1;
      this.left[last] = left;
      if (left > 0) return;
      this.left.pop();
    }
  }
}

function errorWord(text: string): string {
  return /^[A-Z][A-Z0-9_]{0,31}(?=[ \r]|$)/.exec(text)?.[0] ?? 'ERR';
}

function isCommandName(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9._-]{0,39}$/.test(text);
}

interface Line {
  /** Without the first byte. */
  readonly text: string;
  readonly next: number;
}

function readNumber(text: string): number | undefined {
  return /^-?\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** Undefined if the line does not end within the bytes. */
function readLine(data: Uint8Array, offset: number): Line | undefined {
  const end = data.indexOf(0x0a, offset);
  if (end < 0) return undefined;
  const textEnd = data[end - 1] === 0x0d ? end - 1 : end;
  return { text: latin1(data, offset + 1, textEnd), next: end + 1 };
}
