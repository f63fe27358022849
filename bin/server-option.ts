// Options of commands that ask a server: its address and TLS, named as the hubble command line names them.

import { type Command, Option } from 'commander';
import { readClientTls, type TlsClientFiles } from '#observer/client-tls.ts';
import { PeerClient } from '#observer/peer-client.ts';
import type { PeerTarget } from '#observer/peer-target.ts';
import { fileList } from './tls-option.ts';

export interface ClientTlsOptions {
  readonly tls?: boolean;
  readonly tlsAllowInsecure?: boolean;
  readonly tlsCaCertFiles?: string;
  readonly tlsClientCertFile?: string;
  readonly tlsClientKeyFile?: string;
  readonly tlsServerName?: string;
}

export interface ServerOptions extends ClientTlsOptions {
  readonly server: string;
}

export function withServerOptions(command: Command): Command {
  return withClientTls(
    command.addOption(
      new Option('--server <address>', 'relay or exporter to ask (host:port, unix:///path, tls://host:port)')
        .default('localhost:4245')
        .env('HUBBLE_SERVER'),
    ),
  );
}

export function withClientTls(command: Command): Command {
  return command
    .option('--tls', 'use TLS')
    .option('--tls-allow-insecure', 'accept any certificate')
    .option('--tls-ca-cert-files <files>', 'CA certificates of the server (PEM, comma-separated)')
    .option('--tls-client-cert-file <file>', 'certificate of this client (PEM)')
    .option('--tls-client-key-file <file>', 'key of this client (PEM)')
    .option('--tls-server-name <name>', "name that the server's certificate must carry");
}

/** Undefined where neither a flag nor the address asks for TLS. */
export function clientTlsFiles(server: string, options: ClientTlsOptions): TlsClientFiles | undefined {
  const { tls, tlsAllowInsecure, tlsCaCertFiles, tlsClientCertFile, tlsClientKeyFile, tlsServerName } = options;
  const usesTls =
    tls === true || server.startsWith('tls://') || tlsClientCertFile !== undefined || tlsCaCertFiles !== undefined;
  if (!usesTls) return undefined;
  return {
    ...(tlsCaCertFiles === undefined ? {} : { caFiles: fileList(tlsCaCertFiles) }),
    ...(tlsClientCertFile === undefined ? {} : { certFile: tlsClientCertFile }),
    ...(tlsClientKeyFile === undefined ? {} : { keyFile: tlsClientKeyFile }),
    ...(tlsServerName === undefined ? {} : { serverName: tlsServerName }),
    ...(tlsAllowInsecure === true ? { skipVerification: true } : {}),
  };
}

export function withoutScheme(server: string): string {
  return server.replace(/^tls:\/\//, '');
}

export async function targetOf(options: ServerOptions): Promise<PeerTarget> {
  const address = withoutScheme(options.server);
  const files = clientTlsFiles(options.server, options);
  return files === undefined ? { address } : { address, tls: await readClientTls(files) };
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
