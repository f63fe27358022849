// Who the peers are, whichever way they are found. A source calls its listener with changes at run time.

export interface Peer {
  /** Node name, with "cluster/" before it where the source tells one; the address until a name is known. */
  readonly name: string;
  /** As parsePeerAddress reads it. */
  readonly address: string;
  /** Set when the peer is to be spoken to by TLS under this name; '' for the name that Hubble's agents have. */
  readonly tlsServerName?: string;
}

export interface PeerListener {
  /** A new peer, or one of the same name with another address. */
  set(peer: Peer): void;
  remove(name: string): void;
  /** What keeps the source from telling more, in a sentence; undefined once it is over. */
  trouble(text: string | undefined): void;
}

export interface PeerSet {
  /** Starts telling, until stop. Must be called once. */
  start(listener: PeerListener): void;
  stop(): void;
}

/** Tells `listener` what turns the peers `known` (by name) into `wanted`, and returns the latter. Equal peers are left alone. */
export function applyPeers(
  known: ReadonlyMap<string, Peer>,
  wanted: ReadonlyMap<string, Peer>,
  listener: PeerListener,
): ReadonlyMap<string, Peer> {
  for (const name of known.keys()) if (!wanted.has(name)) listener.remove(name);
  for (const [name, peer] of wanted) {
    const old = known.get(name);
    if (old?.address !== peer.address || old.tlsServerName !== peer.tlsServerName) listener.set(peer);
  }
  return wanted;
}
