import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiAccess, Credentials } from '#kubernetes/api-access.ts';
import { CertificateAuthority } from '#kubernetes/testing/certificates.ts';
import { startRelay } from '#relay/relay.ts';
import { type PortForward, startPortForward } from './port-forward-listener.ts';
import type { ForwardedService } from './port-forward-target.ts';
import { ForwardingApi, type ForwardingApiOptions, type ForwardingPod } from './testing/forwarding-api.ts';

describe('a port forward', () => {
  it('brings the page of a cluster here, whichever namespace it is in', async (context) => {
    const { api, addPod } = await cluster(context);
    addPod('ui-1', await echo(context, 'one'));
    const { forward } = await start(context, api);
    assert.equal(forward.podText, 'tools/ui-1');
    assert.equal(await askOnce(forward.port, 'hello'), 'one: hello');
  });

  it('carries much data both ways without loss, to a reader that is slow', async (context) => {
    const { api, addPod } = await cluster(context);
    addPod('ui-1', await echo(context));
    const { forward } = await start(context, api);
    const sent = randomBytes(8 * 1024 * 1024);
    const socket = connect(forward.port, '127.0.0.1');
    socket.pause();
    socket.write(sent);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of socket) {
      hash.update(chunk);
      bytes += (chunk as Buffer).length;
      if (bytes >= sent.length) break;
      if (bytes % 7 === 0) await pause(1);
    }
    assert.equal(hash.digest('hex'), createHash('sha256').update(sent).digest('hex'));
  });

  it('gives each connection a forward of its own', async (context) => {
    const { api, addPod } = await cluster(context);
    addPod('ui-1', await echo(context, 'one'));
    const { forward } = await start(context, api);
    const before = api.forwards.length;
    await Promise.all([askOnce(forward.port, 'a'), askOnce(forward.port, 'b'), askOnce(forward.port, 'c')]);
    assert.equal(api.forwards.length - before, 3);
  });

  it('finds the next pod when one ends, waits for it, and says both', async (context) => {
    const { api, addPod } = await cluster(context);
    addPod('ui-1', await echo(context, 'one'));
    const { forward, said } = await start(context, api);
    assert.equal(await askOnce(forward.port, 'x'), 'one: x');
    api.kill('ui-1');
    const answer = askOnce(forward.port, 'y');
    await until('it waits', () =>
      said.some((line) => /no pod of tools\/ui is ready \(there is none\); waiting/.test(line)),
    );
    const next = addPod('ui-2', await echo(context, 'two'));
    next.ready = false;
    await until('it says why', () => said.some((line) => /ui-2 is not ready/.test(line)));
    next.ready = true;
    assert.equal(await answer, 'two: y');
    assert.equal(said.at(-1), 'connected to tools/ui-2');
  });

  it('ends the connection of a pod that ends, and the next one goes elsewhere', async (context) => {
    const { api, addPod } = await cluster(context);
    addPod('ui-1', await echo(context, 'one'));
    const { forward } = await start(context, api);
    const socket = connect(forward.port, '127.0.0.1');
    socket.write('x');
    await new Promise((resolve) => socket.once('data', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    addPod('ui-2', await echo(context, 'two'));
    api.kill('ui-1');
    await closed;
    assert.equal(await askOnce(forward.port, 'y'), 'two: y');
  });

  it('says what the node says when nothing listens in the pod', async (context) => {
    const { api, addPod } = await cluster(context);
    const pod = addPod('ui-1', await echo(context));
    const { forward, said } = await start(context, api);
    pod.backend = undefined;
    assert.equal(await askOnce(forward.port, 'x'), '');
    await until('it is said', () => said.some((line) => /the connection ended: .*connection refused/.test(line)));
  });

  it('gives a connection up when no pod comes', async (context) => {
    const { api, addPod } = await cluster(context);
    addPod('ui-1', await echo(context));
    const { forward, said } = await start(context, api, { patienceMs: 20 });
    api.kill('ui-1');
    assert.equal(await askOnce(forward.port, 'x'), '');
    assert.match(said.at(-1) ?? '', /given up after/);
  });

  it("prefers Parallax's relay and takes Hubble's where there is none", async (context) => {
    const { api, addPod } = await cluster(context);
    const ours = api.services.pop();
    api.services.push(service('kube-system', 'hubble-relay', { 'k8s-app': 'hubble-relay' }));
    addPod('hubble-relay-1', await echo(context, 'hubble'));
    const first = await start(context, api, { what: 'relay' });
    assert.equal(first.forward.podText, 'kube-system/hubble-relay-1');
    assert.ok(ours);
  });
});

describe('a port forward that cannot be', () => {
  const refusals: readonly [string, RegExp, (api: ForwardingApi) => void, string?][] = [
    [
      'a user who may not list',
      /User "jane" cannot list services; this needs list on pods/,
      (api) => api.forbidden.push('list services'),
      'tools',
    ],
    [
      'a user who may list in a namespace alone',
      /name one with --namespace/,
      (api) => api.forbidden.push('list services everywhere'),
    ],
    [
      'a user who may not forward',
      /cannot create pods\/portforward; this needs .* create on pods\/portforward/,
      (api) => api.forbidden.push('create pods/portforward'),
    ],
    [
      'a cluster without Parallax',
      /no service of a page in any namespace: is Parallax installed/,
      (api) => api.services.splice(0),
    ],
    [
      'two installations',
      /2 services of a page: tools\/ui, other\/ui; choose with --namespace/,
      (api) => api.services.push(service('other', 'ui', pageLabels)),
    ],
  ];
  for (const [title, words, spoil, namespace] of refusals) {
    it(`says so in words: ${title}`, async (context) => {
      const { api, addPod } = await cluster(context);
      addPod('ui-1', await echo(context));
      spoil(api);
      await assert.rejects(start(context, api, namespace === undefined ? {} : { namespace }), (error: Error) => {
        assert.match(error.message, words);
        return true;
      });
    });
  }

  it('says so in words: credentials that are not accepted, which are not repeated', async (context) => {
    const { api, addPod } = await cluster(context, { token: 'right' });
    addPod('ui-1', await echo(context));
    await assert.rejects(start(context, api, { token: 'wrong-secret' }), (error: Error) => {
      assert.match(error.message, /credentials are not accepted: log in again/);
      assert.doesNotMatch(error.message, /wrong-secret/);
      return true;
    });
  });

  it('says so in words: an expired certificate of the server', async (context) => {
    const ca = authority(context);
    const { api } = await cluster(context, { tls: ca.sign('IP:127.0.0.1', { isExpired: true }) });
    await assert.rejects(start(context, api, { tls: { ca: ca.cert } }), /its certificate has expired/);
  });

  it("says so in words: an expired certificate of the user's", async (context) => {
    const ca = authority(context);
    const demand = { requestCert: true, rejectUnauthorized: false, ca: ca.cert };
    const { api } = await cluster(context, { tls: { ...ca.sign('IP:127.0.0.1'), ...demand } });
    const tls = { ca: ca.cert, ...ca.sign('DNS:jane', { isExpired: true }) };
    await assert.rejects(
      start(context, api, { tls }),
      /your client certificate has expired \(2020-01-02.*log in again/,
    );
  });

  it('says so in words: a server that is not there', async (context) => {
    const { api } = await cluster(context);
    api.url = 'http://127.0.0.1:1';
    await assert.rejects(start(context, api), /nothing listens there/);
  });
});

describe('`parallax port-forward` and `parallax observe -P`', () => {
  it('start by a kubeconfig, say where the page is, and end cleanly on SIGTERM', async (context) => {
    const { api, addPod } = await cluster(context, { token: 'right' });
    addPod('ui-1', await echo(context, 'one'));
    const kubeconfig = writeKubeconfig(context, api.url, 'right');
    const child = parallax(context, ['port-forward', '--no-open', '--kubeconfig', kubeconfig, '--port', '23611']);
    await until('it is ready', () => /http:\/\/127\.0\.0\.1:23611 leads to tools\/ui-1/.test(child.output.join('')));
    assert.equal(await askOnce(23_611, 'x'), 'one: x');
    child.process.kill('SIGTERM');
    assert.equal(await child.exitCode, 0);
  });

  it('name the contexts there are when one is asked for that is not', async (context) => {
    const { api } = await cluster(context);
    const kubeconfig = writeKubeconfig(context, api.url, 'right');
    const child = parallax(context, ['port-forward', '--no-open', '--kubeconfig', kubeconfig, '--context', 'prod']);
    assert.equal(await child.exitCode, 1);
    assert.match(child.output.join(''), /no context "prod" with a cluster; it has kind/);
  });

  it('read flows from a relay in the cluster', async (context) => {
    const relay = await startRelay({ listen: '127.0.0.1:0', peers: ['127.0.0.1:1'] });
    context.after(() => relay.stop());
    const { api, addPod } = await cluster(context, { token: 'right' });
    api.services.push(service('tools', 'relay', { ...pageLabels, 'app.kubernetes.io/component': 'relay' }));
    addPod('relay-1', Number(relay.address.split(':').at(-1)));
    const kubeconfig = writeKubeconfig(context, api.url, 'right');
    const child = parallax(context, ['observe', '-P', '--kubeconfig', kubeconfig, '--kube-namespace', 'tools']);
    assert.equal(await child.exitCode, 0, child.output.join(''));
    assert.ok(api.forwards.includes('relay-1'));
  });
});

const pageLabels = { 'app.kubernetes.io/part-of': 'parallax', 'app.kubernetes.io/component': 'ui' };

function service(namespace: string, name: string, labels: Readonly<Record<string, string>>) {
  return { namespace, name, labels, selector: { app: 'it' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] };
}

async function cluster(context: TestContext, options: ForwardingApiOptions = {}) {
  const api = await new ForwardingApi(options).start(context);
  api.services.push(service('tools', 'ui', pageLabels));
  const addPod = (name: string, backend: number): ForwardingPod => {
    const ports = [{ name: 'http', containerPort: 12_000 }];
    const pod = { name, labels: { app: 'it' }, ports, ready: true, backend };
    api.pods.push(pod);
    return pod;
  };
  return { api, addPod };
}

interface StartOptions {
  readonly what?: ForwardedService;
  readonly namespace?: string;
  readonly token?: string;
  readonly tls?: Credentials['tls'];
  readonly patienceMs?: number;
}

async function start(
  context: TestContext,
  api: ForwardingApi,
  { what = 'page', token, tls = {}, patienceMs = 30_000, ...others }: StartOptions = {},
): Promise<{ forward: PortForward; said: string[] }> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const credentials = async () => ({ headers, tls });
  const access: ApiAccess = { text: 'the test', server: new URL(api.url), credentials, forget: () => undefined };
  const said: string[] = [];
  const forward = await startPortForward({
    ...{ access, what, port: 0, retryMs: 2, patienceMs, ...others },
    say: (line) => said.push(line),
  });
  context.after(() => forward.stop());
  return { forward, said };
}

/** A server that answers with what it is sent, after its name where it has one. */
async function echo(context: TestContext, name?: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (name === undefined) socket.pipe(socket);
    else socket.on('data', (bytes) => socket.write(`${name}: ${bytes}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** The first that is answered; '' for a connection that is closed without an answer. */
function askOnce(port: number, question: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(question));
    socket.on('error', () => resolve(''));
    socket.once('close', () => resolve(''));
    socket.once('data', (bytes) => {
      resolve(String(bytes));
      socket.destroy();
    });
  });
}

async function until(what: string, check: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!check()) {
    if (Date.now() > deadline) assert.fail(`not within 15 s: ${what}`);
    await pause(5);
  }
}

function authority(context: TestContext): CertificateAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'parallax-certificates-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return new CertificateAuthority(folder);
}

function writeKubeconfig(context: TestContext, server: string, token: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'parallax-kubeconfig-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'kind',
    clusters: [{ name: 'kind', cluster: { server } }],
    users: [{ name: 'me', user: { token } }],
    contexts: [{ name: 'kind', context: { cluster: 'kind', user: 'me' } }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

function parallax(context: TestContext, args: readonly string[]) {
  const output: string[] = [];
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'parallax.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(String(chunk)));
  context.after(() => child.kill('SIGKILL'));
  return { process: child, output, exitCode: new Promise<number | null>((resolve) => child.once('close', resolve)) };
}
