// The header fields of one HTTP/1 head, where they lie in the payload: most are never asked for, so text is made of one
// only when it is.

import { cachedText } from './text-cache.ts';

/** Numbers of a field: where its name begins, where its colon is, where its value ends. */
const ENTRY = 3;
const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;
const TO_LOWER = 0x20;

/** Good for as long as the payload is: see L7Segment.data. */
export class Http1Fields {
  readonly #data: Uint8Array;
  readonly #entries: number[] = [];

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  add(nameStart: number, colon: number, valueEnd: number): void {
    this.#entries.push(nameStart, colon, valueEnd);
  }

  /** The field's first value, without the space around it. `name` in lower case. */
  get(name: string): string | undefined {
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i += ENTRY) {
      const start = entries[i] as number;
      const colon = entries[i + 1] as number;
      if (colon - start === name.length && isName(this.#data, start, name)) {
        return trimmed(this.#data, colon + 1, entries[i + 2] as number);
      }
    }
    return undefined;
  }
}

function isName(data: Uint8Array, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = data[start + i] as number;
    const lower = byte >= CAPITAL_A && byte <= CAPITAL_Z ? byte + TO_LOWER : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}

function trimmed(data: Uint8Array, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(data[start] as number)) start++;
  while (end > start && isSpace(data[end - 1] as number)) end--;
  return cachedText(data, start, end);
}

/** As String.trim() takes them off, of those that one byte can be. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0xa0;
}
