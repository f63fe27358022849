// Peers as Hubble's peer service tells them: a stream of nodes that come, change and go. When the stream is lost the
// peers stay as they are until it is back; the service then tells all nodes anew.

import { explainConnectionError } from '#observer/connection-error.ts';
import { parsePeerAddress } from '#observer/peer-address.ts';
import { PeerSession } from '#observer/peer-session.ts';
import { ChangeNotification, ChangeNotificationType, NotifyRequest, PeerDefinition } from '#proto/gen/peer/peer.ts';
import { backoffMs } from './backoff.ts';
import type { PeerListener, PeerSet } from './peer-set.ts';
import { type PeerTls, peerTarget, usesTls } from './peer-tls.ts';

export class NotifyPeers implements PeerSet {
  readonly #address: string;
  readonly #name: string;
  readonly #tls: PeerTls | undefined;
  readonly #stopping = new AbortController();
  #wait: NodeJS.Timeout | undefined;
  #session: PeerSession | undefined;

  /**
   * @param address unix:///path, host:port, or tls://host:port
   * @param clusterName whose agents serve it: their certificates carry "hubble-peer" under it
   * @throws Error for an address that cannot be read
   */
  constructor(address: string, tls: PeerTls | undefined, clusterName = 'default') {
    parsePeerAddress(address);
    this.#address = address;
    this.#name = `${clusterName}/hubble-peer`;
    this.#tls = tls;
  }

  start(listener: PeerListener): void {
    void this.#run(listener, 1);
  }

  stop(): void {
    this.#stopping.abort(new Error('stopped'));
    clearTimeout(this.#wait);
    this.#session?.close();
  }

  async #run(listener: PeerListener, failures: number): Promise<void> {
    const { signal } = this.#stopping;
    const service = { name: this.#name, address: this.#address };
    let heard = false;
    try {
      this.#session = await PeerSession.connect(await peerTarget(service, this.#tls), { signal });
      await this.#listen(this.#session, (notification) => {
        heard = true;
        listener.trouble(undefined);
        tell(listener, notification);
      });
      throw new Error('it ended the stream');
    } catch (error) {
      this.#session?.close();
      if (this.#stopping.signal.aborted) return;
      const reason = explainConnectionError(error, usesTls(service, this.#tls));
      listener.trouble(`the peer service at ${this.#address} cannot be followed: ${reason}`);
      const next = heard ? 1 : failures + 1;
      this.#wait = setTimeout(() => void this.#run(listener, next), backoffMs(heard ? 1 : failures, Math.random()));
    }
  }

  #listen(session: PeerSession, take: (notification: ChangeNotification) => void): Promise<void> {
    const request = NotifyRequest.encode(NotifyRequest.create()).finish();
    return new Promise((resolve, reject) => {
      session.stream(PeerDefinition, PeerDefinition.methods.notify, request, {
        messages: (bytes, starts, ends, count) => {
          for (let i = 0; i < count; i += 1) take(ChangeNotification.decode(bytes.subarray(starts[i], ends[i])));
        },
        end: (error) => (error === undefined ? resolve() : reject(error)),
      });
    });
  }
}

function tell(listener: PeerListener, { name, address, type, tls }: ChangeNotification): void {
  if (type === ChangeNotificationType.PEER_DELETED) listener.remove(name);
  else if (type === ChangeNotificationType.PEER_ADDED || type === ChangeNotificationType.PEER_UPDATED) {
    listener.set({ name, address, ...(tls === undefined ? {} : { tlsServerName: tls.serverName }) });
  }
}
