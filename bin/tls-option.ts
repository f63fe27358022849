// TLS flags of the services: what they serve with, and how they speak to observers. Where hubble-relay has a flag for it,
// the relay takes it under that name too, so that its settings can be kept.

import { type Command, Option } from 'commander';
import type { ServerTlsFiles } from '#observer/server-tls.ts';
import type { PeerTls } from '#relay/peers/peer-tls.ts';

export interface ServeTlsOptions {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
}

/** hubble-relay's names of the same. */
interface HubbleServeTlsOptions {
  readonly tlsRelayServerCertFile?: string;
  readonly tlsRelayServerKeyFile?: string;
  readonly tlsRelayClientCaFiles?: string;
}

export interface PeerTlsOptions extends HubbleServeTlsOptions {
  readonly peerTls?: boolean;
  readonly tlsHubbleServerCaFiles?: string;
  readonly tlsHubbleClientCertFile?: string;
  readonly tlsHubbleClientKeyFile?: string;
  readonly tlsHubbleServerName?: string;
}

export function withServeTls(command: Command): Command {
  return command
    .option('--tls-cert <file>', 'serve TLS 1.3 with this certificate (PEM; read again when it changes)')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--tls-client-ca <files>', 'accept only clients with a certificate of these CAs (PEM, comma-separated)');
}

export function withPeerTls(command: Command): Command {
  return command
    .option('--peer-tls', 'speak TLS to every observer over TCP; implied by the flags below')
    .option('--tls-hubble-server-ca-files <files>', "CAs of the observers' certificates (PEM, comma-separated)")
    .option('--tls-hubble-client-cert-file <file>', 'certificate to show to observers (PEM)')
    .option('--tls-hubble-client-key-file <file>', 'its key (PEM)')
    .option('--tls-hubble-server-name <name>', "name in the observers' certificates, where their source tells none")
    .addOption(new Option('--tls-relay-server-cert-file <file>', "hubble-relay's --tls-cert").hideHelp())
    .addOption(new Option('--tls-relay-server-key-file <file>', "hubble-relay's --tls-key").hideHelp())
    .addOption(new Option('--tls-relay-client-ca-files <files>', "hubble-relay's --tls-client-ca").hideHelp());
}

/** Undefined without a certificate. @throws Error where one of the pair is missing */
export function serverTlsOf(options: ServeTlsOptions & HubbleServeTlsOptions): ServerTlsFiles | undefined {
  const certFile = options.tlsCert ?? options.tlsRelayServerCertFile;
  const keyFile = options.tlsKey ?? options.tlsRelayServerKeyFile;
  const clientCa = options.tlsClientCa ?? options.tlsRelayClientCaFiles;
  if (certFile === undefined && keyFile === undefined && clientCa === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new Error('TLS needs a certificate and its key: give both --tls-cert and --tls-key.');
  }
  return { certFile, keyFile, ...(clientCa === undefined ? {} : { clientCaFiles: fileList(clientCa) }) };
}

/** Undefined where no flag asks for TLS: then only tls:// addresses and notifications do. */
export function peerTlsOf(options: PeerTlsOptions): PeerTls | undefined {
  const { peerTls, tlsHubbleServerCaFiles, tlsHubbleClientCertFile, tlsHubbleClientKeyFile, tlsHubbleServerName } =
    options;
  const files = {
    ...(tlsHubbleServerCaFiles === undefined ? {} : { caFiles: fileList(tlsHubbleServerCaFiles) }),
    ...(tlsHubbleClientCertFile === undefined ? {} : { certFile: tlsHubbleClientCertFile }),
    ...(tlsHubbleClientKeyFile === undefined ? {} : { keyFile: tlsHubbleClientKeyFile }),
    ...(tlsHubbleServerName === undefined ? {} : { serverName: tlsHubbleServerName }),
  };
  return peerTls === true || Object.keys(files).length > 0 ? { ...files, always: true } : undefined;
}

export function fileList(text: string): string[] {
  return text
    .split(',')
    .map((file) => file.trim())
    .filter((file) => file !== '');
}
