// Options of commands that ask a server: its address and TLS, named as the hubble command line names them.

import { type Command, Option } from 'commander';
import { readClientTls } from '#observer/client-tls.ts';
import { PeerClient } from '#observer/peer-client.ts';
import type { PeerTarget } from '#observer/peer-target.ts';
import { fileList } from './tls-option.ts';

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
    .option('--tls-ca-cert-files <files>', 'CA certificates of the server (PEM, comma-separated)')
    .option('--tls-client-cert-file <file>', 'certificate of this client (PEM)')
    .option('--tls-client-key-file <file>', 'key of this client (PEM)')
    .option('--tls-server-name <name>', "name that the server's certificate must carry");
}

/** TLS when asked for, when the address says so, or when this client has a certificate to show. */
export async function targetOf(options: ServerOptions): Promise<PeerTarget> {
  const address = options.server.replace(/^tls:\/\//, '');
  const usesTls =
    options.tls === true || options.server.startsWith('tls://') || options.tlsClientCertFile !== undefined;
  if (!usesTls) return { address };
  const tls = await readClientTls({
    ...(options.tlsCaCertFiles === undefined ? {} : { caFiles: fileList(options.tlsCaCertFiles) }),
    ...(options.tlsClientCertFile === undefined ? {} : { certFile: options.tlsClientCertFile }),
    ...(options.tlsClientKeyFile === undefined ? {} : { keyFile: options.tlsClientKeyFile }),
    ...(options.tlsServerName === undefined ? {} : { serverName: options.tlsServerName }),
    ...(options.tlsAllowInsecure === true ? { skipVerification: true } : {}),
  });
  return { address, tls };
}

/** Asks once and closes. */
export async function ask<Answer>(
  options: ServerOptions,
  question: (client: PeerClient) => Promise<Answer>,
): Promise<Answer> {
  const client = new PeerClient(await targetOf(options));
  try {
    return await question(client);
  } finally {
    client.close();
  }
}
