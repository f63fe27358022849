// The page's one connection to the relay, plain or TLS with certificates that are renewed while it runs, and what the
// relay's errors mean over HTTP. Beside relay-client.ts the only file that knows gRPC.

import { type ChannelCredentials, Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { isSameTls, type RelayTls, type RelayTlsFiles, readRelayTls, relayTlsFiles } from './relay-tls.ts';

/** An error of the relay as HTTP says it, and whether asking again can help. */
export interface RelayFault {
  readonly code: string;
  readonly httpStatus: number;
  readonly text: string;
  readonly retry: boolean;
}

export function relayAddress(): string {
  return process.env.PARALLAX_RELAY ?? '127.0.0.1:4245';
}

/** Certificates live for hours at least; a new stream or question finds renewed ones within this time. */
const LOOK_AT_FILES_MS = 5_000;

interface SharedClient {
  readonly client: Client;
  readonly tls: RelayTls | undefined;
  lookAgainAtMs: number;
}

// One connection for all pages, also when the bundler loads this module once for each route.
const shared = globalThis as { parallaxRelayClient?: SharedClient };

/** @throws RelayError where the files of TLS cannot be read and no earlier ones are in use */
export function relayClient(): Client {
  const files = relayTlsFiles();
  const current = shared.parallaxRelayClient;
  if (current !== undefined && (files === undefined || Date.now() < current.lookAgainAtMs)) return current.client;
  const tls = files === undefined ? undefined : tlsOrKeep(files, current?.tls);
  const lookAgainAtMs = Date.now() + LOOK_AT_FILES_MS;
  if (current?.tls !== undefined && tls !== undefined && isSameTls(tls, current.tls)) {
    current.lookAgainAtMs = lookAgainAtMs;
    return current.client;
  }
  const next = { client: newClient(files, tls), tls, lookAgainAtMs };
  shared.parallaxRelayClient = next;
  // Streams on the old connection go on; it takes no new ones.
  current?.client.close();
  return next.client;
}

/** In the middle of a renewal a file may be missing: then what was read before stays in use. */
function tlsOrKeep(files: RelayTlsFiles, before: RelayTls | undefined): RelayTls {
  try {
    const tls = readRelayTls(files);
    credentialsOf(files, tls);
    return tls;
  } catch (cause) {
    if (before !== undefined) return before;
    const text = `the relay at ${relayAddress()} cannot be asked: TLS: ${(cause as Error).message}`;
    throw new RelayError({ code: 'FAILED_PRECONDITION', httpStatus: 503, text, retry: true }, cause);
  }
}

function credentialsOf(files: RelayTlsFiles, { ca, key, certificate }: RelayTls): ChannelCredentials {
  return credentials.createSsl(ca, key, certificate, { rejectUnauthorized: files.skipVerification !== true });
}

function newClient(files: RelayTlsFiles | undefined, tls: RelayTls | undefined): Client {
  const secure = files !== undefined && tls !== undefined;
  return new Client(relayAddress(), secure ? credentialsOf(files, tls) : credentials.createInsecure(), {
    'grpc.max_receive_message_length': 8 * 1024 * 1024,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 3_000,
    ...(files?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': files.serverName }),
  });
}

export class RelayError extends Error {
  readonly fault: RelayFault;

  constructor(fault: RelayFault, cause: unknown) {
    super(fault.text, { cause });
    this.fault = fault;
  }
}

/** gRPC status to HTTP: the one table. */
const httpStatusOf: Readonly<Record<number, number>> = {
  [status.OK]: 200,
  [status.CANCELLED]: 499,
  [status.INVALID_ARGUMENT]: 400,
  [status.DEADLINE_EXCEEDED]: 504,
  [status.NOT_FOUND]: 404,
  [status.PERMISSION_DENIED]: 403,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.OUT_OF_RANGE]: 400,
  [status.UNIMPLEMENTED]: 501,
  [status.UNAVAILABLE]: 503,
  [status.UNAUTHENTICATED]: 401,
};
const hopeless: readonly number[] = [status.INVALID_ARGUMENT, status.PERMISSION_DENIED, status.UNIMPLEMENTED];

export function relayFault(error: Pick<ServiceError, 'code' | 'details'>): RelayFault {
  const code = status[error.code] ?? String(error.code);
  const text =
    error.code === status.UNAVAILABLE
      ? `the relay at ${relayAddress()} does not answer (${reasonOf(error) || 'no connection'})`
      : `the relay at ${relayAddress()} says ${code}: ${reasonOf(error)}`;
  return { code, httpStatus: httpStatusOf[error.code] ?? 502, text, retry: !hopeless.includes(error.code) };
}

/** grpc-js ends some details with a note about the name's resolution, also where it has nothing to note. */
function reasonOf({ details }: Pick<ServiceError, 'details'>): string {
  const note = 'Resolution note:';
  const text = details.trimEnd();
  return text.endsWith(note) ? text.slice(0, -note.length).trimEnd().replace(/\.$/, '') : details;
}
