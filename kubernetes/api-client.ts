// Requests to the Kubernetes API over node:https: bounded answers, time limits, and every failure an ApiError in words.
// Redirects are not followed, since credentials would follow them.

import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import packageJson from '../package.json' with { type: 'json' };
import type { ApiAccess, Credentials } from './api-access.ts';
import { ApiError, kindOfStatus, printable } from './api-error.ts';

export interface ApiClientOptions {
  /** "relay", "exporter": what the server's audit log calls us. */
  readonly component: string;
  /** Longest wait for an answer to begin, and for its next bytes. Default 30,000. */
  readonly silenceMs?: number;
}

/** Of answers that are read as a whole: a review, a version. */
const maxBodyBytes = 1024 * 1024;
const maxErrorBytes = 64 * 1024;
const maxRetryAfterMs = 60_000;

export class ApiClient {
  readonly access: ApiAccess;
  readonly silenceMs: number;
  readonly #userAgent: string;
  #agent: { readonly agent: https.Agent; readonly material: string } | undefined;

  constructor(access: ApiAccess, { component, silenceMs = 30_000 }: ApiClientOptions) {
    this.access = access;
    this.silenceMs = silenceMs;
    const platform = `${process.platform}/${process.arch}`;
    this.#userAgent = `parallax-${component}/${packageJson.version} (${platform}) node/${process.versions.node}`;
  }

  /** @throws ApiError */
  async getJson(path: string, signal: AbortSignal, accept = 'application/json'): Promise<unknown> {
    return this.#json(await this.openStream(path, signal, { accept }));
  }

  /** Hands over an answer of any length as it arrives. @throws ApiError, and what `onChunk` throws */
  async read(path: string, signal: AbortSignal, accept: string, onChunk: (chunk: Buffer) => void): Promise<void> {
    await readBody(await this.openStream(path, signal, { accept }), this.silenceMs, onChunk);
  }

  /** @throws ApiError */
  async postJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#json(await this.openStream(path, signal, { accept: 'application/json', body: JSON.stringify(body) }));
  }

  /**
   * The body of an answer of success, to be read or destroyed by the caller.
   * @throws ApiError also for any other status, with the words of the server's Status
   */
  async openStream(
    path: string,
    signal: AbortSignal,
    { accept, body }: { accept: string; body?: string },
  ): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const credentials = await this.access.credentials().catch((error: unknown) => {
      throw ApiError.from(error, 'unauthorized');
    });
    const response = await this.#request(path, signal, credentials, accept, body);
    const kind = kindOfStatus(response.statusCode ?? 0);
    if (kind === undefined) return response;
    if (kind === 'unauthorized') this.access.forget();
    const text = await readText(response, maxErrorBytes, this.silenceMs).catch(() => '');
    throw new ApiError(kind, statusText(response.statusCode ?? 0, text, secretsOf(credentials)), {
      retryAfterMs: retryAfterMs(response.headers['retry-after']),
    });
  }

  /** Ends connections that are kept for later. */
  close(): void {
    this.#agent?.agent.destroy();
  }

  async #json(response: IncomingMessage): Promise<unknown> {
    const text = await readText(response, maxBodyBytes, this.silenceMs);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new ApiError('unreadable', 'the answer is not JSON; is this the address of a Kubernetes API server?', {
        cause,
      });
    }
  }

  #request(
    path: string,
    signal: AbortSignal,
    credentials: Credentials,
    accept: string,
    body: string | undefined,
  ): Promise<IncomingMessage> {
    const { server } = this.access;
    const isPlain = server.protocol === 'http:';
    const base = server.pathname.replace(/\/$/, '');
    const secrets = secretsOf(credentials);
    return new Promise((resolve, reject) => {
      const request = (isPlain ? http : https).request({
        ...{ hostname: server.hostname.replace(/^\[|\]$/g, ''), port: server.port, path: `${base}${path}` },
        ...{ method: body === undefined ? 'GET' : 'POST', signal },
        headers: {
          ...credentials.headers,
          accept,
          'user-agent': this.#userAgent,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
        ...(isPlain ? {} : { agent: credentials.agent ?? this.#agentFor(credentials) }),
      });
      const timer = setTimeout(() => {
        request.destroy(new ApiError('stalled', `no answer within ${this.silenceMs / 1000} s`));
      }, this.silenceMs);
      request.on('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        if (!(error instanceof ApiError) && isTlsFault(error)) this.access.forget();
        reject(
          error instanceof ApiError ? error : new ApiError('unreachable', wordsOf(error, secrets), { cause: error }),
        );
      });
      // A peer that is gone without a word is noticed by the kernel, also on a watch where nothing is sent for minutes.
      request.on('socket', (socket) => socket.setKeepAlive(true, 30_000));
      request.end(body);
    });
  }

  /** Kept as long as certificates stay the same. */
  #agentFor({ tls }: Credentials): https.Agent {
    const material = JSON.stringify(tls, (_, value) => (Buffer.isBuffer(value) ? value.toString('base64') : value));
    if (this.#agent?.material === material) return this.#agent.agent;
    // Watches that run on the old one go on.
    const agent = new https.Agent({ ...tls, keepAlive: true, timeout: 0, maxCachedSessions: 8 });
    this.#agent = { agent, material };
    return agent;
  }
}

function secretsOf({ headers }: Credentials): string[] {
  const authorization = headers.authorization ?? '';
  return [authorization, authorization.replace(/^\S+\s+/, '')];
}

/** @throws ApiError when it is too long, cut off or silent */
async function readText(response: IncomingMessage, maxBytes: number, silenceMs: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await readBody(response, silenceMs, (chunk) => {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new ApiError('unreadable', `the answer has more than the ${maxBytes >> 20} MiB that are read`);
    chunks.push(chunk);
  });
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws ApiError when it is cut off or silent, and what `onChunk` throws */
function readBody(response: IncomingMessage, silenceMs: number, onChunk: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(timer);
      response.destroy();
      reject(error);
    };
    const onSilence = () => fail(new ApiError('stalled', `the answer stopped for ${silenceMs / 1000} s`));
    const timer = setTimeout(onSilence, silenceMs);
    response.on('data', (chunk: Buffer) => {
      timer.refresh();
      try {
        onChunk(chunk);
      } catch (error) {
        fail(error);
      }
    });
    response.on('end', () => {
      clearTimeout(timer);
      if (response.complete) resolve();
      else fail(new ApiError('unreachable', 'the answer was cut off'));
    });
    response.on('error', (cause) =>
      fail(new ApiError('unreachable', `the answer was cut off: ${printable(cause.message)}`, { cause })),
    );
    response.on('close', () => fail(new ApiError('unreachable', 'the answer was cut off')));
  });
}

/** The words of a metav1.Status where the body is one. */
function statusText(status: number, body: string, secrets: readonly string[]): string {
  let message: unknown;
  try {
    message = (JSON.parse(body) as { message?: unknown } | null)?.message;
  } catch {
    message = undefined;
  }
  const said = typeof message === 'string' ? message : '';
  if (status >= 300 && status < 400) return `it answers ${status} and sends us elsewhere, which is not followed`;
  return said === '' ? `it answers ${status}` : `it answers ${status}: ${printable(said, secrets)}`;
}

function retryAfterMs(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(maxRetryAfterMs, seconds * 1000) : undefined;
}

function isTlsFault({ code = '' }: NodeJS.ErrnoException): boolean {
  return /CERT|SSL|TLS|SIGNATURE|ISSUER/.test(code);
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'its name is not known to DNS',
  ETIMEDOUT: 'it is not reached (timed out)',
  EHOSTUNREACH: 'there is no way to it (host unreachable)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock right?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not the configured CA',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by another CA than the configured one',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by another CA than the configured one',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by another CA than the configured one',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name than the one it is called by',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate, and none is configured',
};

function wordsOf(error: NodeJS.ErrnoException, secrets: readonly string[]): string {
  return words[error.code ?? ''] ?? printable(error.message, secrets);
}
