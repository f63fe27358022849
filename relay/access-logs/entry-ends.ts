// The four addresses of an access log entry, as text and port. Pure.

import { isLoopback as isLoopbackAddress } from '#kubernetes/addresses.ts';
import type { Address } from '#proto/gen/envoy/config/core/v3/address.ts';
import type { AccessLogCommon } from '#proto/gen/envoy/data/accesslog/v3/accesslog.ts';

export interface EntryEnd {
  readonly ip: string;
  /** 0 where it is not known. */
  readonly port: number;
}

export interface EntryEnds {
  /** Who opened the connection to the proxy: the physical peer where it is told, else the logical client. */
  readonly client: EntryEnd | undefined;
  /** The address that the proxy accepted on: the one first dialled, for a transparent proxy. */
  readonly accepted: EntryEnd | undefined;
  /** The proxy's own end towards the server. */
  readonly proxy: EntryEnd | undefined;
  readonly server: EntryEnd | undefined;
}

export function entryEnds(common: AccessLogCommon | undefined): EntryEnds {
  return {
    client: endOf(common?.downstreamDirectRemoteAddress) ?? endOf(common?.downstreamRemoteAddress),
    accepted: endOf(common?.downstreamLocalAddress),
    proxy: endOf(common?.upstreamLocalAddress),
    server: endOf(common?.upstreamRemoteAddress),
  };
}

/** Undefined for pipes and internal listeners: they are no place on the network. */
function endOf(address: Address | undefined): EntryEnd | undefined {
  if (address?.address?.$case !== 'socketAddress') return undefined;
  const { address: ip, portSpecifier } = address.address.value;
  if (ip === '') return undefined;
  const port = portSpecifier?.$case === 'portValue' ? portSpecifier.value : 0;
  return { ip, port: port <= 65_535 ? port : 0 };
}

export function isLoopback({ ip }: EntryEnd): boolean {
  return isLoopbackAddress(ip);
}

/** "10.0.0.1:80", "[fd00::1]:80"; without a port where it is not known. */
export function endText({ ip, port }: EntryEnd): string {
  const host = ip.includes(':') ? `[${ip}]` : ip;
  return port === 0 ? host : `${host}:${port}`;
}
