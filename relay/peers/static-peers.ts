// Peers named on the command line. `dns:///name:port` among them stands for all addresses of the name.

import { parsePeerAddress } from '#observer/peer-address.ts';
import { DnsPeers } from './dns-peers.ts';
import type { PeerListener, PeerSet } from './peer-set.ts';

export class StaticPeers implements PeerSet {
  readonly #addresses: readonly string[];
  readonly #names: readonly DnsPeers[];

  /** @throws Error for an address that cannot be read */
  constructor(addresses: readonly string[]) {
    const given = addresses.filter((address) => address !== '');
    this.#addresses = given.filter((address) => !address.startsWith('dns:'));
    this.#names = given.filter((address) => address.startsWith('dns:')).map((address) => new DnsPeers(address));
    for (const address of this.#addresses) parsePeerAddress(address);
    if (given.length === 0)
      throw new Error('no peers: name at least one as host:port, unix:///path or dns:///name:port.');
  }

  start(listener: PeerListener): void {
    for (const address of this.#addresses) listener.set({ name: address, address });
    for (const names of this.#names) names.start(listener);
  }

  stop(): void {
    for (const names of this.#names) names.stop();
  }
}
