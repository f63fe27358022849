// TLS towards peers from PEM files. The files are read at every connection attempt, so that renewed certificates are used
// without a restart.

import { readFile } from 'node:fs/promises';
import type { TlsClientOptions } from './peer-target.ts';

export interface TlsClientFiles {
  /** CAs that sign the peers' certificates. Default: the system's. */
  readonly caFiles?: readonly string[];
  /** Client certificate, where peers ask for one; with keyFile. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Name that the peers' certificates must carry, for peers whose source does not tell one. */
  readonly serverName?: string;
  /** True accepts any certificate. */
  readonly skipVerification?: boolean;
}

/** @throws Error naming the file that cannot be read, or the one that is missing to a pair */
export async function readClientTls(files: TlsClientFiles): Promise<TlsClientOptions> {
  const { caFiles = [], certFile, keyFile, serverName, skipVerification } = files;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [given, missing] = certFile === undefined ? ['key', 'certificate'] : ['certificate', 'key'];
    throw new Error(`TLS: a client ${given} is given without its ${missing}; name both files or none.`);
  }
  return {
    ...(caFiles.length > 0 ? { ca: await Promise.all(caFiles.map(readPem)) } : {}),
    ...(certFile === undefined ? {} : { certificate: await readPem(certFile) }),
    ...(keyFile === undefined ? {} : { key: await readPem(keyFile) }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(skipVerification === undefined ? {} : { skipVerification }),
  };
}

/** @throws Error naming the file */
export async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Error(`TLS file ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
