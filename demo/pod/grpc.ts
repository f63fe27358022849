// gRPC of the demo: unary methods whose messages are one empty protobuf message, since nobody reads them.

import { setTimeout as pause } from 'node:timers/promises';
import {
  Client,
  connectivityState,
  credentials,
  Server as GrpcServer,
  Metadata,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Server } from '../topology.ts';
import { type Asking, answerTimeoutMs } from './asking.ts';
import type { Chance } from './chance.ts';
import type { EdgeCounts } from './counts.ts';
import { chooseOutcome } from './outcomes.ts';

const methods: readonly (readonly [service: string, method: string])[] = [
  ['shop.Recommender', 'ForCart'],
  ['payments.Fraud', 'Score'],
];

const pass = (bytes: Buffer) => bytes;

/** Serves every method of the demo on the server's port. */
export function startGrpcServer(server: Server, chance: Chance): Promise<void> {
  const grpc = new GrpcServer();
  for (const [service, method] of methods) {
    const path = `/${service}/${method}`;
    const codec = {
      requestSerialize: pass,
      requestDeserialize: pass,
      responseSerialize: pass,
      responseDeserialize: pass,
    };
    const definition: ServiceDefinition = { [method]: { path, requestStream: false, responseStream: false, ...codec } };
    const implementation: UntypedServiceImplementation = {
      [method]: async (_call: unknown, reply: (error: Partial<ServiceError> | null, value?: Buffer) => void) => {
        const { status, delayMs } = chooseOutcome(server.answers, path, chance);
        await pause(delayMs);
        if (status === 0) reply(null, Buffer.alloc(0));
        else reply({ code: status, details: 'the demo refuses now and then' });
      },
    };
    grpc.addService(definition, implementation);
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  grpc.bindAsync(`[::]:${server.port}`, ServerCredentials.createInsecure(), (error) =>
    error ? reject(error) : resolve(),
  );
  return promise;
}

/** Asks by method path; the status is `grpc N`. DEADLINE_EXCEEDED and a lost connection are no answers. */
export function grpcClient(host: string, port: number, counts: EdgeCounts): Asking {
  const target = host.includes(':') ? `ipv6:[${host}]:${port}` : `ipv4:${host}:${port}`;
  const client = new Client(target, credentials.createInsecure());
  const channel = client.getChannel();
  const watch = () => {
    const state = channel.getConnectivityState(false);
    if (state === connectivityState.READY) counts.connected();
    if (state === connectivityState.SHUTDOWN) return;
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, (error) => {
      if (!error) watch();
    });
  };
  watch();
  const ask = (path: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const deadline = Date.now() + answerTimeoutMs;
    client.makeUnaryRequest(path, pass, pass, Buffer.alloc(0), new Metadata(), { deadline }, (error) => {
      // Only what the peer itself answered carries its words.
      if (!error) resolve('grpc 0');
      else if (error.details.startsWith('the demo')) resolve(`grpc ${error.code}`);
      else reject(error);
    });
    return promise;
  };
  return { ask, close: () => client.close() };
}
