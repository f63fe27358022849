// TLS towards the relay: which files, from PARALLAX_RELAY_TLS (set by `parallax ui`), and what is in them now. Plain bytes;
// relay-connection.ts makes credentials of them. Certificates are renewed while the page's server runs, so it asks again.

import { readFileSync } from 'node:fs';

export interface RelayTlsFiles {
  /** CAs that sign the relay's certificate. Default: the system's. */
  readonly caFiles?: readonly string[];
  /** Certificate to show, where the relay asks for one; with keyFile. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Name that the relay's certificate must carry. Default: the host of its address. */
  readonly serverName?: string;
  /** True accepts any certificate. */
  readonly skipVerification?: boolean;
}

export interface RelayTls {
  readonly ca: Buffer | null;
  readonly certificate: Buffer | null;
  readonly key: Buffer | null;
}

/** @throws Error where the variable is not JSON: it is ours, so that is a broken start. */
export function relayTlsFiles(text = process.env.PARALLAX_RELAY_TLS): RelayTlsFiles | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text) as RelayTlsFiles;
  } catch (cause) {
    throw new Error(`PARALLAX_RELAY_TLS is not JSON (${text.slice(0, 80)}): start the page with \`parallax ui\`.`, {
      cause,
    });
  }
}

/** @throws Error of node:fs, which names the file */
export function readRelayTls({ caFiles = [], certFile, keyFile }: RelayTlsFiles): RelayTls {
  return {
    ca: caFiles.length === 0 ? null : Buffer.concat(caFiles.flatMap((file) => [readFileSync(file), Buffer.from('\n')])),
    certificate: certFile === undefined ? null : readFileSync(certFile),
    key: keyFile === undefined ? null : readFileSync(keyFile),
  };
}

export function isSameTls(left: RelayTls, right: RelayTls): boolean {
  const isSame = (a: Buffer | null, b: Buffer | null) => (a === null || b === null ? a === b : a.equals(b));
  return isSame(left.ca, right.ca) && isSame(left.certificate, right.certificate) && isSame(left.key, right.key);
}
