// A newcomer's first minute: `parallax up --demo`, the page, the services, a refused connection, and the end without a trace.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'playwright/test';
import { edgesBetween, fetchServiceMap, sumOf } from './service-map-api.ts';
import { freePorts, type Started, startParallax } from './stack.ts';

let up: Started;
let url = '';
let begun = 0;
const before = traces();

test.beforeAll(async () => {
  test.setTimeout(120_000);
  const [ui, relay, exporter] = await freePorts(3);
  begun = Date.now();
  up = await startParallax(
    ['up', '--demo', '--ui-port', `${ui}`, '--relay-port', `${relay}`, '--exporter-port', `${exporter}`],
    /Open http/,
  );
  url = `http://127.0.0.1:${ui}`;
});

// Also when a story fails: what is left would be taken for the demo of the next run.
test.afterAll(async () => {
  if (up.process.exitCode === null && up.process.signalCode === null) await up.stop();
});

test('the services of the demo appear on the map', async ({ page }) => {
  await page.goto(url);
  const map = page.getByRole('region', { name: 'Service map' });
  for (const name of ['gateway', 'web', 'checkout', 'payments', 'ledger', 'postgres', 'redis', 'coredns'])
    await expect(map.getByText(name, { exact: true }).first()).toBeVisible();
  const rows = page.getByRole('table', { name: 'Flows' }).getByRole('row');
  await expect(rows.nth(3)).toBeVisible();
  test.info().annotations.push({ type: 'start to first flow on the page', description: `${Date.now() - begun} ms` });
});

test('the newest row is told with its age', async ({ page }) => {
  await page.goto(url);
  const table = page.getByRole('table', { name: 'Flows' });
  await expect(table.getByRole('row').nth(3)).toBeVisible();
  const agesMs = await table.evaluate(newestRowAges, 12);
  const [median, worst] = [agesMs.toSorted((a, b) => a - b)[6], Math.max(...agesMs)];
  process.stdout.write(`packet to page: median ${median} ms, worst ${worst} ms of ${agesMs.length} changes\n`);
  test.info().annotations.push({ type: 'packet to page', description: `median ${median} ms, worst ${worst} ms` });
  expect(agesMs).toHaveLength(12);
});

test('a connection that the kernel really dropped is shown as dropped, with the reason', async ({ page }) => {
  const dropped = async (): Promise<number> =>
    sumOf(edgesBetween(await fetchServiceMap(url), 'platform/scheduler', 'payments/ledger'), 'dropped');
  await expect.poll(dropped, { timeout: 30_000 }).toBeGreaterThan(0);
  const edges = edgesBetween(await fetchServiceMap(url), 'platform/scheduler', 'payments/ledger');
  expect(edges.flatMap((edge) => edge.drops ?? []).map(({ reason }) => reason)).toContain('NETFILTER_DROP');
  await page.goto(`${url}/flows?q=${encodeURIComponent('verdict:dropped to:workload:ledger')}`);
  const row = page.getByRole('row').filter({ hasText: 'scheduler' }).filter({ hasText: 'Dropped' }).first();
  await expect(row).toBeVisible({ timeout: 30_000 });
  await row.click();
  await expect(
    page.getByRole('region', { name: 'Why it was dropped' }).or(page.getByLabel('Why it was dropped')),
  ).toContainText(/netfilter|firewall|filter/i);
});

test('the end leaves nothing behind', async () => {
  test.setTimeout(60_000);
  const stopped = Date.now();
  expect(await up.stop('SIGTERM')).toBe(0);
  test.info().annotations.push({ type: 'stop', description: `${Date.now() - stopped} ms` });
  expect(traces()).toEqual(before);
});

/** What of ours a machine can show: namespaces, links, loaded programs. */
function traces(): Record<string, readonly string[]> {
  const lines = (command: string, ...args: string[]): string[] =>
    execFileSync(command, args, { encoding: 'utf8' }).split('\n');
  return {
    namespaces: lines('ip', 'netns', 'list').filter((line) => line.startsWith('px-')),
    links: lines('ip', '-o', 'link')
      .map((line) => line.split(':')[1] ?? '')
      .filter((name) => name.includes('pxd') || name.includes('px-')),
    programs: lines('bpftool', 'prog', 'show')
      .filter((line) => / name (tc_|on_|flow_|drop_|socket_)/.test(line))
      .map((line) => line.replace(/^\d+: /, '')),
  };
}

/** Runs in the page: at each change of the newest row, how old the packet is that it tells of, in milliseconds. */
function newestRowAges(table: Element, count: number): Promise<number[]> {
  const dayMs = 86_400_000;
  const newest = (): string => /\d\d:\d\d:\d\d\.\d{3}/.exec(table.textContent ?? '')?.[0] ?? '';
  return new Promise((resolve) => {
    const ages: number[] = [];
    let last = newest();
    const look = (): void => {
      const time = newest();
      if (time !== last && time !== '') {
        last = time;
        const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
        const now = new Date();
        const ofDay = now.getTime() - new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
        ages.push(Math.round((ofDay - (hours * 3600 + minutes * 60 + seconds) * 1000 + dayMs) % dayMs));
      }
      if (ages.length < count) requestAnimationFrame(look);
      else resolve(ages);
    };
    look();
  });
}
