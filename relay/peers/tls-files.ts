// TLS towards peers from PEM files. The files are read at every connection attempt, so that renewed certificates are used
// without a restart.

import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';

export interface PeerTls {
  /** CAs that sign the peers' certificates. Default: the system's. */
  readonly caFiles?: readonly string[];
  /** Client certificate, where peers ask for one; with keyFile. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Name that the peers' certificates must carry, for peers whose source does not tell one. */
  readonly serverName?: string;
}

/** @throws Error naming the file that cannot be read */
export async function readPeerTls({ caFiles, certFile, keyFile }: PeerTls): Promise<SecureContextOptions> {
  const options: SecureContextOptions = { minVersion: 'TLSv1.3' };
  if (caFiles !== undefined && caFiles.length > 0) options.ca = await Promise.all(caFiles.map(readPem));
  if (certFile !== undefined) options.cert = await readPem(certFile);
  if (keyFile !== undefined) options.key = await readPem(keyFile);
  return options;
}

/** The name in a Hubble agent's certificate: `<node>.<cluster>.hubble-grpc.cilium.io`, dots within both turned to '-'. */
export function hubbleServerName(node: string, cluster: string): string {
  return `${node.replaceAll('.', '-')}.${cluster.replaceAll('.', '-')}.hubble-grpc.cilium.io`;
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Error(`TLS file ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
