// What the page costs in a real Chromium: a generator observer, the real relay, the built page. Prints a table.
//   node bench/ui/ui.ts                 20 x 100, 300 x 1,000 and 2,000 x 10,000 (services x flows a second)
//   node bench/ui/ui.ts 2000x10000 ...  these cells; all: every one of nine
//   node bench/ui/ui.ts heap=300 ...    the heaps of the last cell are watched for so many seconds instead of 30
// Chromium draws in software here: read its frames against those of the small cells. Busy share and longest task are
// processor time, which a busy machine does not stretch; all else is time on the clock.

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { type Heap, watchHeaps } from './heap.ts';
import { watchMainThread } from './main-thread.ts';
import { countFrames, rowAges, type Stage, stages } from './page-probe.ts';

const SIZES = [20, 300, 2000];
const RATES = [100, 1000, 10_000];
const usual = ['20x100', '300x1000', '2000x10000'];
const every = SIZES.flatMap((size) => RATES.map((rate) => `${size}x${rate}`));
const heapOption = process.argv.slice(2).find((argument) => argument.startsWith('heap='));
const heapSeconds = Number(heapOption?.slice('heap='.length) ?? 30);
if (!(heapSeconds >= 0)) throw new Error(`${heapOption} is no time: give seconds, as in heap=300.`);
const asked = process.argv.slice(2).filter((argument) => argument !== heapOption);
const cells = asked.length === 0 ? usual : asked.includes('all') ? every : asked;

const columns = [
  'services x flows/s',
  'first map ms',
  'again ms',
  'stages of again',
  'FPS idle',
  'FPS panning',
  'worst frame ms',
  'main thread busy %',
  'longest task ms (clock)',
  'JS heap MB: page, worker (a minute)',
  'row age p50 / worst ms',
];
const parallax = join(import.meta.dirname, '..', '..', 'bin', 'parallax.ts');
/** Steady state is looked at after this long. */
const SETTLE_MS = 4_000;
const LOOK_MS = 5_000;

process.stdout.write(`| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|\n`);
for (const cell of cells) {
  const [services = 0, rate = 0] = cell.split('x').map(Number);
  if (!(services > 0 && rate > 0)) throw new Error(`${cell} is no cell: give SERVICESxFLOWS, as in 300x1000.`);
  process.stdout.write(`| ${(await measure(services, rate, cell === cells.at(-1))).join(' | ')} |\n`);
}
process.stdout.write(
  `\nload average ${loadavg()[0]?.toFixed(1)}, node ${process.version}, 1600x1000, software rendering\n`,
);

async function measure(services: number, rate: number, isLast: boolean): Promise<string[]> {
  const started: ChildProcess[] = [];
  try {
    const source = fork(join(import.meta.dirname, 'observer-process.ts'), [String(services), String(rate)]);
    started.push(source);
    const { address } = await new Promise<{ address: string }>((resolve) => source.once('message', resolve as never));
    const [relayPort, uiPort] = await freePorts();
    const relay = `127.0.0.1:${relayPort}`;
    started.push(await startParallax(['relay', '--listen', relay, '--peers', address], /relay ready/));
    started.push(await startParallax(['ui', '--relay', relay, '--listen', `127.0.0.1:${uiPort}`], /ui ready/));
    const url = `http://127.0.0.1:${uiPort}`;
    await untilMapHas(url, services);
    return [`${services} x ${rate.toLocaleString('en')}`, ...(await measurePage(url, isLast ? heapSeconds : 0))];
  } finally {
    for (const each of started.reverse()) await stopped(each);
  }
}

async function measurePage(url: string, watchHeapSeconds: number): Promise<string[]> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
  try {
    const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
    const first = await context.newPage();
    const firstMs = drawnMs(await openMap(first, url));
    await first.close();
    const page = await context.newPage();
    const again = await openMap(page, url);
    await page.waitForTimeout(SETTLE_MS);
    const { busyShare, longestCpuMs, longestMs } = await watchMainThread(browser, page, LOOK_MS);
    const idle = await page.evaluate(countFrames, { ms: 2000, isPanning: false });
    const panning = await page.evaluate(countFrames, { ms: 2500, isPanning: true });
    const ages = (await page.evaluate(rowAges, { count: 16, ms: 5000 })).toSorted((a, b) => a - b);
    const heaps = await watchHeaps(browser, page, watchHeapSeconds);
    const heapText = ({ endMb, mbPerMinute }: Heap) =>
      `${endMb.toFixed(1)}${watchHeapSeconds > 0 ? ` (${mbPerMinute.toFixed(1)})` : ''}`;
    return [
      firstMs.toFixed(0),
      drawnMs(again).toFixed(0),
      again.map(({ name, ms }) => `${name} ${ms.toFixed(0)}`).join(', '),
      idle.perSecond.toFixed(0),
      panning.perSecond.toFixed(0),
      panning.worstMs.toFixed(0),
      (busyShare * 100).toFixed(0),
      `${longestCpuMs.toFixed(0)} (${longestMs.toFixed(0)})`,
      `${heapText(heaps.page)}, ${heapText(heaps.worker)}`,
      `${ages[ages.length >> 1] ?? 'none'} / ${ages.at(-1) ?? 'none'}`,
    ];
  } finally {
    await browser.close();
  }
}

/** From the start of navigation to the first picture of the map, as the page itself marks it. */
async function openMap(page: Page, url: string): Promise<Stage[]> {
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(() => performance.getEntriesByName('map drawn').length > 0, undefined, {
    timeout: 60_000,
  });
  return page.evaluate(stages);
}

function drawnMs(opened: readonly Stage[]): number {
  return opened.find(({ name }) => name === 'map drawn')?.ms ?? Number.NaN;
}

/** Most services: some have no edge, and rare ones come late. */
async function untilMapHas(url: string, services: number): Promise<void> {
  const untilMs = Date.now() + 20_000;
  for (;;) {
    const answer = await fetch(`${url}/api/service-map?window=300`).catch(() => undefined);
    const map = answer?.ok ? ((await answer.json()) as { vertices?: unknown[] }) : {};
    if ((map.vertices?.length ?? 0) >= services * 0.8) return;
    if (Date.now() > untilMs) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function startParallax(args: readonly string[], ready: RegExp): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', parallax, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (ready.test(output)) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`parallax ${args.join(' ')} ended with ${code}:\n${output}`)));
  });
  return child;
}

function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

async function freePorts(): Promise<number[]> {
  const servers = await Promise.all(
    [0, 1].map(async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
