// Options of commands that ask a server: its address and TLS, named as the hubble command line names them.

import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { PeerClient } from '#observer/peer-client.ts';
import type { PeerTarget } from '#observer/peer-target.ts';

export interface ServerOptions {
  readonly server: string;
  readonly tls?: boolean;
  readonly tlsAllowInsecure?: boolean;
  readonly tlsCaCertFiles?: string;
  readonly tlsClientCertFile?: string;
  readonly tlsClientKeyFile?: string;
  readonly tlsServerName?: string;
}

export function withServerOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--server <address>', 'relay or exporter to ask (host:port, unix:///path, tls://host:port)')
        .default('localhost:4245')
        .env('HUBBLE_SERVER'),
    )
    .option('--tls', 'use TLS')
    .option('--tls-allow-insecure', 'accept any certificate')
    .option('--tls-ca-cert-files <file>', 'CA certificates of the server (PEM)')
    .option('--tls-client-cert-file <file>', 'certificate of this client (PEM)')
    .option('--tls-client-key-file <file>', 'key of this client (PEM)')
    .option('--tls-server-name <name>', "name that the server's certificate must carry");
}

/** TLS when asked for, when the address says so, or when this client has a certificate to show. */
export function targetOf(options: ServerOptions): PeerTarget {
  const address = options.server.replace(/^tls:\/\//, '');
  const usesTls =
    options.tls === true || options.server.startsWith('tls://') || options.tlsClientCertFile !== undefined;
  if (!usesTls) return { address };
  const file = (path: string | undefined): Buffer | undefined => (path === undefined ? undefined : readFileSync(path));
  const [ca, certificate, key] = [options.tlsCaCertFiles, options.tlsClientCertFile, options.tlsClientKeyFile].map(
    file,
  );
  return {
    address,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key }),
      ...(options.tlsServerName === undefined ? {} : { serverName: options.tlsServerName }),
      ...(options.tlsAllowInsecure === true ? { skipVerification: true } : {}),
    },
  };
}

/** Asks once and closes. */
export async function ask<Answer>(
  options: ServerOptions,
  question: (client: PeerClient) => Promise<Answer>,
): Promise<Answer> {
  const client = new PeerClient(targetOf(options));
  try {
    return await question(client);
  } finally {
    client.close();
  }
}
