// Where the API server is and how to authenticate there: in a pod by the files of its service account, elsewhere by a
// kubeconfig. Credentials are asked for before each request, so that tokens that rotate are followed.

import type { Agent } from 'node:http';
import type { SecureContextOptions } from 'node:tls';

export interface Credentials {
  /** Authorization, and impersonation where it is asked for. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase'> & {
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
  /** Set where the way leads through a proxy; then it holds the TLS options too. */
  readonly agent?: Agent;
}

export interface ApiAccess {
  /** For messages: the server and where it was read from, never what authenticates. */
  readonly text: string;
  readonly server: URL;
  /** @throws Error in words when a file cannot be read or a plugin fails */
  credentials(): Promise<Credentials>;
  /** The server did not take them: they are read anew when they are asked for next. */
  forget(): void;
}

/** @throws Error where credentials would travel readable over a network */
export function checkServer(text: string, origin: string): URL {
  let server: URL;
  try {
    server = new URL(text);
  } catch (cause) {
    throw new Error(`${origin}: the server "${text}" is no URL such as https://10.0.0.1:6443.`, { cause });
  }
  if (server.protocol === 'https:') return server;
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(server.hostname);
  if (server.protocol === 'http:' && isHere) return server;
  throw new Error(
    `${origin}: the server ${server.origin} is not reached by https; plain http is for a proxy on this machine alone.`,
  );
}
