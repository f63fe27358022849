import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { healthOf } from './testing/health.ts';
import { type ImageName, makeTree, noImages, type RunningImage, runImage } from './testing/image-run.ts';
import { chartPath } from './testing/rendered.ts';

const run = promisify(execFile);

const relayPort = 23_700;
const uiPort = 23_701;
const exporterPort = 23_702;

// Making three trees takes longer than one test may.
describe('the images', { skip: noImages(), timeout: 600_000 }, () => {
  const trees = new Map<ImageName, Promise<string>>();
  const treeOf = (name: ImageName): Promise<string> => {
    const made = trees.get(name) ?? (name === 'ui' ? buildPage().then(() => makeTree(name)) : makeTree(name));
    trees.set(name, made);
    return made;
  };
  after(async () => {
    for (const tree of trees.values()) rmSync(await tree, { recursive: true, force: true });
  });

  it('run the relay as nobody on a read-only root, and it serves', async (context) => {
    const exporter = await runExporter(context, await treeOf('exporter'));
    const relay = runImage(
      context,
      'relay',
      await treeOf('relay'),
      ['relay', '--listen', `127.0.0.1:${relayPort}`, '--peers', `127.0.0.1:${exporterPort}`],
      'nobody',
    );
    await until('it is ready', relay, () => relay.output().includes('relay ready'));
    assert.equal(idOf(relay), '65534');
    const answers = async () => (await healthOf(`127.0.0.1:${relayPort}`, 'observer.Observer')) === 'SERVING';
    await until('it is SERVING', relay, answers);
    relay.process.kill('SIGTERM');
    assert.equal(await relay.exitCode, 0, relay.output());
    exporter.process.kill('SIGTERM');
    assert.equal(await exporter.exitCode, 0, exporter.output());
  });

  it('run the page as nobody on a read-only root, and it answers', async (context) => {
    const args = ['ui', '--listen', `127.0.0.1:${uiPort}`, '--relay', '127.0.0.1:1'];
    const ui = runImage(context, 'ui', await treeOf('ui'), args, 'nobody');
    await until('it is ready', ui, () => ui.output().includes('ui ready'));
    assert.equal(idOf(ui), '65534');
    const page = await fetch(`http://127.0.0.1:${uiPort}/`);
    const html = await page.text();
    assert.equal(page.status, 200);
    const script = /src="(\/_next\/static\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
    assert.equal((await fetch(`http://127.0.0.1:${uiPort}${script}`)).status, 200, script);
    assert.equal((await fetch(`http://127.0.0.1:${uiPort}/icon.svg`)).status, 200);
    ui.process.kill('SIGTERM');
    assert.equal(await ui.exitCode, 0, ui.output());
  });

  it("run the exporter with the chart's capabilities alone, and it sees the traffic of a pod's veth", async (context) => {
    const exporter = await runExporter(context, await treeOf('exporter'));
    assert.match(exporter.output(), /capturing from the kernel$/m);
    const port = await serveOnVeth(context);
    const observe = [
      join(import.meta.dirname, '..', 'bin', 'parallax.ts'),
      'observe',
      '--server',
      `127.0.0.1:${exporterPort}`,
      '--all',
      '-o',
      'json',
    ];
    await until('the flow is seen', exporter, async () => {
      await run('ip', ['netns', 'exec', 'plx-image', process.execPath, '-e', askFrom(port)]);
      const { stdout: flows } = await run(process.execPath, observe);
      return flows.includes('"198.18.77.2"') && flows.includes(`"destination_port":${port}`);
    });
  });

  it('hold no shell, no package manager, no tests and no other process', async () => {
    for (const name of ['exporter', 'relay', 'ui'] as const) {
      const tree = await treeOf(name);
      for (const path of ['bin/sh', 'usr/bin/apt', 'usr/bin/dpkg', 'usr/bin/npm'])
        assert.ok(!existsSync(join(tree, path)), `${name}: ${path}`);
      const rooms = readdirSync(join(tree, 'opt', 'parallax'));
      assert.equal(rooms.includes('exporter'), name === 'exporter');
      assert.equal(rooms.includes('.next'), name === 'ui');
      assert.ok(!rooms.includes('demo') && !rooms.includes('e2e') && !rooms.includes('deploy'));
      const files = readdirSync(join(tree, 'opt', 'parallax'), { recursive: true, encoding: 'utf8' });
      assert.deepEqual(
        files.filter((path) => path.endsWith('.test.ts')),
        [],
      );
    }
  });
});

/** As `npm run build` does: only when its sources have changed. */
async function buildPage(): Promise<void> {
  await run(process.execPath, [join(import.meta.dirname, '..', 'setup', 'build.mjs')]);
}

async function runExporter(context: TestContext, tree: string): Promise<RunningImage> {
  const { exporter } = parse(readFileSync(join(chartPath, 'values.yaml'), 'utf8')) as {
    exporter: { capabilities: string[] };
  };
  const args = ['exporter', '--listen', `127.0.0.1:${exporterPort}`, '--interfaces', 'plximg*'];
  const image = runImage(context, 'exporter', tree, args, exporter.capabilities);
  await until('the exporter is ready', image, () => image.output().includes('exporter ready'));
  return image;
}

/** A network namespace with a veth to this one, and a server on this end. @returns its port */
async function serveOnVeth(context: TestContext): Promise<number> {
  const ip = (line: string) => execFileSync('ip', line.split(' '), { stdio: 'pipe' });
  const remove = () => {
    try {
      ip('netns del plx-image');
    } catch {
      // It was not there.
    }
  };
  remove();
  ip('netns add plx-image');
  context.after(remove);
  ip('link add plximg0 type veth peer name eth0 netns plx-image');
  ip('addr add 198.18.77.1/30 dev plximg0');
  ip('link set plximg0 up');
  ip('-n plx-image addr add 198.18.77.2/30 dev eth0');
  ip('-n plx-image link set eth0 up');
  const server = createServer((socket) => socket.on('error', () => undefined).end('hello'));
  await new Promise<void>((resolve) => server.listen(23_703, '198.18.77.1', resolve));
  context.after(() => server.close());
  return 23_703;
}

function askFrom(port: number): string {
  return `require('node:net').connect(${port}, '198.18.77.1').resume().on('error', () => {})`;
}

function idOf({ process: child }: RunningImage): string | undefined {
  return /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
}

async function until(what: string, image: RunningImage, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await check())) {
    if (Date.now() > deadline || image.process.exitCode !== null)
      assert.fail(`not within 30 s: ${what}\n${image.output()}`);
    await pause(50);
  }
}
