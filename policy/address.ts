// IP addresses and prefixes, by value and not by spelling.

import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

export interface Prefix {
  readonly base: Address;
  readonly bits: number;
  readonly text: string;
}

/** A v4 address written as v6 (::ffff:10.0.0.1) is the v4 address. */
export function parseAddress(text: string): Address | undefined {
  if (!ipaddr.isValid(text) || (text.includes('.') && !text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)))
    return undefined;
  return ipaddr.process(text);
}

/** A prefix, or a single address as the prefix of itself. Bits beyond the length are ignored. */
export function parsePrefix(text: string): Prefix | undefined {
  const [host = '', length, ...more] = text.split('/');
  if (more.length > 0 || host.includes('%')) return undefined;
  const base = parseAddress(host);
  if (base === undefined) return undefined;
  const limit = base.kind() === 'ipv4' ? 32 : 128;
  if (length === undefined) return { base, bits: limit, text };
  const bits = Number(length);
  return /^\d{1,3}$/.test(length) && bits <= limit ? { base, bits, text } : undefined;
}

export function contains(prefix: Prefix, address: Address): boolean {
  if (prefix.base.kind() !== address.kind()) return false;
  return (address as ipaddr.IPv4).match(prefix.base as ipaddr.IPv4, prefix.bits);
}

/** Whether every address of `inner` is one of `outer`. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return inner.bits >= outer.bits && contains(outer, inner.base);
}
