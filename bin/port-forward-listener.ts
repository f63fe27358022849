// A local port that leads to whichever pod of a service is ready: each connection is a forward of its own, so that a pod's
// restart costs what was open and nothing else. What happens to the pod is said once each time it changes.

import { X509Certificate } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { ApiAccess } from '#kubernetes/api-access.ts';
import { ApiClient } from '#kubernetes/api-client.ts';
import { ApiError } from '#kubernetes/api-error.ts';
import { joinForward, openForward } from './port-forward-stream.ts';
import { type ForwardedService, findReadyPod, findService, type PodTarget } from './port-forward-target.ts';

export interface PortForwardOptions {
  readonly access: ApiAccess;
  readonly what: ForwardedService;
  readonly namespace?: string;
  /** Of this machine, on 127.0.0.1; 0 takes any that is free. */
  readonly port: number;
  /** Told in words what changes. */
  say(line: string): void;
  /** Between two looks for a pod. Default 1000. */
  readonly retryMs?: number;
  /** How long a connection waits for a pod before it is closed. Default 30,000. */
  readonly patienceMs?: number;
}

export interface PortForward {
  readonly port: number;
  /** Where it leads, for people: namespace/pod. */
  readonly podText: string;
  stop(): Promise<void>;
}

/** @throws Error in words when there is no such service, no pod is ready in time, or the port is taken */
export async function startPortForward(options: PortForwardOptions): Promise<PortForward> {
  const forwarder = new Forwarder(options);
  try {
    const podText = await forwarder.start();
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => void forwarder.serve(socket));
    const port = await listen(server, options.port);
    return {
      port,
      podText,
      stop: async () => {
        forwarder.stop();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      },
    };
  } catch (error) {
    forwarder.stop();
    if (!(error instanceof ApiError)) throw error;
    const words = (await expiredCertificate(error, options.access)) ?? wordsOf(error);
    throw new Error(`the Kubernetes API at ${options.access.text}: ${words}.`, { cause: error });
  }
}

/** A server that refuses a certificate does not say why; the usual reason can be told here. */
async function expiredCertificate(error: ApiError, access: ApiAccess): Promise<string | undefined> {
  if (error.kind !== 'unauthorized') return undefined;
  try {
    const { cert } = (await access.credentials()).tls;
    if (typeof cert !== 'string' && !Buffer.isBuffer(cert)) return undefined;
    const { validToDate } = new X509Certificate(cert);
    if (validToDate.getTime() > Date.now()) return undefined;
    return `your client certificate has expired (${validToDate.toISOString()}); log in again`;
  } catch {
    // No credentials to look at: what the server says stands.
    return undefined;
  }
}

class Forwarder {
  readonly #options: PortForwardOptions;
  readonly #client: ApiClient;
  readonly #stopping = new AbortController();
  readonly #sockets = new Set<Socket>();
  #pod: PodTarget | undefined;
  #said = '';

  constructor(options: PortForwardOptions) {
    this.#options = options;
    this.#client = new ApiClient(options.access, { component: 'port-forward' });
  }

  async start(): Promise<string> {
    const { access, what, namespace } = this.#options;
    // What is wrong with the way there is not going to pass by itself: told at once, and only a pod is waited for.
    await findService(this.#client, what, namespace, this.#stopping.signal);
    const webSocket = await this.#open();
    webSocket.terminate();
    const text = `${this.#pod?.namespace}/${this.#pod?.name}`;
    this.#said = `connected to ${text} (${access.text})`;
    return text;
  }

  stop(): void {
    this.#stopping.abort();
    for (const socket of this.#sockets) socket.destroy();
    this.#client.close();
  }

  async serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    try {
      const trouble = await joinForward(socket, await this.#open());
      if (trouble === undefined) return;
      this.#pod = undefined;
      this.#say(`the connection ended: ${trouble}`);
    } catch (error) {
      socket.destroy();
      if (!this.#stopping.signal.aborted) this.#say(error instanceof Error ? error.message : String(error));
    }
  }

  /** @throws Error in words when no pod takes it in time, or it is not allowed */
  async #open(): Promise<WebSocket> {
    const { access, retryMs = 1000, patienceMs = 30_000 } = this.#options;
    const { signal } = this.#stopping;
    const giveUpAt = Date.now() + patienceMs;
    for (;;) {
      signal.throwIfAborted();
      let why: string;
      try {
        this.#pod ??= await this.#findPod();
        const webSocket = await openForward(access, this.#pod);
        const connected = `connected to ${this.#pod.namespace}/${this.#pod.name}`;
        if (this.#said !== '' && !this.#said.startsWith(connected)) this.#say(connected);
        return webSocket;
      } catch (error) {
        this.#pod = undefined;
        if (error instanceof ApiError && !mayPass.has(error.kind)) throw error;
        why = error instanceof ApiError ? `the Kubernetes API: ${wordsOf(error)}` : (error as Error).message;
      }
      if (Date.now() >= giveUpAt) throw new Error(`${why}; given up after ${patienceMs / 1000} s.`);
      this.#say(`${why}; waiting.`);
      await pause(retryMs, undefined, { signal });
    }
  }

  async #findPod(): Promise<PodTarget> {
    const { what, namespace } = this.#options;
    const service = await findService(this.#client, what, namespace, this.#stopping.signal);
    const pod = await findReadyPod(this.#client, service, this.#stopping.signal);
    if (typeof pod === 'string') throw new Error(pod);
    return pod;
  }

  #say(text: string): void {
    if (text === this.#said) return;
    this.#said = text;
    this.#options.say(text);
  }
}

/** A pod that is just being replaced is absent; a server that restarts is not reached. */
const mayPass: ReadonlySet<ApiError['kind']> = new Set([
  'unreachable',
  'stalled',
  'absent',
  'unavailable',
  'unreadable',
]);

function wordsOf(error: ApiError): string {
  if (error.kind === 'unauthorized') return `${error.message}; your credentials are not accepted: log in again`;
  if (error.kind === 'forbidden')
    return `${error.message}; this needs list on pods and services, and create on pods/portforward`;
  return error.message;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
