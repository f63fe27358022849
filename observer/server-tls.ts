// TLS of a server from PEM files, read anew while it runs: a renewed certificate is used for the next connection. TLS 1.3
// alone, as Hubble. Files that do not fit together, as in the middle of a renewal, leave the last good ones in force.

import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import { readPem } from './client-tls.ts';

export interface ServerTlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** CAs whose client certificates are accepted, and then required. Default: none is asked for. */
  readonly clientCaFiles?: readonly string[];
}

export interface ServerTlsOptions {
  /** Told when files that changed cannot be used, in a sentence; undefined once they can. Default: nobody. */
  readonly onTrouble?: (text: string | undefined) => void;
  /** How often the files are looked at. Default 5 s: certificates live for hours at least. */
  readonly everyMs?: number;
}

interface Pem extends SecureContextOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer[];
}

const minVersion = 'TLSv1.3';

export class ServerTls extends ServerCredentials {
  /** Renewals taken into use. */
  reloads = 0;
  readonly #files: ServerTlsFiles;
  readonly #onTrouble: (text: string | undefined) => void;
  readonly #timer: NodeJS.Timeout;
  #current: Pem;
  #trouble: string | undefined;

  private constructor(files: ServerTlsFiles, pem: Pem, { onTrouble = () => {}, everyMs = 5000 }: ServerTlsOptions) {
    super({ minVersion, requestCert: files.clientCaFiles !== undefined }, pem);
    this.#files = files;
    this.#current = pem;
    this.#onTrouble = onTrouble;
    this.#timer = setInterval(() => void this.#look(), everyMs).unref();
  }

  /** @throws Error naming the file that cannot be read, or saying that certificate and key do not belong together */
  static async read(files: ServerTlsFiles, options: ServerTlsOptions = {}): Promise<ServerTls> {
    return new ServerTls(files, await readFiles(files), options);
  }

  /** First DNS name in the certificate: what clients may ask for. */
  get serverName(): string | undefined {
    const names = new X509Certificate(this.#current.cert).subjectAltName ?? '';
    return /(?:^|, )DNS:([^,]+)/.exec(names)?.[1];
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }

  async #look(): Promise<void> {
    try {
      const pem = await readFiles(this.#files);
      if (!isSame(pem, this.#current)) {
        this.#current = pem;
        this.reloads += 1;
        this.updateSecureContextOptions(pem);
      }
      this.#tell(undefined);
    } catch (error) {
      this.#tell(`${(error as Error).message} The certificate read before stays in use.`);
    }
  }

  #tell(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#onTrouble(trouble);
  }
}

async function readFiles({ certFile, keyFile, clientCaFiles }: ServerTlsFiles): Promise<Pem> {
  const [cert, key, ca] = await Promise.all([
    readPem(certFile),
    readPem(keyFile),
    clientCaFiles === undefined ? undefined : Promise.all(clientCaFiles.map(readPem)),
  ]);
  const pem: Pem = { minVersion, cert, key, ...(ca === undefined ? {} : { ca }) };
  try {
    createSecureContext(pem);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Error(`TLS: ${certFile} and ${keyFile} cannot be used together: ${why}.`, { cause });
  }
  return pem;
}

function isSame(left: Pem, right: Pem): boolean {
  const files = ({ cert, key, ca = [] }: Pem) => [cert, key, ...ca];
  const [a, b] = [files(left), files(right)];
  return a.length === b.length && a.every((bytes, i) => b[i]?.equals(bytes));
}
