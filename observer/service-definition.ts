// Generated service definitions (proto/gen, free of any gRPC runtime) in the form that grpc-js takes.

import type { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** What a generated message object offers. */
export interface MessageCodec<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
  decode(input: BinaryReader | Uint8Array, length?: number): T;
}

/** One method of a generated definition. */
export interface GenericMethod<Q, R> {
  readonly name: string;
  readonly requestType: MessageCodec<Q>;
  readonly requestStream: boolean;
  readonly responseType: MessageCodec<R>;
  readonly responseStream: boolean;
}

/** A generated definition, whatever its messages are. */
export interface GenericService {
  readonly fullName: string;
  readonly methods: { readonly [name: string]: GenericMethod<unknown, unknown> };
}

/** One method for grpc-js: the path, and how bytes become messages. */
export function toMethodDefinition<Q, R>(fullName: string, method: GenericMethod<Q, R>): MethodDefinition<Q, R> {
  return {
    path: `/${fullName}/${method.name}`,
    originalName: method.name,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: (message) => toBuffer(method.requestType.encode(message).finish()),
    requestDeserialize: (bytes) => method.requestType.decode(bytes),
    responseSerialize: (message) => toBuffer(method.responseType.encode(message).finish()),
    responseDeserialize: (bytes) => method.responseType.decode(bytes),
  };
}

/**
 * A whole service for grpc-js.
 * @param asBytes names of methods whose responses are handed over as serialised bytes
 */
export function toServiceDefinition(service: GenericService, asBytes: readonly string[] = []): ServiceDefinition {
  const definition: { [name: string]: MethodDefinition<unknown, unknown> } = {};
  for (const [name, method] of Object.entries(service.methods)) {
    const typed = toMethodDefinition(service.fullName, method);
    definition[name] = asBytes.includes(name) ? { ...typed, responseSerialize: passBytes } : typed;
  }
  return definition;
}

/** The same bytes as a Buffer, which grpc-js wants; no copy. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function passBytes(response: unknown): Buffer {
  if (!(response instanceof Uint8Array)) throw new TypeError('this method answers with serialised bytes');
  return toBuffer(response);
}
