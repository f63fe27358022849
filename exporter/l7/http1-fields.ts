// The header fields of one HTTP/1 head, where they lie in the payload: most are never asked for, so text is made of one
// only when it is.

import { cachedText } from './text-cache.ts';

/** Numbers of a field: length and first letter of its name, where the name begins, where the value ends. */
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
    const first = lowered(this.#data[nameStart] as number);
    this.#entries.push((colon - nameStart) * 256 + first, nameStart, valueEnd);
  }

  /** The field's first value, without the space around it. `name` in lower case. */
  get(name: string): string | undefined {
    const entries = this.#entries;
    const wanted = name.length * 256 + name.charCodeAt(0);
    for (let i = 0; i < entries.length; i += ENTRY) {
      if (entries[i] !== wanted) continue;
      const start = entries[i + 1] as number;
      if (isName(this.#data, start, name)) {
        return trimmed(this.#data, start + name.length + 1, entries[i + 2] as number);
      }
    }
    return undefined;
  }
}

/** All but the first letter, which was compared. */
function isName(data: Uint8Array, start: number, name: string): boolean {
  for (let i = 1; i < name.length; i++) {
    if (lowered(data[start + i] as number) !== name.charCodeAt(i)) return false;
  }
  return true;
}

function lowered(byte: number): number {
  return byte >= CAPITAL_A && byte <= CAPITAL_Z ? byte + TO_LOWER : byte;
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
