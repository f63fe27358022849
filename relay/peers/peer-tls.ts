// How a peer is spoken to: over TLS or not, and under which name its certificate is checked.

import { readClientTls, type TlsClientFiles } from '#observer/client-tls.ts';
import { parsePeerAddress } from '#observer/peer-address.ts';
import type { PeerTarget } from '#observer/peer-target.ts';
import { hubbleServerName } from './hubble-server-name.ts';
import type { Peer } from './peer-set.ts';

export interface PeerTls extends TlsClientFiles {
  /** True: TLS to every peer over TCP. Default: to those whose address (tls://) or notification says so. */
  readonly always?: boolean;
}

/** Unix sockets are always plaintext, as in Hubble. @throws Error for an address that cannot be read */
export function usesTls(peer: Omit<Peer, 'name'>, tls: PeerTls | undefined): boolean {
  const address = parsePeerAddress(peer.address);
  return address.kind === 'tcp' && (peer.tlsServerName !== undefined || address.usesTls || tls?.always === true);
}

/**
 * Reads the TLS files anew, so that renewed certificates are used.
 * @throws Error for an address or a file that cannot be read
 */
export async function peerTarget(peer: Peer, tls: PeerTls | undefined): Promise<PeerTarget> {
  if (!usesTls(peer, tls)) return { address: peer.address };
  const { serverName: fallback, ...options } = await readClientTls(tls ?? {});
  // A peer that goes by its address has no node name to make Hubble's name of.
  const conventional = peer.name === peer.address ? undefined : hubbleServerName(peer.name);
  const told = peer.tlsServerName === '' ? conventional : peer.tlsServerName;
  const serverName = told ?? fallback ?? conventional;
  return { address: peer.address, tls: { ...options, ...(serverName === undefined ? {} : { serverName }) } };
}
