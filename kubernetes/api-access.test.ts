import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ApiAccess } from './api-access.ts';
import { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { inClusterAccess } from './in-cluster-access.ts';
import { openApiAccess } from './open-access.ts';
import { status } from './testing/api-server.ts';
import { CertificateAuthority } from './testing/certificates.ts';
import { apiServer, plainAccess, podJson, pods, until, watchOf } from './testing/watching.ts';

const folder = mkdtempSync(join(tmpdir(), 'parallax-access-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const authority = new CertificateAuthority(folder);
const other = new CertificateAuthority(folder, 'other');
const { signal } = new AbortController();
const secret = 'eyJhbGciOi.secret-token.value';

/** A service account as kubelet mounts it, and the environment of the pod. */
function serviceAccount(url: string, token = secret, nowMs?: () => number): ApiAccess {
  const path = mkdtempSync(join(folder, 'account-'));
  writeFileSync(join(path, 'token'), `${token}\n`);
  writeFileSync(join(path, 'ca.crt'), authority.cert);
  accountPath = path;
  const { hostname, port } = new URL(url);
  const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  return inClusterAccess({ path, env, ...(nowMs === undefined ? {} : { nowMs }) });
}
let accountPath = '';

function kubeconfig(name: string, cluster: object, user: object): string {
  const path = join(folder, name);
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'here' },
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

async function failureOf(access: ApiAccess): Promise<ApiError> {
  const client = new ApiClient(access, { component: 'test', silenceMs: 2000 });
  try {
    await client.getJson(pods, signal);
  } catch (error) {
    assert.ok(error instanceof ApiError);
    return error;
  } finally {
    client.close();
  }
  assert.fail('the request succeeded');
}

test("a pod's service account: CA, token, and the token that kubelet puts in its place", async (context) => {
  let nowMs = 0;
  const server = await apiServer(context, { tls: authority.sign('IP:127.0.0.1') });
  const client = new ApiClient(
    serviceAccount(server.url, 'first', () => nowMs),
    { component: 'test' },
  );
  context.after(() => client.close());
  await client.getJson(pods, signal);
  writeFileSync(join(accountPath, 'token'), 'second');
  await client.getJson(pods, signal);
  nowMs = 60_001;
  await client.getJson(pods, signal);
  const sent = server.requests.map(({ headers }) => headers.authorization);
  assert.deepEqual(sent, ['Bearer first', 'Bearer first', 'Bearer second']);
});

test('a token that is refused is read again at once', async (context) => {
  const server = await apiServer(context, { tls: authority.sign('IP:127.0.0.1'), token: 'new' });
  server.put(pods, podJson('a'));
  const watch = watchOf(context, serviceAccount(server.url, 'old'), { resources: ['pods'] });
  await watch.start();
  assert.match(watch.notices()[0]?.text ?? '', /it answers 401: Unauthorized/);
  writeFileSync(join(accountPath, 'token'), 'new');
  await until('the new token is used', () => [...watch.objects('Pod')].length === 1);
});

test('certificates that are expired, for another name or by another CA are refused in words', async (context) => {
  const cases: [RegExp, ReturnType<CertificateAuthority['sign']>][] = [
    [/its certificate has expired/, authority.sign('IP:127.0.0.1', { isExpired: true })],
    [/its certificate is for another name than the one it is called by/, authority.sign('DNS:elsewhere')],
    [/its certificate is signed by another CA than the configured one/, other.sign('IP:127.0.0.1')],
  ];
  for (const [words, tls] of cases) {
    const server = await apiServer(context, { tls });
    const error = await failureOf(serviceAccount(server.url));
    assert.equal(error.kind, 'unreachable');
    assert.match(error.message, words);
    assert.equal(server.requests.length, 0);
  }
});

test('no message holds the token, even if the server sends it back', async (context) => {
  const server = await apiServer(context, { tls: authority.sign('IP:127.0.0.1') });
  server.faults.push({
    path: /./,
    act: ({ headers }, response) => status(response, 500, 'Oops', `\u001b[31myou said ${headers.authorization}\u0007`),
  });
  const error = await failureOf(serviceAccount(server.url));
  assert.equal(error.message, 'it answers 500: [31myou said (credentials)');
  const watch = watchOf(context, serviceAccount(server.url), { resources: ['pods'] });
  await watch.start();
  assert.ok(!JSON.stringify(watch.notices()).includes(secret));
});

test('redirects are not followed, pages of the web are told apart, and an answer too long is not read', async (context) => {
  const server = await apiServer(context);
  const answers: [RegExp, (response: import('node:http').ServerResponse) => void][] = [
    [/sends us elsewhere/, (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    [/not JSON; is this the address of a Kubernetes API server/, (response) => void response.end('<html>')],
    [
      /cut off/,
      (response) => void response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy()),
    ],
    [/more than the 1 MiB/, (response) => flood(response)],
  ];
  for (const [words, answer] of answers) {
    server.faults.unshift({ path: /./, act: (_request, response) => answer(response) });
    assert.match((await failureOf(plainAccess(server))).message, words);
  }
});

function flood(response: import('node:http').ServerResponse): void {
  response.writeHead(200);
  const chunk = Buffer.alloc(1 << 20, 32);
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', write);
  write();
}

test('a kubeconfig: client certificates, token files, exec plugins with what they are promised', async (context) => {
  const server = await apiServer(context, { tls: authority.sign('IP:127.0.0.1') });
  const cluster = { server: server.url, 'certificate-authority-data': Buffer.from(authority.cert).toString('base64') };
  const plugin = join(folder, 'plugin');
  writeFileSync(
    plugin,
    '#!/bin/sh\ncase "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 3 ;; esac\necho \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}\'\n',
  );
  chmodSync(plugin, 0o755);
  writeFileSync(join(folder, 'token-of-file'), 'from-file\n');
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' };
  const users: [object, string | undefined][] = [
    [{ token: 'plain' }, 'Bearer plain'],
    [{ tokenFile: 'token-of-file' }, 'Bearer from-file'],
    [{ exec }, 'Bearer from-plugin'],
    [{ username: 'me', password: 'pass' }, `Basic ${Buffer.from('me:pass').toString('base64')}`],
    [{ 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) }, undefined],
  ];
  for (const [index, [user, authorization]] of users.entries()) {
    const access = await openApiAccess(kubeconfig(`config-${index}`, cluster, user));
    const api = new ApiClient(access, { component: 'test' });
    await api.getJson(pods, signal);
    api.close();
    assert.equal(server.requests.at(-1)?.headers.authorization, authorization);
    const { tls } = await access.credentials();
    if (authorization === undefined) assert.ok(String(tls.cert).includes('BEGIN CERTIFICATE'));
  }
});
const client = authority.sign('DNS:client');

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

test('a kubeconfig that cannot be used is refused in words', async () => {
  await assert.rejects(openApiAccess(join(folder, 'missing')), /missing does not exist; give --kubernetes the path/);
  const garbage = join(folder, 'garbage');
  writeFileSync(garbage, 'clusters: [');
  await assert.rejects(openApiAccess(garbage), /the kubeconfig .*garbage cannot be read: /);
  const plain = kubeconfig('plain', { server: 'http://10.0.0.1:8080' }, { token: secret });
  await assert.rejects(openApiAccess(plain), /http:\/\/10\.0\.0\.1:8080 is not reached by https/);
  const fine = kubeconfig('fine', { server: 'https://127.0.0.1:1' }, {});
  await assert.rejects(openApiAccess(fine, 'elsewhere'), /no context "elsewhere" with a cluster; it has here/);
  const failing = kubeconfig('failing', { server: 'https://127.0.0.1:1' }, { exec: { command: '/bin/false' } });
  const error = await failureOf(await openApiAccess(failing));
  assert.match(error.message, /credentials cannot be had: the plugin failed without a word/);
});

test('a proxy on this machine is reached by plain http', async (context) => {
  const server = await apiServer(context);
  const access = await openApiAccess(kubeconfig('proxy', { server: `${server.url}/prefix/` }, {}));
  const api = new ApiClient(access, { component: 'test' });
  await assert.rejects(api.getJson(pods, signal), /404/);
  assert.equal(server.requests.at(-1)?.path, `/prefix${pods}`);
});
