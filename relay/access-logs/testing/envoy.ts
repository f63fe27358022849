// A proxy's side of the access log protocol for tests and benchmarks: messages are encoded by protobufjs from Envoy's own
// .proto files, so that nothing of the relay's decoder takes part in making what it decodes.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client, type ClientWritableStream, credentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

const require = createRequire(import.meta.url);
const deps = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps');
const roots = [
  ...['envoy-api', 'xds', 'protoc-gen-validate'].map((folder) => join(deps, folder)),
  dirname(require.resolve('protobufjs/package.json')),
];

/** The type StreamAccessLogsMessage as protobufjs knows it; fields in camel case. */
export function messageType(): protobuf.Type {
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) => {
    const folder = roots.find((one) => existsSync(join(one, target)));
    return folder === undefined ? protobuf.util.path.resolve(origin, target) : join(folder, target);
  };
  root.loadSync('envoy/service/accesslog/v3/als.proto');
  return root.lookupType('envoy.service.accesslog.v3.StreamAccessLogsMessage');
}

export interface EnvoyClient {
  readonly stream: ClientWritableStream<Uint8Array>;
  /** How the relay ended the stream. */
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
  close(): void;
}

/** A stream to the relay at `address`, over which the caller writes serialised messages. */
export function openStream(address: string): EnvoyClient {
  const client = new Client(address, credentials.createInsecure());
  const { promise, resolve } = Promise.withResolvers<{ code: number; details: string }>();
  const stream = client.makeClientStreamRequest(
    '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs',
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => bytes,
    (error) => resolve(error === null ? { code: 0, details: '' } : { code: error.code, details: error.details }),
  );
  stream.on('error', () => {});
  return { stream, ended: promise, close: () => client.close() };
}
