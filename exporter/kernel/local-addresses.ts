// Keeps the kernel half's set of this host's own addresses: on a host interface only their connections are the host's.

import { networkInterfaces } from 'node:os';
import { addressBytes } from './addresses.ts';
import { checkResult, libbpf } from './libbpf.ts';

const HOST_ADDRESS = Buffer.from([1, 0, 0, 0]);

export class LocalAddresses {
  readonly #mapFd: number;
  #known = new Map<string, Buffer>();

  constructor(mapFd: number) {
    this.#mapFd = mapFd;
  }

  has(address: string): boolean {
    return this.#known.has(address);
  }

  /** Brings the set up to date with the interfaces' addresses as they are now. */
  refresh(): void {
    const current = new Map<string, Buffer>();
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { address } of addresses ?? []) current.set(address, addressBytes(address));
    }
    for (const [address, key] of current) {
      if (!this.#known.has(address)) {
        checkResult(libbpf().update(this.#mapFd, key, HOST_ADDRESS, 0), `noting ${address} as this host's own`);
      }
    }
    for (const [address, key] of this.#known) if (!current.has(address)) libbpf().remove(this.#mapFd, key);
    this.#known = current;
  }
}
