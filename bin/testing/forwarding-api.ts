// An API server for tests of port forwards: services and pods by label, and pods/portforward over web sockets as kubelet
// serves it (v4.channel.k8s.io), each to a real TCP port of this machine.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';

export interface ForwardingPod {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the container. */
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  ready: boolean;
  /** Where its port really is; undefined: nothing listens in the pod. */
  backend: number | undefined;
}

export interface ForwardingService {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string | number }[];
}

export interface ForwardingApiOptions {
  readonly token?: string;
  readonly tls?: TlsOptions;
}

export class ForwardingApi {
  readonly services: ForwardingService[] = [];
  /** All in the namespace of the service. */
  readonly pods: ForwardingPod[] = [];
  /** Requests answered 403: matched against "verb resource". */
  readonly forbidden: string[] = [];
  /** Forwards opened so far, by pod. */
  readonly forwards: string[] = [];
  url = '';
  readonly #token: string | undefined;
  readonly #asksCertificate: boolean;
  readonly #server: Server;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered].find((each) => each === 'v4.channel.k8s.io') ?? false,
  });
  readonly #open = new Map<string, Set<Socket>>();

  constructor({ token, tls }: ForwardingApiOptions = {}) {
    this.#token = token;
    this.#asksCertificate = tls?.requestCert === true;
    const onRequest = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
    this.#server.on('upgrade', (request, socket: Socket, head: Buffer) => this.#upgrade(request, socket, head));
  }

  async start(context: TestContext): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const scheme = 'setSecureContext' in this.#server ? 'https' : 'http';
    this.url = `${scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    context.after(() => {
      for (const name of this.#open.keys()) this.kill(name);
      this.#server.closeAllConnections();
      this.#server.close();
      for (const client of this.#webSockets.clients) client.terminate();
    });
    return this;
  }

  /** Ends a pod: its forwards are cut, and it is listed no more. */
  kill(name: string): void {
    for (const socket of this.#open.get(name) ?? []) socket.destroy();
    this.#open.delete(name);
    const index = this.pods.findIndex((pod) => pod.name === name);
    if (index >= 0) this.pods.splice(index, 1);
  }

  /** @returns status and message of a refusal; undefined for what is allowed */
  #refusal(request: IncomingMessage, verb: string): readonly [number, string] | undefined {
    const isToken = this.#token === undefined || request.headers.authorization === `Bearer ${this.#token}`;
    // Certificates are judged after the handshake, as kube-apiserver does.
    const isCertificate = !this.#asksCertificate || (request.socket as TLSSocket).authorized;
    if (!isToken || !isCertificate) return [401, 'Unauthorized'];
    const isForbidden = this.forbidden.includes(verb);
    return isForbidden ? [403, `User "jane" cannot ${verb}`] : undefined;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server');
    const [, namespace, kind] = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/(services|pods)$/.exec(pathname) ?? [];
    const refusal = this.#refusal(request, `list ${kind}${namespace === undefined ? ' everywhere' : ''}`);
    if (refusal !== undefined) return void send(response, ...refusal);
    const selector = searchParams.get('labelSelector') ?? '';
    const items =
      kind === 'services'
        ? this.services
            .filter(
              (service) =>
                (namespace === undefined || service.namespace === namespace) && matches(service.labels, selector),
            )
            .map(({ namespace: of, name, labels, ...spec }) => ({ metadata: { namespace: of, name, labels }, spec }))
        : this.pods.filter(({ labels }) => matches(labels, selector)).map(podJson);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'List', items }));
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server');
    const name = /\/pods\/([^/]+)\/portforward$/.exec(pathname)?.[1] ?? '';
    const pod = this.pods.find((each) => each.name === name);
    const refusal =
      this.#refusal(request, 'create pods/portforward') ??
      (pod === undefined ? ([404, `pods "${name}" not found`] as const) : undefined);
    if (refusal !== undefined || pod === undefined) {
      const [code, message] = refusal ?? [404, ''];
      const body = JSON.stringify({ kind: 'Status', status: 'Failure', code, message });
      socket.end(
        `HTTP/1.1 ${code} No\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      );
      return;
    }
    const port = Number(searchParams.get('ports'));
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.forwards.push(name);
      this.#forward(webSocket, pod, port);
    });
  }

  #forward(webSocket: WebSocket, pod: ForwardingPod, port: number): void {
    const portBytes = Buffer.alloc(2);
    portBytes.writeUInt16LE(port);
    for (const channel of [0, 1]) webSocket.send(Buffer.concat([Buffer.of(channel), portBytes]));
    const listens = pod.ports.some(({ containerPort }) => containerPort === port) ? pod.backend : undefined;
    if (listens === undefined) {
      webSocket.send(
        Buffer.concat([Buffer.of(1), Buffer.from(`error forwarding port ${port} to pod: connection refused`)]),
      );
      webSocket.close();
      return;
    }
    const backend = connect(listens, '127.0.0.1');
    const open = this.#open.get(pod.name) ?? new Set();
    this.#open.set(pod.name, open.add(backend));
    backend.on('data', (bytes) => {
      backend.pause();
      webSocket.send(Buffer.concat([Buffer.of(0), bytes]), () => backend.resume());
    });
    backend.on('error', () => undefined);
    backend.on('close', () => {
      open.delete(backend);
      webSocket.close();
    });
    webSocket.on('message', (message: Buffer) => {
      if (message[0] === 0) backend.write(message.subarray(1));
    });
    webSocket.on('close', () => backend.destroy());
  }
}

function podJson({ name, labels, ports, ready }: ForwardingPod): object {
  return {
    metadata: { name, labels },
    spec: { containers: [{ name: 'main', ports }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

function matches(labels: Readonly<Record<string, string>>, selector: string): boolean {
  return selector.split(',').every((part) => labels[part.split('=')[0] ?? ''] === part.split('=')[1]);
}

function send(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message }));
}
