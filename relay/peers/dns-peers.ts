// Peers behind one DNS name, such as a headless service: every address of it is a peer. Asked again at an interval.
// An answer that fails leaves the peers as they are: a name server's outage is not the nodes'.

import { lookup } from 'node:dns/promises';
import { parsePeerAddress, peerAddressText } from '#observer/peer-address.ts';
import { applyPeers, type Peer, type PeerListener, type PeerSet } from './peer-set.ts';

/** A new node is followed within this time. */
const defaultIntervalMs = 5000;

export type ResolveName = (host: string) => Promise<readonly string[]>;

const resolveAll: ResolveName = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

export class DnsPeers implements PeerSet {
  readonly #host: string;
  readonly #port: number;
  readonly #intervalMs: number;
  readonly #resolve: ResolveName;
  #known: ReadonlyMap<string, Peer> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /**
   * @param text dns:///name:port
   * @throws Error when it is not of that form
   */
  constructor(text: string, intervalMs = defaultIntervalMs, resolve: ResolveName = resolveAll) {
    const address = parsePeerAddress(text.replace(/^dns:\/{0,3}/, ''));
    if (address.kind !== 'tcp') throw new Error(`"${text}" is no DNS name with a port: write dns:///name:port.`);
    this.#host = address.host;
    this.#port = address.port;
    this.#intervalMs = intervalMs;
    this.#resolve = resolve;
  }

  start(listener: PeerListener): void {
    const ask = async () => {
      await this.#ask(listener);
      if (!this.#isStopped) this.#timer = setTimeout(ask, this.#intervalMs);
    };
    void ask();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #ask(listener: PeerListener): Promise<void> {
    let addresses: readonly string[];
    try {
      addresses = await this.#resolve(this.#host);
    } catch (error) {
      if (!this.#isStopped) listener.trouble(`${this.#host} cannot be resolved: ${(error as Error).message}`);
      return;
    }
    if (this.#isStopped) return;
    listener.trouble(addresses.length > 0 ? undefined : `${this.#host} has no addresses`);
    const wanted = new Map<string, Peer>();
    for (const host of addresses) {
      const address = peerAddressText({ kind: 'tcp', host, port: this.#port, usesTls: false });
      wanted.set(address, { name: address, address });
    }
    this.#known = applyPeers(this.#known, wanted, listener);
  }
}
