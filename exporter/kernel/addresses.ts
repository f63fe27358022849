// Addresses as the kernel half writes them (16 bytes, IPv4 mapped) to canonical text, and back. Text is cached: a node
// talks to few addresses many times.

import ipaddr from 'ipaddr.js';

/** 65,536 texts of about 60 bytes: 4 MB. At the bound the cache starts anew. */
const CACHE_ENTRIES = 65_536;
const ipv4 = new Map<number, string>();
const ipv6 = new Map<string, string>();

const MAPPED_WORD = 0xffff0000; // 00 00 ff ff read little-endian

export function readAddress(view: DataView, offset: number): string {
  const first = view.getUint32(offset, true);
  const second = view.getUint32(offset + 4, true);
  const third = view.getUint32(offset + 8, true);
  const fourth = view.getUint32(offset + 12, true);
  return first === 0 && second === 0 && third === MAPPED_WORD
    ? ipv4Text(fourth)
    : ipv6Text(first, second, third, fourth, view, offset);
}

/** `word`: the four bytes of an IPv4 address as a little-endian number. */
export function ipv4Text(word: number): string {
  let text = ipv4.get(word);
  if (text === undefined) {
    text = `${word & 255}.${(word >>> 8) & 255}.${(word >>> 16) & 255}.${word >>> 24}`;
    if (ipv4.size >= CACHE_ENTRIES) ipv4.clear();
    ipv4.set(word, text);
  }
  return text;
}

function ipv6Text(a: number, b: number, c: number, d: number, view: DataView, offset: number): string {
  const key = `${a},${b},${c},${d}`;
  let text = ipv6.get(key);
  if (text === undefined) {
    const bytes = Array.from(new Uint8Array(view.buffer, view.byteOffset + offset, 16));
    text = new ipaddr.IPv6(bytes).toRFC5952String();
    if (ipv6.size >= CACHE_ENTRIES) ipv6.clear();
    ipv6.set(key, text);
  }
  return text;
}

/** 16 bytes, IPv4 mapped. Throws on text that is no address. */
export function addressBytes(text: string): Buffer {
  const parsed = ipaddr.parse(text.split('%')[0] ?? text);
  const full = parsed.kind() === 'ipv4' ? ipaddr.parse(`::ffff:${parsed.toString()}`) : parsed;
  return Buffer.from(full.toByteArray());
}
