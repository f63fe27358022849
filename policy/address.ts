// IP addresses and prefixes, by value and not by spelling. Read by ipaddr.js, kept as words, since prefixes are compared for each flow.

import ipaddr from 'ipaddr.js';

export interface Address {
  readonly family: 'ipv4' | 'ipv6';
  /** Most significant first: one word for IPv4, four for IPv6. */
  readonly words: Uint32Array;
  /** Canonical spelling. */
  readonly text: string;
}

export interface Prefix {
  readonly base: Address;
  readonly bits: number;
  readonly text: string;
}

/** A v4 address written as v6 (::ffff:10.0.0.1) is the v4 address. Undefined if the text is no address, or one with a zone. */
export function parseAddress(text: string): Address | undefined {
  if (text.includes('%') || !ipaddr.isValid(text)) return undefined;
  if (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  const parsed = ipaddr.process(text);
  const bytes = Uint8Array.from(parsed.toByteArray());
  const view = new DataView(bytes.buffer);
  const words = Uint32Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4));
  return { family: parsed.kind(), words, text: parsed.toString() };
}

/** A prefix, or a single address as the prefix of itself. Bits beyond the length are ignored. */
export function parsePrefix(text: string): Prefix | undefined {
  const [host = '', length, ...more] = text.split('/');
  const base = more.length > 0 ? undefined : parseAddress(host);
  if (base === undefined) return undefined;
  const limit = base.family === 'ipv4' ? 32 : 128;
  if (length === undefined) return { base, bits: limit, text };
  const bits = Number(length);
  return /^\d{1,3}$/.test(length) && bits <= limit ? { base, bits, text } : undefined;
}

export function contains(prefix: Prefix, address: Address): boolean {
  const { base, bits } = prefix;
  if (base.family !== address.family) return false;
  for (let word = 0, left = bits; left > 0; word += 1, left -= 32) {
    const difference = (base.words[word] ?? 0) ^ (address.words[word] ?? 0);
    if (left >= 32 ? difference !== 0 : difference >>> (32 - left) !== 0) return false;
  }
  return true;
}

/** Whether every address of `inner` is one of `outer`. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return inner.bits >= outer.bits && contains(outer, inner.base);
}
