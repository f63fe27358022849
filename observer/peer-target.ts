// Where a peer is and how to reach it, and an HTTP/2 connection to it.

import { type ClientHttp2Session, connect as connectHttp2, type SecureClientSessionOptions } from 'node:http2';
import { connect as connectSocket } from 'node:net';

export interface TlsClientOptions {
  /** PEM of the CAs that may have signed the peer's certificate. Default: the system's. */
  readonly ca?: Buffer;
  /** PEM of our own certificate and key, for mutual TLS. */
  readonly certificate?: Buffer;
  readonly key?: Buffer;
  /** Name that the peer's certificate must carry. Default: the host of the address. */
  readonly serverName?: string;
  /** True accepts any certificate. */
  readonly skipVerification?: boolean;
}

export interface PeerTarget {
  /** "host:port", "[v6]:port", or "unix:/path" (also "unix:///path"). */
  readonly address: string;
  /** Default: plaintext. */
  readonly tls?: TlsClientOptions;
}

/** The path of a unix socket address; undefined for others. */
export function unixPath(address: string): string | undefined {
  if (!address.startsWith('unix:')) return undefined;
  return address.startsWith('unix://') ? address.slice('unix://'.length) : address.slice('unix:'.length);
}

/** What a peer's requests carry as :authority. */
export function authorityOf(target: PeerTarget): string {
  if (target.tls?.serverName !== undefined) return target.tls.serverName;
  return unixPath(target.address) === undefined ? target.address : 'localhost';
}

/**
 * Starts connecting. Errors come as the session's 'error' event.
 * @param windowBytes flow-control window of a stream and of the connection
 */
export function connectPeer(target: PeerTarget, windowBytes: number): ClientHttp2Session {
  const options: SecureClientSessionOptions = {
    settings: { initialWindowSize: windowBytes, enablePush: false },
  };
  const path = unixPath(target.address);
  if (path !== undefined) options.createConnection = () => connectSocket(path);
  const { tls } = target;
  if (tls !== undefined) {
    if (tls.ca !== undefined) options.ca = tls.ca;
    if (tls.certificate !== undefined) options.cert = tls.certificate;
    if (tls.key !== undefined) options.key = tls.key;
    if (tls.serverName !== undefined) options.servername = tls.serverName;
    options.rejectUnauthorized = tls.skipVerification !== true;
    options.minVersion = 'TLSv1.2';
  }
  const host = path === undefined ? target.address : 'localhost';
  const session = connectHttp2(`${tls === undefined ? 'http' : 'https'}://${host}`, options);
  session.once('connect', () => session.setLocalWindowSize(windowBytes));
  return session;
}
