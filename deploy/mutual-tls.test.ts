import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { healthOf } from './testing/health.ts';
import { noHelm, openHelm } from './testing/helm.ts';
import { find, podOf, type RenderedObject, render } from './testing/rendered.ts';

const root = join(import.meta.dirname, '..');
const exporterPort = 23_710;
const relayPort = 23_711;
const healthPort = 23_712;

describe('what the chart tells relay and exporter', { skip: noHelm }, () => {
  it('lets them reach each other by its certificates, and nobody without one', async (context) => {
    const values = {
      clusterName: 'north',
      exporter: { port: exporterPort, metrics: { enabled: false }, extraArgs: ['--replay=demo/recordings/shop.plx'] },
      relay: { metrics: { enabled: false } },
    };
    const objects = await render(openHelm('newest'), values);
    const exporter = run(context, objects, 'DaemonSet', 'parallax-exporter', { tls: 'parallax-exporter-tls' });
    await until('the exporter is ready', exporter, () => exporter.output().includes('exporter ready'));
    const relay = run(context, objects, 'Deployment', 'parallax-relay', { tls: 'parallax-relay-client-tls' });
    const isServing = async () => (await healthOf(`127.0.0.1:${relayPort}`, 'observer.Observer')) === 'SERVING';
    await until('the relay follows it', relay, isServing);
    assert.notEqual(await healthOf(`127.0.0.1:${exporterPort}`, ''), 'SERVING', 'plaintext is refused');
    const insecure = parallax(context, [
      'status',
      '--server',
      `tls://127.0.0.1:${exporterPort}`,
      '--tls-allow-insecure',
    ]);
    assert.notEqual(await insecure.exitCode, 0, 'a client without a certificate is refused');
  });

  it('lets whoever trusts the CA ask a relay that serves TLS, by the name that the page is told', async (context) => {
    const objects = await render(openHelm('newest'), {
      relay: { tls: { enabled: true }, metrics: { enabled: false } },
    });
    const secrets = { tls: 'parallax-relay-client-tls', 'server-tls': 'parallax-relay-server-tls' };
    const relay = run(context, objects, 'Deployment', 'parallax-relay', secrets);
    await until('the relay is ready', relay, () => relay.output().includes('relay ready'));
    assert.equal(await healthOf(`127.0.0.1:${healthPort}`, 'observer.Observer'), 'NOT_SERVING', 'it follows nobody');
    const [uiArgs = []] = [podOf(find(objects, 'Deployment', 'parallax-ui'))?.containers[0]?.args];
    const host = /--relay=([^:]+):443/.exec(uiArgs.join(' '))?.[1] ?? '';
    const ca = join(written(context, objects, 'parallax-relay-server-tls'), 'ca.crt');
    const nodes = [
      'list',
      'nodes',
      '--server',
      `127.0.0.1:${relayPort}`,
      '--tls-ca-cert-files',
      ca,
      '--tls-server-name',
    ];
    const asked = parallax(context, [...nodes, host]);
    assert.equal(await asked.exitCode, 0, asked.output());
    const wrongName = parallax(context, [...nodes, 'relay.elsewhere.svc']);
    assert.notEqual(await wrongName.exitCode, 0);
  });
});

interface Running {
  readonly process: ChildProcess;
  output(): string;
  readonly exitCode: Promise<number | null>;
}

/** The container's own arguments, but for what is only in a cluster: addresses, DNS names and the API server. */
function run(
  context: TestContext,
  objects: readonly RenderedObject[],
  kind: string,
  name: string,
  secrets: Readonly<Record<string, string>>,
): Running {
  const folders = Object.entries(secrets).map(
    ([mount, secret]) => [`/etc/parallax/${mount}/`, `${written(context, objects, secret)}/`] as const,
  );
  const args = podOf(find(objects, kind, name))?.containers[0]?.args ?? [];
  const here = args
    .filter((arg) => arg !== '--kubernetes=in-cluster')
    .map((arg) =>
      folders
        .reduce((text, [mounted, folder]) => text.replace(mounted, folder), arg)
        .replaceAll('$(NODE_IP)', '127.0.0.1')
        .replaceAll('$(NODE_NAME)', 'node-1')
        .replace('parallax-exporter.observability.svc', 'localhost')
        .replace('0.0.0.0:4245', `127.0.0.1:${relayPort}`)
        .replace('0.0.0.0:4222', `127.0.0.1:${healthPort}`),
    );
  return parallax(context, here);
}

/** @returns the folder that holds what is in the secret */
function written(context: TestContext, objects: readonly RenderedObject[], secret: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'parallax-tls-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const data = find(objects, 'Secret', secret).data as Readonly<Record<string, string>>;
  for (const [file, text] of Object.entries(data)) writeFileSync(join(folder, file), Buffer.from(text, 'base64'));
  return folder;
}

function parallax(context: TestContext, args: readonly string[]): Running {
  const child = spawn(process.execPath, [join(root, 'bin', 'parallax.ts'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve));
  context.after(async () => {
    child.kill('SIGKILL');
    await exitCode;
  });
  return { process: child, output: () => text, exitCode };
}

async function until(what: string, running: Running, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await check())) {
    if (Date.now() > deadline || running.process.exitCode !== null) assert.fail(`${what}: no\n${running.output()}`);
    await pause(50);
  }
}
