// The clients of a Node pod, one a protocol, behind one question: ask, and hear the status of the answer.
import { readFileSync } from 'node:fs';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { serviceName } from '../plan.ts';
import type { Edge, Protocol } from '../topology.ts';
import { type Asking, answerTimeoutMs } from './asking.ts';
import type { EdgeCounts } from './counts.ts';
import type { PodConfiguration } from './messages.ts';

/** A client of `edge` at an address. Connections are made when first asked, and counted. */
export async function connectEdge(
  edge: Edge,
  host: string,
  configuration: PodConfiguration,
  counts: EdgeCounts,
): Promise<Asking> {
  switch (edge.protocol) {
    case 'http1':
    case 'https':
      return httpClient(edge, host, configuration, counts);
    case 'http2':
      return http2Client(edge, host, counts);
    case 'grpc':
      return (await import('./grpc.ts')).grpcClient(host, edge.port, counts);
    case 'redis':
      return (await import('./redis.ts')).redisClient(host, edge.port, counts);
    case 'postgres':
      return (await import('./postgres.ts')).postgresClient(host, edge.port, counts);
    case 'dns':
      return (await import('./dns.ts')).dnsClient(host);
  }
}

/** Loads what `connectEdge` will need. */
export async function loadClient(protocol: Protocol): Promise<void> {
  if (protocol === 'grpc') await import('./grpc.ts');
  if (protocol === 'redis') await import('./redis.ts');
  if (protocol === 'postgres') await import('./postgres.ts');
  if (protocol === 'dns') await import('./dns.ts');
}

function httpClient(edge: Edge, host: string, configuration: PodConfiguration, counts: EdgeCounts): Asking {
  const keepAlive = edge.connection === 'keep-alive';
  const agentOptions = { keepAlive, maxSockets: 8 };
  const name = serviceName(edge.to);
  const isTls = edge.protocol === 'https';
  // Full handshakes, so that every connection shows its server name and certificate.
  const tls = isTls
    ? { servername: name, ca: readFileSync(configuration.certificate.certFile), maxCachedSessions: 0 }
    : {};
  const agent = isTls ? new HttpsAgent({ ...agentOptions, ...tls }) : new HttpAgent(agentOptions);
  const send: typeof httpRequest = isTls ? httpsRequest : httpRequest;
  const ask = (what: string) => {
    const [method = 'GET', path = '/'] = what.split(' ');
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const headers = { host: name, 'user-agent': `${edge.from} demo` };
    return answerOf(send({ host, port: edge.port, method, path, headers, agent, signal, ...tls }), method, counts);
  };
  return { ask, close: () => agent.destroy() };
}

function answerOf(request: ClientRequest, method: string, counts: EdgeCounts): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request.on('error', reject);
  request.on('socket', (socket) => {
    if (request.reusedSocket) return;
    if (socket.connecting) socket.once('connect', () => counts.connected());
    else counts.connected();
  });
  request.on('response', (response: IncomingMessage) => {
    response.resume();
    response.on('error', reject);
    response.on('end', () => resolve(String(response.statusCode)));
  });
  request.end(method === 'GET' ? undefined : '{"items":[{"sku":7,"count":1}]}');
  return promise;
}

function http2Client(edge: Edge, host: string, counts: EdgeCounts): Asking {
  let session: ClientHttp2Session | null = null;
  const open = (): ClientHttp2Session => {
    if (session && !session.closed && !session.destroyed) return session;
    const fresh = connectHttp2(`http://${host.includes(':') ? `[${host}]` : host}:${edge.port}`);
    fresh.once('connect', () => counts.connected());
    // Each stream reports its own failure; the session's is theirs repeated.
    fresh.on('error', () => fresh.destroy());
    session = fresh;
    return fresh;
  };
  const ask = (what: string) => {
    const [method = 'GET', path = '/'] = what.split(' ');
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const stream = open().request(
      { ':method': method, ':path': path, ':authority': serviceName(edge.to) },
      { signal: AbortSignal.timeout(answerTimeoutMs) },
    );
    let status = '';
    stream.on('response', (headers) => {
      status = String(headers[':status']);
    });
    stream.on('error', reject);
    stream.on('close', () =>
      status === '' ? reject(new Error('the stream closed without an answer')) : resolve(status),
    );
    stream.resume();
    stream.end(method === 'GET' ? undefined : '{"amount":1299}');
    return promise;
  };
  return { ask, close: () => session?.close() };
}
