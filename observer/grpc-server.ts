// The gRPC server of an observer: one @grpc/grpc-js server with one door, health and reflection. Services are registered by
// their own files; this one listens, says whether it is serving, and stops.

import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { type Authorise, admitAll, type Door, makeDoor } from './door.ts';
import type { GrpcMetrics } from './grpc-metrics.ts';
import { addReflection } from './reflection.ts';
import { type GenericService, toServiceDefinition } from './service-definition.ts';

export interface GrpcServerOptions {
  /** Such as ServerTls. Default: plaintext. */
  readonly credentials?: ServerCredentials;
  /** Asked for every call. Default: admit all. */
  readonly authorise?: Authorise;
  /** Services that health answers for besides "". Default: observer.Observer. */
  readonly healthServices?: readonly string[];
  /** Counts its calls. Default: they are not counted. */
  readonly metrics?: GrpcMetrics;
  /** Largest request accepted. Default 4 MiB, as gRPC's own (grpc.max_receive_message_length). */
  readonly maxRequestBytes?: number;
}

/** How long stop() waits for calls to end by themselves. */
const STOP_GRACE_MS = 500;

export class GrpcServer {
  readonly server: Server;
  readonly door: Door;
  readonly metrics: GrpcMetrics | undefined;
  readonly #credentials: ServerCredentials;
  readonly #health: HealthImplementation;
  readonly #healthServices: readonly string[];
  readonly #closers = new Set<() => void>();
  #healthServer: Server | undefined;

  constructor(options: GrpcServerOptions = {}) {
    this.door = makeDoor(options.authorise ?? admitAll);
    this.metrics = options.metrics;
    this.server = new Server({
      interceptors: [...(this.metrics === undefined ? [] : [this.metrics.interceptor]), this.door.interceptor],
      'grpc.max_receive_message_length': options.maxRequestBytes ?? 4 * 1024 * 1024,
      // A peer that is gone without a word is noticed within 40 s, and its streams ended.
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
      // Far above what a service serves at once, so that it is the service that refuses, in words: beyond this a client's
      // library waits in silence.
      'grpc.max_concurrent_streams': 4096,
    });
    this.#credentials = options.credentials ?? ServerCredentials.createInsecure();
    this.#healthServices = ['', ...(options.healthServices ?? ['observer.Observer'])];
    this.#health = new HealthImplementation();
    this.#health.addToServer(this.server);
    this.setServing(false);
    addReflection(this.server);
  }

  /**
   * Registers a generated service. Handlers are those of grpc-js, by method name.
   * @param asBytes methods whose handlers write serialised responses
   */
  addService(service: GenericService, handlers: UntypedServiceImplementation, asBytes: readonly string[] = []): void {
    this.server.addService(toServiceDefinition(service, asBytes), handlers);
  }

  /** What health checks answer from now on: SERVING or NOT_SERVING. */
  setServing(isServing: boolean): void {
    for (const service of this.#healthServices) this.#health.setStatus(service, isServing ? 'SERVING' : 'NOT_SERVING');
  }

  /** Calls `close` when the server stops, for streams that would not end by themselves. */
  onStop(close: () => void): void {
    this.#closers.add(close);
  }

  offStop(close: () => void): void {
    this.#closers.delete(close);
  }

  /**
   * @param address "host:port" (port 0 for any free one) or "unix:/path"
   * @returns the port bound; 0 for a unix socket
   */
  async listen(address: string): Promise<number> {
    return bind(this.server, address, this.#credentials);
  }

  /**
   * Answers health checks there too, and nothing else, in plaintext: for probes that have no certificate.
   * @returns the port bound
   */
  async listenForHealth(address: string): Promise<number> {
    this.#healthServer = new Server({ 'grpc.keepalive_time_ms': 30_000, 'grpc.max_concurrent_streams': 64 });
    this.#health.addToServer(this.#healthServer);
    return bind(this.#healthServer, address, ServerCredentials.createInsecure());
  }

  /** Says NOT_SERVING, ends streams, and closes; calls still running after half a second are cut. */
  async stop(): Promise<void> {
    this.setServing(false);
    this.#healthServer?.forceShutdown();
    for (const close of [...this.#closers]) close();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cut = setTimeout(() => {
      this.server.forceShutdown();
      resolve();
    }, STOP_GRACE_MS);
    this.server.tryShutdown(() => resolve());
    await promise;
    clearTimeout(cut);
  }
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(address, credentials, (error, port) => {
    if (error) reject(new Error(`cannot listen on ${address}: ${error.message}`, { cause: error }));
    else resolve(port);
  });
  return promise;
}
