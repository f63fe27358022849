// Calls of a peer that are not GetFlows, over grpc-js: ServerStatus, GetNodes, GetNamespaces, Notify. One connection for
// one peer, kept by grpc-js, which connects again by itself. No HTTP/2 pings: Go servers end connections that ping too often.

import { createSecureContext } from 'node:tls';
import { ChannelCredentials, Client, type ClientReadableStream, Metadata, status } from '@grpc/grpc-js';
import {
  GetNamespacesRequest,
  type GetNamespacesResponse,
  GetNodesRequest,
  type GetNodesResponse,
  ObserverDefinition,
  ServerStatusRequest,
  type ServerStatusResponse,
} from '#proto/gen/observer/observer.ts';
import { type ChangeNotification, NotifyRequest, PeerDefinition } from '#proto/gen/peer/peer.ts';
import { GrpcError } from './grpc-error.ts';
import { type PeerTarget, secureContextOptions, type TlsClientOptions } from './peer-target.ts';
import { type GenericMethod, toMethodDefinition } from './service-definition.ts';

export interface CallOptions {
  /** Default 5 s for unary calls. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const UNARY_TIMEOUT_MS = 5000;

export class PeerClient {
  readonly #target: PeerTarget;
  readonly #client: Client;

  constructor(target: PeerTarget) {
    this.#target = target;
    const name = target.tls?.serverName;
    this.#client = new Client(target.address, makeCredentials(target.tls), {
      ...(name === undefined ? {} : { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name }),
      'grpc.max_reconnect_backoff_ms': 10_000,
    });
  }

  serverStatus(options: CallOptions = {}): Promise<ServerStatusResponse> {
    const { fullName, methods } = ObserverDefinition;
    return this.unary(fullName, methods.serverStatus, ServerStatusRequest.create(), options);
  }

  getNodes(options: CallOptions = {}): Promise<GetNodesResponse> {
    const { fullName, methods } = ObserverDefinition;
    return this.unary(fullName, methods.getNodes, GetNodesRequest.create(), options);
  }

  getNamespaces(options: CallOptions = {}): Promise<GetNamespacesResponse> {
    const { fullName, methods } = ObserverDefinition;
    return this.unary(fullName, methods.getNamespaces, GetNamespacesRequest.create(), options);
  }

  /** The peer's peers, until the signal or the peer ends it. @throws GrpcError */
  async *notify(signal?: AbortSignal): AsyncGenerator<ChangeNotification> {
    const { fullName, methods } = PeerDefinition;
    yield* this.serverStream(fullName, methods.notify, NotifyRequest.create(), signal);
  }

  /** Any unary method of a generated service. @throws GrpcError */
  unary<Q, R>(fullName: string, method: GenericMethod<Q, R>, request: Q, options: CallOptions = {}): Promise<R> {
    const { path, requestSerialize, responseDeserialize } = toMethodDefinition(fullName, method);
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const doing = `${method.name} of ${this.#target.address}`;
    const deadline = Date.now() + (options.timeoutMs ?? UNARY_TIMEOUT_MS);
    const call = this.#client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
      { deadline },
      (error, response) => {
        options.signal?.removeEventListener('abort', onAbort);
        if (error) reject(GrpcError.from(error, doing));
        else if (response === undefined) reject(new GrpcError(status.INTERNAL, `${doing}: no response`));
        else resolve(response);
      },
    );
    const onAbort = () => call.cancel();
    if (options.signal?.aborted) call.cancel();
    else options.signal?.addEventListener('abort', onAbort);
    return promise;
  }

  /** Any method of a generated service that answers with a stream. @throws GrpcError */
  async *serverStream<Q, R>(
    fullName: string,
    method: GenericMethod<Q, R>,
    request: Q,
    signal?: AbortSignal,
  ): AsyncGenerator<R> {
    const { path, requestSerialize, responseDeserialize } = toMethodDefinition(fullName, method);
    const call: ClientReadableStream<R> = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
    );
    const onAbort = () => call.cancel();
    if (signal?.aborted) call.cancel();
    else signal?.addEventListener('abort', onAbort);
    try {
      for await (const message of call) yield message as R;
    } catch (error) {
      throw GrpcError.from(error, `${method.name} of ${this.#target.address}`);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }
}

function makeCredentials(tls: TlsClientOptions | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  const context = createSecureContext(secureContextOptions(tls));
  return ChannelCredentials.createFromSecureContext(context, { rejectUnauthorized: tls.skipVerification !== true });
}
