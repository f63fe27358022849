// Textual IP addresses and prefixes, by the strict rules of Go's net/netip: no leading zeros, no octal, no short
// forms of IPv4; RFC 4291 section 2.2 for IPv6. IPv4-mapped IPv6 stays IPv6.

export interface IpAddress {
  /** 4 or 16 bytes, network order. */
  readonly bytes: readonly number[];
  /** Scope zone of an IPv6 address, '' if none. */
  readonly zone: string;
}

export interface IpPrefix {
  readonly bytes: readonly number[];
  /** Leading bits that count. Bits beyond them may be set: 10.0.0.77/8 is 10.0.0.0/8. */
  readonly length: number;
}

/** Undefined if the text is no address. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const bytes = parseIpv4(text);
    return bytes && { bytes, zone: '' };
  }
  const percent = text.indexOf('%');
  const zone = percent < 0 ? '' : text.slice(percent + 1);
  if (percent >= 0 && zone === '') return undefined;
  const bytes = parseIpv6(percent < 0 ? text : text.slice(0, percent));
  return bytes && { bytes, zone };
}

/** Undefined if the text is no prefix; a zone is none. */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  const slash = text.lastIndexOf('/');
  const address = parseIpAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (slash < 0 || address === undefined || address.zone !== '' || !/^(0|[1-9][0-9]{0,2})$/.test(digits))
    return undefined;
  const length = Number(digits);
  return length <= address.bytes.length * 8 ? { bytes: address.bytes, length } : undefined;
}

/** False across families, IPv4-mapped included, and for an address with a zone. */
export function prefixContains(prefix: IpPrefix, address: IpAddress): boolean {
  if (address.zone !== '' || address.bytes.length !== prefix.bytes.length) return false;
  return prefix.bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefix.length - index * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((address.bytes[index] ?? 0) & mask);
  });
}

function parseIpv4(text: string): number[] | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9][0-9]{0,2})$/.test(octet))) return undefined;
  const bytes = octets.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  // "::" stands for at least one group.
  const missing = 16 - head.length - (tail?.length ?? 0);
  return missing < 2 ? undefined : [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])];
}

/** Bytes of colon separated groups; the last one may be IPv4 where the address ends. Empty text: no bytes. */
function parseGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (group.includes('.')) {
      const ipv4 = endsAddress && index === groups.length - 1 ? parseIpv4(group) : undefined;
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes.length <= 16 ? bytes : undefined;
}
