// source_ip, destination_ip, source_ip_xlated: an address in exactly the text the flow has, or a prefix.

import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import { badValue } from './filter-error.ts';
import { type IpPrefix, parseIpAddress, parseIpPrefix, prefixContains } from './ip-address.ts';

/** Addresses compare as text: "fd00::01" is not "fd00::1". The empty address of a flow without IP never matches. */
export function compileIps(field: keyof FlowFilter, values: readonly string[]) {
  const addresses = new Set<string>();
  const prefixes: IpPrefix[] = [];
  for (const value of values) {
    if (value.includes('/')) {
      const prefix = parseIpPrefix(value);
      if (prefix === undefined) throw badValue(field, value, 'is no CIDR prefix', 'write 10.0.0.0/8 or fd00::/8');
      prefixes.push(prefix);
    } else {
      if (parseIpAddress(value) === undefined)
        throw badValue(field, value, 'is no IP address', 'write 10.0.0.1, fd00::1 or a prefix as 10.0.0.0/8');
      addresses.add(value);
    }
  }
  return (address: string): boolean => {
    if (address === '') return false;
    if (addresses.has(address)) return true;
    if (prefixes.length === 0) return false;
    const parsed = parseIpAddress(address);
    return parsed !== undefined && prefixes.some((prefix) => prefixContains(prefix, parsed));
  };
}
