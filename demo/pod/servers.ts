// The servers of a Node pod: HTTP/1.1, HTTP/2 cleartext, HTTPS and gRPC. They look at the path, wait as the plan says
// and answer; there is nothing behind them.
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import type { Server } from '../topology.ts';
import type { Chance } from './chance.ts';
import { forwarder } from './forward.ts';
import type { PodConfiguration } from './messages.ts';
import { chooseOutcome } from './outcomes.ts';

/** Called for each request with the client's address and the answer's status, when the answer is sent. */
export type OnServed = (sourceIp: string, server: Server, status: number) => void;

type DemoRequest = IncomingMessage | Http2ServerRequest;
type DemoResponse = ServerResponse | Http2ServerResponse;

interface Listener {
  once(event: 'error', listener: (error: Error) => void): unknown;
  listen(port: number, host: string, listener: () => void): unknown;
}

/** Resolves when the port is open, on all addresses of the pod. */
export async function startServer(
  server: Server,
  configuration: PodConfiguration,
  chance: Chance,
  onServed: OnServed,
): Promise<void> {
  const { protocol } = server;
  if (protocol === 'grpc') return (await import('./grpc.ts')).startGrpcServer(server, chance);
  // Clients keep idle connections for long; a shorter server would close under a request just sent.
  const keepAlive = { keepAliveTimeout: 90_000 };
  const { certFile, keyFile } = configuration.certificate;
  const respondHere = (request: DemoRequest, response: DemoResponse) =>
    void respond(server, request, response, chance, onServed);
  const respondHttp1 = server.forwardTo ? forwarder(server.forwardTo, configuration) : respondHere;
  const listeners: Record<typeof protocol, () => Listener> = {
    http1: () => createHttp(keepAlive, respondHttp1),
    https: () => createHttps({ ...keepAlive, cert: readFileSync(certFile), key: readFileSync(keyFile) }, respondHttp1),
    http2: () => createHttp2(respondHere),
  };
  const listener = listeners[protocol]();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  listener.once('error', reject);
  listener.listen(server.port, '::', resolve);
  return promise;
}

async function respond(
  server: Server,
  request: DemoRequest,
  response: DemoResponse,
  chance: Chance,
  onServed: OnServed,
): Promise<void> {
  request.resume();
  const { status, delayMs } = chooseOutcome(server.answers, request.url ?? '/', chance);
  await pause(delayMs);
  const body = JSON.stringify({ path: request.url, status });
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
  onServed((request.socket?.remoteAddress ?? '').replace(/^::ffff:/, ''), server, status);
}
