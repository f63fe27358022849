// Identifiers of flows: in the form of a random UUID (version 4), unique and not secret. 74 bits are random once for each
// process, and the last 48 count its flows, from a random start: asking for 122 random bits a flow costs more than the
// rest of its header.

import { randomUUID } from 'node:crypto';
import type { BackwardWriter } from './backward-writer.ts';

export const UUID_BYTES = 36;

/** Of a UUID's text: the last group, 48 bits. */
const COUNTED_DIGITS = 12;
const HIGH_LIMIT = 2 ** 24;

export class UuidWriter {
  readonly #text = Buffer.from(randomUUID());
  /** The counter's two halves of 24 bits. */
  #high: number;
  #low: number;

  constructor() {
    const last = this.#text.toString('latin1', UUID_BYTES - COUNTED_DIGITS);
    this.#high = Number.parseInt(last.slice(0, 6), 16);
    this.#low = Number.parseInt(last.slice(6), 16);
    this.#writeHalf(this.#high, UUID_BYTES - 12);
  }

  /** Another one each time, as text. */
  write(writer: BackwardWriter): void {
    this.#low++;
    if (this.#low === HIGH_LIMIT) {
      this.#low = 0;
      this.#high = (this.#high + 1) % HIGH_LIMIT;
      this.#writeHalf(this.#high, UUID_BYTES - 12);
    }
    this.#writeHalf(this.#low, UUID_BYTES - 6);
    writer.raw(this.#text);
  }

  #writeHalf(value: number, at: number): void {
    for (let digit = 0; digit < 6; digit++) {
      const nibble = (value >>> (20 - 4 * digit)) & 15;
      this.#text[at + digit] = nibble < 10 ? 48 + nibble : 87 + nibble;
    }
  }
}
