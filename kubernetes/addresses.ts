// Addresses as map keys: one text for each address, whatever way it was written.
import { isIP } from 'node:net';

/** Canonical text (RFC 5952), IPv4-mapped IPv6 as IPv4, without zone; undefined if it is no address. */
export function canonicalAddress(text: string): string | undefined {
  const withoutZone = text.split('%', 1)[0] ?? '';
  const family = isIP(withoutZone);
  if (family === 4) return withoutZone;
  if (family !== 6) return undefined;
  // The URL parser is the platform's own canonical writer of IPv6; lower case without a run of zeros is canonical already.
  const written = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written);
  if (!mapped) return written;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
