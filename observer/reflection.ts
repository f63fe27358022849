// Server reflection (grpc.reflection.v1 and v1alpha), made ready when somebody asks: reading the descriptors takes 0.7 s of
// CPU and 25 MB, and most servers are never asked. The answers are those of @grpc/reflection.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { handleBidiStreamingCall, MethodDefinition, Server } from '@grpc/grpc-js';

const METHOD = 'ServerReflectionInfo';
const VERSIONS = ['v1', 'v1alpha'] as const;

type Messages = MethodDefinition<unknown, unknown>;

interface Ready {
  readonly method: Messages;
  readonly handle: handleBidiStreamingCall<unknown, unknown>;
}

/** Answers for all services of proto/descriptors.binpb. */
export function addReflection(server: Server): void {
  let ready: ReadonlyMap<string, Ready> | undefined;
  for (const version of VERSIONS) {
    const path = `/grpc.reflection.${version}.ServerReflection/${METHOD}`;
    const real = (): Ready => {
      ready ??= makeReady();
      const found = ready.get(path);
      if (found === undefined) throw new Error(`@grpc/reflection has no ${path}: it is another version than expected`);
      return found;
    };
    const method: Messages = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: (request) => real().method.requestSerialize(request),
      requestDeserialize: (bytes) => real().method.requestDeserialize(bytes),
      responseSerialize: (response) => real().method.responseSerialize(response),
      responseDeserialize: (bytes) => real().method.responseDeserialize(bytes),
    };
    const handle: Ready['handle'] = (call) => real().handle(call);
    server.addService({ [METHOD]: method }, { [METHOD]: handle });
  }
}

/** What @grpc/reflection would add to a server, by path. */
function makeReady(): ReadonlyMap<string, Ready> {
  const require = createRequire(import.meta.url);
  const { ReflectionService }: typeof import('@grpc/reflection') = require('@grpc/reflection');
  const { loadFileDescriptorSetFromBuffer }: typeof import('@grpc/proto-loader') = require('@grpc/proto-loader');
  const descriptors = readFileSync(new URL('../proto/descriptors.binpb', import.meta.url));
  const methods = new Map<string, Ready>();
  const collector: Pick<Server, 'addService'> = {
    addService(service, handlers) {
      const method = service[METHOD];
      const handle = handlers[METHOD];
      if (method !== undefined && handle !== undefined) methods.set(method.path, { method, handle } as Ready);
    },
  };
  new ReflectionService(loadFileDescriptorSetFromBuffer(descriptors)).addToServer(collector);
  return methods;
}
