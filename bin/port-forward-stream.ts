// One connection to a pod through the Kubernetes API: a web socket of subprotocol v4.channel.k8s.io, where each message begins
// with a channel: 0 for the data of the first port, 1 for what went wrong with it. The first message of each channel is
// the port, as two bytes. (client-node's own PortForward reads on without asking whether anybody keeps up.)

import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ApiAccess } from '#kubernetes/api-access.ts';
import { ApiError, kindOfStatus, printable } from '#kubernetes/api-error.ts';
import type { PodTarget } from './port-forward-target.ts';

const dataChannel = 0;
const errorChannel = 1;
/** The most that waits to be sent before the local end is read no further. */
const maxBufferedBytes = 1024 * 1024;
const openWithinMs = 10_000;

/** @throws ApiError when the API does not open it, in the words of its Status */
export async function openForward(access: ApiAccess, pod: PodTarget): Promise<WebSocket> {
  const { headers, tls, agent } = await access.credentials();
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/portforward`;
  const base = access.server.pathname.replace(/\/$/, '');
  const url = new URL(`${base}${path}?ports=${pod.port}`, access.server);
  url.protocol = access.server.protocol === 'https:' ? 'wss:' : 'ws:';
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url, ['v4.channel.k8s.io'], {
      ...{ headers, ...tls, handshakeTimeout: openWithinMs, perMessageDeflate: false },
      ...(agent === undefined ? {} : { agent }),
    });
    webSocket.once('open', () => {
      webSocket.removeAllListeners('error');
      // Until somebody attaches; an error without a listener would end the process.
      webSocket.on('error', () => undefined);
      webSocket.pause();
      resolve(webSocket);
    });
    webSocket.once('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      let body = '';
      response.on('data', (chunk: Buffer) => {
        if (body.length < 65_536) body += chunk.toString('utf8');
      });
      response.once('close', () => {
        if (status === 401) access.forget();
        reject(new ApiError(kindOfStatus(status) ?? 'unreadable', `it answers ${status}: ${statusText(body)}`));
        webSocket.terminate();
      });
    });
    webSocket.once('error', (error) => reject(ApiError.from(error)));
  });
}

/**
 * Joins a local connection and a forward until one of them ends; neither is read faster than the other takes.
 * @returns what the pod's node says went wrong; undefined for an end without trouble
 */
export function joinForward(socket: Socket, webSocket: WebSocket): Promise<string | undefined> {
  const begun = new Set<number>();
  let trouble: string | undefined;
  webSocket.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0;
    const isPort = !begun.has(channel);
    begun.add(channel);
    const bytes = message.subarray(isPort ? 3 : 1);
    if (bytes.length === 0) return;
    if (channel === errorChannel) {
      trouble ??= printable(bytes.toString('utf8'));
      socket.destroy();
    } else if (!socket.write(bytes)) webSocket.pause();
  });
  socket.on('drain', () => webSocket.resume());
  socket.on('data', (bytes: Buffer) => {
    webSocket.send(Buffer.concat([Buffer.of(dataChannel), bytes]), () => {
      if (webSocket.bufferedAmount < maxBufferedBytes) socket.resume();
    });
    if (webSocket.bufferedAmount >= maxBufferedBytes) socket.pause();
  });
  socket.on('error', () => undefined);
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  socket.once('close', () => webSocket.close());
  webSocket.once('close', () => {
    socket.end();
    resolve(trouble);
  });
  // Ended while the forward was being opened: there is no close to wait for.
  if (socket.destroyed) webSocket.close();
  webSocket.resume();
  socket.resume();
  return promise;
}

function statusText(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return printable(message);
  } catch {
    // Not a Status: shown as it is.
  }
  return printable(body);
}
