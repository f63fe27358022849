// Addresses of flows as text, each made once: a flow has an address as bytes, and to make text of them and hash it costs more than
// all else of a look-up.

/** 100 bytes each: 6 MB. Beyond, all are forgotten. */
const maxAddresses = 65_536;
const DOT = 0x2e;
const ZERO = 0x30;

export class AddressText {
  readonly #byNumber = new Map<number, string>();

  /** The bytes [start, end) of `text`, which are ASCII; the same object again for an IPv4 address. */
  of(text: Buffer, start: number, end: number): string {
    const number = ipv4(text, start, end);
    if (number === undefined) return text.toString('latin1', start, end);
    let known = this.#byNumber.get(number);
    if (known === undefined) {
      if (this.#byNumber.size >= maxAddresses) this.#byNumber.clear();
      known = text.toString('latin1', start, end);
      this.#byNumber.set(number, known);
    }
    return known;
  }
}

/** As a number of 32 bits; undefined for what is not written as four decimal numbers without leading zeros. */
function ipv4(text: Buffer, start: number, end: number): number | undefined {
  if (end - start > 15) return undefined;
  let number = 0;
  let part = -1;
  let dots = 0;
  for (let at = start; at < end; at += 1) {
    const byte = text[at] as number;
    if (byte === DOT) {
      if (part < 0 || dots === 3) return undefined;
      number = (number << 8) | part;
      part = -1;
      dots += 1;
      continue;
    }
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9 || part === 0) return undefined;
    part = part < 0 ? digit : part * 10 + digit;
    if (part > 255) return undefined;
  }
  return dots === 3 && part >= 0 ? (number << 8) | part : undefined;
}
