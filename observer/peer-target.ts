// Where a peer is and how it is spoken to.

import type { SecureContextOptions } from 'node:tls';

export interface TlsClientOptions {
  /** PEM of the CAs that may have signed the peer's certificate. Default: the system's. */
  readonly ca?: Buffer | readonly Buffer[];
  /** PEM of our own certificate and key, for mutual TLS. */
  readonly certificate?: Buffer;
  readonly key?: Buffer;
  /** Name that the peer's certificate must carry. Default: the host of the address. */
  readonly serverName?: string;
  /** True accepts any certificate. */
  readonly skipVerification?: boolean;
}

export interface PeerTarget {
  /** As parsePeerAddress reads it; whether TLS is spoken is said by `tls` alone. */
  readonly address: string;
  /** Default: plaintext. */
  readonly tls?: TlsClientOptions;
}

/** As node:tls takes it. Hubble speaks TLS 1.3 alone, and so do we. */
export function secureContextOptions({ ca, certificate, key }: TlsClientOptions): SecureContextOptions {
  return {
    minVersion: 'TLSv1.3',
    ...(ca === undefined ? {} : { ca: Buffer.isBuffer(ca) ? ca : [...ca] }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  };
}
