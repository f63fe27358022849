// Takes the answer to a list apart as it arrives: each item by itself, so that never more than one is held, and what stands
// around them. A page of 500 pods is 5 MB of text and as much again in objects; one pod is 10 KB.

import { ApiError } from './api-error.ts';

/** An object has at most 3 MB (what etcd takes). */
const maxItemBytes = 8 * 1024 * 1024;
/** kind, apiVersion and metadata. */
const maxRestBytes = 64 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Depth of what stands in the list of items: inside the object and the list. */
const ITEM_DEPTH = 2;

export class ListSplitter {
  readonly #onItem: (text: string) => void;
  /** What stands around the items, with an empty list in their place. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** The item that is being read. */
  #item: Buffer[] = [];
  #itemBytes = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isInItems = false;
  /** Between the "[" or "," and the item's end: something other than white space was seen. */
  #hasItem = false;
  /** The last string at depth 1 and whether a colon came after it: a key. */
  #text: Buffer[] = [];
  #key = '';

  /** @param onItem gets the JSON text of each item */
  constructor(onItem: (text: string) => void) {
    this.#onItem = onItem;
  }

  /** @throws ApiError when an item, or what stands around them, is longer than is read */
  push(chunk: Buffer): void {
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#isInString) {
        at = this.#endOfString(chunk, at);
        continue;
      }
      const byte = chunk[at] as number;
      if (this.#isInItems && this.#depth === ITEM_DEPTH && (byte === COMMA || byte === CLOSE_LIST)) {
        this.#take(chunk, from, at);
        if (byte === CLOSE_LIST) this.#isInItems = false;
        from = byte === CLOSE_LIST ? at : at + 1;
        this.#endItem();
        if (byte === CLOSE_LIST) this.#depth -= 1;
        at += 1;
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#isInString = true;
          this.#hasItem = true;
          if (this.#depth === 1) this.#text = [];
          break;
        case COLON:
          if (this.#depth === 1) this.#key = Buffer.concat(this.#text).toString('utf8');
          break;
        case COMMA:
          if (this.#depth === 1) this.#key = '';
          break;
        case OPEN_OBJECT:
        case OPEN_LIST:
          this.#depth += 1;
          this.#hasItem = true;
          if (byte === OPEN_LIST && this.#depth === ITEM_DEPTH && this.#key === 'items') {
            this.#take(chunk, from, at + 1);
            from = at + 1;
            this.#isInItems = true;
            this.#hasItem = false;
          }
          break;
        case CLOSE_OBJECT:
        case CLOSE_LIST:
          this.#depth -= 1;
          break;
        default:
          if (byte > 0x20) this.#hasItem = true;
      }
      at += 1;
    }
    this.#take(chunk, from, chunk.length);
  }

  /** The list without its items. @throws ApiError when it is not JSON */
  end(): unknown {
    try {
      return JSON.parse(Buffer.concat(this.#rest).toString('utf8'));
    } catch (cause) {
      throw new ApiError('unreadable', 'the answer is not JSON; is this the address of a Kubernetes API server?', {
        cause,
      });
    }
  }

  /** @returns the position after the closing quote, or the end of the chunk */
  #endOfString(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      if (this.#isEscaped) {
        this.#isEscaped = false;
        at += 1;
        continue;
      }
      const byte = chunk[at];
      if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#isInString = false;
        this.#note(chunk, from, at);
        return at + 1;
      }
      at += 1;
    }
    this.#note(chunk, from, at);
    return at;
  }

  /** Text at depth 1 may be a key. */
  #note(chunk: Buffer, from: number, to: number): void {
    if (this.#depth === 1) this.#text.push(chunk.subarray(from, to));
  }

  #take(chunk: Buffer, from: number, to: number): void {
    if (to <= from) return;
    const piece = chunk.subarray(from, to);
    if (this.#isInItems) {
      this.#itemBytes += piece.length;
      if (this.#itemBytes > maxItemBytes)
        throw new ApiError('unreadable', `an object has more than the ${maxItemBytes >> 20} MiB that are read`);
      this.#item.push(piece);
    } else {
      this.#restBytes += piece.length;
      if (this.#restBytes > maxRestBytes)
        throw new ApiError('unreadable', 'the answer is no list of Kubernetes objects; it holds too much else');
      // Copied: a view would keep the whole chunk.
      this.#rest.push(Buffer.from(piece));
    }
  }

  #endItem(): void {
    const [first, ...more] = this.#item;
    const hasItem = this.#hasItem;
    this.#item = [];
    this.#itemBytes = 0;
    this.#hasItem = false;
    if (first === undefined || !hasItem) return;
    this.#onItem((more.length === 0 ? first : Buffer.concat([first, ...more])).toString('utf8'));
  }
}
