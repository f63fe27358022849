// An API server for tests: real list and watch over HTTP or TLS, as kube-apiserver does them: versions that count up, pages
// with continue tokens, bookmarks, 410 for what is forgotten, 404 for resources that are not there; and every way of
// going wrong that a test asks for. It keeps objects as they are given.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export type Json = Record<string, unknown>;

export interface ApiServerOptions {
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /** Answers 401 to anything else, where it is set. */
  readonly token?: string;
  readonly port?: number;
}

interface Entry {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly path: string;
  readonly object: Json;
}

interface Watcher {
  readonly path: string;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

/** What a test wants to happen to requests whose path matches; the first that applies is used. */
export interface Fault {
  readonly path: RegExp;
  readonly verb?: 'list' | 'watch';
  readonly when?: (query: URLSearchParams) => boolean;
  /** How often. Default: always. */
  times?: number;
  /** Answers in the server's place; the response is the test's to end, or to leave open. */
  act(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const paths = [
  '/api/v1/pods',
  '/api/v1/services',
  '/api/v1/nodes',
  '/api/v1/namespaces',
  '/apis/discovery.k8s.io/v1/endpointslices',
  '/apis/apps/v1/replicasets',
  '/apis/batch/v1/jobs',
  '/apis/networking.k8s.io/v1/networkpolicies',
];
const kinds: Readonly<Record<string, string>> = {
  pods: 'Pod',
  services: 'Service',
  nodes: 'Node',
  namespaces: 'Namespace',
  endpointslices: 'EndpointSlice',
  replicasets: 'ReplicaSet',
  jobs: 'Job',
  networkpolicies: 'NetworkPolicy',
  ciliumnetworkpolicies: 'CiliumNetworkPolicy',
  ciliumclusterwidenetworkpolicies: 'CiliumClusterwideNetworkPolicy',
  ciliumidentities: 'CiliumIdentity',
};

export class ApiServer {
  readonly requests: SeenRequest[] = [];
  readonly faults: Fault[] = [];
  /** Answers to SelfSubjectAccessReview by "verb resource". Default: allowed. */
  readonly denied = new Set<string>();
  url = '';
  readonly #options: ApiServerOptions;
  /** Objects by path, then by namespace and name, in the order of the keys. */
  #stores = new Map<string, Map<string, Json>>(paths.map((path) => [path, new Map()]));
  #log: Entry[] = [];
  #watchers = new Set<Watcher>();
  #version = 100;
  /** Versions before are forgotten: watches from there get 410. */
  #compacted = 0;
  #snapshots = new Map<string, { readonly items: readonly Json[]; readonly version: number; readonly at: number }>();
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(options: ApiServerOptions = {}) {
    this.#options = options;
  }

  get version(): number {
    return this.#version;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  async start(): Promise<void> {
    const { tls, port = Number(new URL(this.url || 'http://x:0').port) } = this.#options;
    const onRequest = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.#server = server;
    this.url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Cuts all connections and listens no more; `start` brings it back at the same port. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#watchers.clear();
    this.cut();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  }

  /** Cuts all connections without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** As after a restore of etcd: versions count from elsewhere, nothing of before is remembered. */
  restartFrom(version: number): void {
    this.#version = version;
    this.#log = [];
    this.#compacted = 0;
    this.#snapshots.clear();
  }

  /** Forgets the versions up to now, and all lists that are being read. */
  compact(): void {
    this.#compacted = this.#version;
    this.#log = [];
    this.#snapshots.clear();
  }

  install(path: string): void {
    this.#stores.set(path, new Map());
  }

  uninstall(path: string): void {
    this.#stores.delete(path);
    for (const watcher of this.#watchers) if (watcher.path === path) watcher.response.end();
  }

  /** Adds or replaces. */
  put(path: string, object: Json): void {
    const store = this.#store(path);
    const key = keyOf(object);
    const type = store.has(key) ? 'MODIFIED' : 'ADDED';
    const stored = this.#stamp(object);
    store.set(key, stored);
    this.#publish({ version: this.#version, type, path, object: stored });
  }

  delete(path: string, namespace: string, name: string): void {
    const store = this.#store(path);
    const key = `${namespace}/${name}`;
    const known = store.get(key);
    if (known === undefined) throw new Error(`there is no ${key} in ${path}`);
    store.delete(key);
    const object = this.#stamp(known);
    this.#publish({ version: this.#version, type: 'DELETED', path, object });
  }

  /** Sends the present version to all watches that asked for bookmarks. */
  bookmark(): void {
    for (const watcher of this.#watchers) {
      if (watcher.query.get('allowWatchBookmarks') !== 'true') continue;
      const object = { kind: kindOf(watcher.path), metadata: { resourceVersion: String(this.#version) } };
      watcher.response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** Writes to all watches of a path as it is. */
  writeRaw(path: string, text: string): void {
    for (const watcher of this.#watchers) if (watcher.path === path) watcher.response.write(text);
  }

  /** Ends all watches cleanly, as at their timeoutSeconds. */
  endWatches(): void {
    for (const watcher of this.#watchers) watcher.response.end();
  }

  /** Requests of a verb to a path so far. */
  count(verb: 'list' | 'watch', path: string): number {
    return this.requests.filter((request) => request.path === path && verbOf(request.query) === verb).length;
  }

  #store(path: string): Map<string, Json> {
    const store = this.#stores.get(path);
    if (store === undefined) throw new Error(`${path} is not installed`);
    return store;
  }

  #stamp(object: Json): Json {
    this.#version += 1;
    const metadata = { ...(object.metadata as Json | undefined), resourceVersion: String(this.#version) };
    return { ...object, metadata };
  }

  #publish(entry: Entry): void {
    this.#log.push(entry);
    for (const watcher of this.#watchers) send(watcher, entry);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://server');
    let body = '';
    for await (const chunk of request) body += String(chunk);
    this.requests.push({ method: request.method ?? '', path, query, headers: request.headers, body });
    const { token } = this.#options;
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
      return status(response, 401, 'Unauthorized', 'Unauthorized');
    const fault = this.faults.find(
      ({ path: wanted, verb = verbOf(query), when = () => true, times }) =>
        wanted.test(path) && verb === verbOf(query) && when(query) && times !== 0,
    );
    if (fault !== undefined) {
      if (fault.times !== undefined) fault.times -= 1;
      fault.act(request, response, query);
      return;
    }
    if (path === '/version') return json(response, 200, { gitVersion: 'v1.37.0' });
    if (path === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') return this.#review(response, body);
    const served = [...this.#stores.keys()].filter((each) => each.slice(0, each.lastIndexOf('/')) === path);
    if (served.length > 0)
      return json(response, 200, { resources: served.map((each) => ({ name: each.slice(path.length + 1) })) });
    const store = this.#stores.get(path);
    if (store === undefined)
      return status(response, 404, 'NotFound', 'the server could not find the requested resource');
    if (verbOf(query) === 'watch') this.#watch(path, query, response);
    else this.#list(path, store, query, response);
  }

  #list(path: string, store: ReadonlyMap<string, Json>, query: URLSearchParams, response: ServerResponse): void {
    const limit = Number(query.get('limit') ?? 0);
    const token = query.get('continue');
    const kept = token === null ? undefined : this.#snapshots.get(token);
    if (token !== null && kept === undefined) {
      status(response, 410, 'Expired', 'The provided continue parameter is too old');
      return;
    }
    const selected = [...store.values()].filter((object) => isSelected(object, query.get('fieldSelector')));
    const { items, version, at } = kept ?? { items: selected, version: this.#version, at: 0 };
    const end = limit > 0 ? at + limit : items.length;
    const next = `page-${version}-${end}-${path}`;
    if (end < items.length) this.#snapshots.set(next, { items, version, at: end });
    json(response, 200, {
      kind: `${kindOf(path)}List`,
      apiVersion: 'v1',
      metadata: { resourceVersion: String(version), ...(end < items.length ? { continue: next } : {}) },
      // Items of a list do not tell their kind.
      items: items.slice(at, end).map(({ kind: _kind, apiVersion: _version, ...object }) => object),
    });
  }

  #watch(path: string, query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion') ?? 0);
    if (from > this.#version) {
      status(response, 504, 'Timeout', `Too large resource version: ${from}, current: ${this.#version}`);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    response.flushHeaders();
    const watcher = { path, response, query };
    if (from < this.#compacted) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: `too old resource version: ${from}` };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    for (const entry of this.#log) if (entry.version > from) send(watcher, entry);
    this.#watchers.add(watcher);
    const timer = setTimeout(() => response.end(), Number(query.get('timeoutSeconds') ?? 1800) * 1000).unref();
    response.on('close', () => {
      clearTimeout(timer);
      this.#watchers.delete(watcher);
    });
  }

  #review(response: ServerResponse, body: string): void {
    const { spec } = JSON.parse(body) as { spec: { resourceAttributes: { verb: string; resource: string } } };
    const { verb, resource } = spec.resourceAttributes;
    json(response, 201, {
      kind: 'SelfSubjectAccessReview',
      status: { allowed: !this.denied.has(`${verb} ${resource}`) },
    });
  }
}

/** Answers as RBAC does. */
export function forbid(path: RegExp, times?: number): Fault {
  return {
    path,
    ...(times === undefined ? {} : { times }),
    act: (_request, response) =>
      status(
        response,
        403,
        'Forbidden',
        'is forbidden: User "system:serviceaccount:parallax:relay" cannot list resource',
      ),
  };
}

export function status(response: ServerResponse, code: number, reason: string, message: string): void {
  json(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
}

export function json(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function send({ path, response, query }: Watcher, { type, path: of, object }: Entry): void {
  if (path === of && isSelected(object, query.get('fieldSelector')))
    response.write(`${JSON.stringify({ type, object: { ...object, kind: kindOf(path) } })}\n`);
}

function isSelected(object: Json, fieldSelector: string | null): boolean {
  const node = /^spec\.nodeName=(.*)$/.exec(fieldSelector ?? '')?.[1];
  return node === undefined || (object.spec as Json | undefined)?.nodeName === node;
}

function verbOf(query: URLSearchParams): 'list' | 'watch' {
  return query.has('watch') ? 'watch' : 'list';
}

function kindOf(path: string): string {
  return kinds[path.slice(path.lastIndexOf('/') + 1)] ?? 'Unknown';
}

function keyOf({ metadata }: Json): string {
  const { namespace = '', name = '' } = (metadata ?? {}) as { namespace?: string; name?: string };
  return `${namespace}/${name}`;
}
