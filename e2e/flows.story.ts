// The flow table over a real relay that follows a node of made-up flows: order, widths, export, commands, bad input.

import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect as baseExpect, type Download, type Page, test } from 'playwright/test';
import { hostile } from './doubles/hostile-flows.ts';
import { freePorts, type Started, startParallax } from './stack.ts';

/** For a machine that is not free. */
const expect = baseExpect.configure({ timeout: 60_000 });
const run = promisify(execFile);
const parallax = join(import.meta.dirname, '..', 'bin', 'parallax.ts');
let node: ReturnType<typeof spawn>;
let relay: Started;
let ui: Started;
let relayAddress = '';
let url = '';
/** Four seconds that gain no more flows. */
let range = { fromS: 0, toS: 0 };
let faults: string[] = [];

test.describe.configure({ timeout: 240_000 });

test.beforeAll(async () => {
  const [nodePort, relayPort, uiPort] = await freePorts(3);
  relayAddress = `127.0.0.1:${relayPort}`;
  url = `http://127.0.0.1:${uiPort}`;
  const double = join(import.meta.dirname, 'doubles', 'observer.ts');
  node = spawn(process.execPath, [double, `127.0.0.1:${nodePort}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => node.stdout?.once('data', resolve));
  [relay, ui] = await Promise.all([
    startParallax(['relay', '--listen', relayAddress, '--peers', `127.0.0.1:${nodePort}`], /relay ready/),
    startParallax(['ui', '--relay', relayAddress, '--listen', `127.0.0.1:${uiPort}`], /ui ready/),
  ]);
  const beginsS = Math.floor(Date.now() / 1000);
  range = { fromS: beginsS, toS: beginsS + 4 };
  const later = `q=&since=${timeText(range.toS + 2)}`;
  await expect
    .poll(async () => (await (await fetch(`${url}/api/flows/export?${later}`)).text()).length, { timeout: 60_000 })
    .toBeGreaterThan(0);
});

test.afterAll(async () => {
  await ui?.stop();
  await relay?.stop();
  node?.kill();
});

test.beforeEach(({ context }) => {
  faults = [];
  context.on('weberror', (error) => faults.push(error.error().message));
});

test.afterEach(() => {
  expect(faults).toEqual([]);
});

const timeText = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000', '');
const rowsOf = (page: Page) => page.getByRole('table', { name: 'Flows' }).locator('tbody').getByRole('row');
const headOf = (page: Page, name: string) => page.getByRole('columnheader', { name });
const edgeOf = (page: Page, name: string) => page.getByRole('separator', { name: `Width of ${name}` });

async function withRows(page: Page, query: string): Promise<void> {
  await page.goto(`${url}/flows?${query}`);
  await expect(rowsOf(page).nth(3)).toBeVisible({ timeout: 45_000 });
}

/** Microseconds of the rows in view, from the top. */
async function latencies(page: Page): Promise<number[]> {
  const texts = await rowsOf(page).locator('td:last-child').allTextContents();
  const units: Readonly<Record<string, number>> = { µs: 1, ms: 1e3, s: 1e6 };
  return texts.map((text) => Number.parseFloat(text) * (units[text.split(' ')[1] ?? ''] ?? Number.NaN));
}

test('a column is sorted by in the paused table, from the keyboard too, and letting the flows run gives it up', async ({
  page,
}) => {
  await withRows(page, 'cols=time,source,latency&q=protocol:http');
  await headOf(page, 'Latency').getByRole('button').click();
  await expect(page).toHaveURL(/sort=-latency/);
  await expect(headOf(page, 'Latency')).toHaveAttribute('aria-sort', 'descending');
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  const slowest = await latencies(page);
  expect(slowest.length).toBeGreaterThan(10);
  expect(slowest).toEqual([...slowest].sort((a, b) => b - a));
  await page.goto(page.url());
  await expect(headOf(page, 'Latency')).toHaveAttribute('aria-sort', 'descending');
  await expect(rowsOf(page).nth(3)).toBeVisible();
  await headOf(page, 'Latency').getByRole('button').focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/sort=latency/);
  const fastest = await latencies(page);
  expect(fastest).toEqual([...fastest].sort((a, b) => a - b));
  await expect(page.getByRole('button', { name: /waiting$/ })).toBeVisible();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page).not.toHaveURL(/sort=/);
  await expect(headOf(page, 'Latency')).toHaveAttribute('aria-sort', 'none');
});

test('a column is as wide as it was made, by pointer or keys, also behind a link, until it is reset', async ({
  page,
}) => {
  await withRows(page, '');
  const width = async () => Math.round((await headOf(page, 'Source').boundingBox())?.width ?? 0);
  const before = await width();
  await edgeOf(page, 'Source').focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(width).toBe(before + 8);
  await page.keyboard.press('Shift+ArrowLeft');
  await expect.poll(width).toBe(before - 32);
  const edge = await edgeOf(page, 'Source').boundingBox();
  if (edge === null) throw new Error('the edge of the column is not drawn');
  await page.mouse.move(edge.x + edge.width / 2, edge.y + 8);
  await page.mouse.down();
  await page.mouse.move(edge.x + edge.width / 2 + 100, edge.y + 8, { steps: 4 });
  await page.mouse.up();
  await expect.poll(width).toBe(before + 68);
  await expect(page).toHaveURL(new RegExp(`widths=source:${before + 68}`));
  await page.goto(page.url());
  await expect.poll(width).toBe(before + 68);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('menuitem', { name: /Reset/ }).click();
  await expect.poll(width).toBe(before);
  await expect(page).not.toHaveURL(/widths=/);
});

async function save(page: Page, name: string): Promise<string> {
  const coming: Promise<Download> = page.waitForEvent('download');
  await page.getByRole('button', { name }).click();
  return await readFile(await (await coming).path(), 'utf8');
}

const uuidsOf = (lines: string): string[] =>
  lines
    .trim()
    .split('\n')
    .map((line): { flow?: { uuid: string } } => JSON.parse(line))
    .flatMap(({ flow }) => (flow === undefined ? [] : [flow.uuid]))
    .sort();

test('the exported file, the API and the copied commands give the same flows', async ({ page }) => {
  const q = 'namespace:shop verdict:forwarded -type:trace -from:port:80,443 http.path:"/orders*"';
  const t = `${range.fromS}-${range.toS}`;
  await withRows(page, new URLSearchParams({ q, t }).toString());
  await page.getByRole('button', { name: 'Copy or export' }).click();
  const dialog = page.getByRole('dialog', { name: 'Copy or export these flows' });
  const lines = await save(page, 'JSON lines');
  const uuids = uuidsOf(lines);
  expect(uuids.length).toBeGreaterThan(3);
  expect(new Set(uuids).size).toBe(uuids.length);
  await expect(dialog).toContainText(`${uuids.length} flows`);
  const query = new URLSearchParams({ q, since: timeText(range.fromS), until: timeText(range.toS) });
  expect(uuidsOf(await (await fetch(`${url}/api/flows/export?${query}`)).text())).toEqual(uuids);
  const csv = await save(page, 'CSV');
  const [head = '', ...records] = csv.trimEnd().split('\r\n');
  const at = head.split(',').indexOf('uuid');
  expect(records.map((record) => record.split(',')[at]).sort()).toEqual(uuids);
  for (const name of ['parallax observe', 'hubble observe']) {
    const row = dialog.locator('div', { has: page.getByRole('button', { name: `Copy ${name}` }) }).last();
    const command = (await row.locator('code').textContent()) ?? '';
    expect(command.startsWith(name)).toBe(true);
    const flags = command.slice(name.length);
    const { stdout } = await run('bash', [
      '-c',
      `"$0" --disable-warning=ExperimentalWarning "$1" observe ${flags} --server ${relayAddress} -o json`,
      process.execPath,
      parallax,
    ]);
    expect(uuidsOf(stdout), command).toEqual(uuids);
  }
});

test('a window is brushed in the histogram, and given up again', async ({ page }) => {
  await withRows(page, 'window=60');
  const bars = page.getByRole('img', { name: /[1-9][\d,]* flows over the window/ });
  await expect(bars).toBeVisible();
  const box = await bars.boundingBox();
  if (box === null) throw new Error('the histogram is not drawn');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.mouse.move(box.x + box.width * 0.93, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.97, box.y + 10, { steps: 3 });
  await page.mouse.up();
  await expect(page).toHaveURL(/t=\d+-\d+/);
  const [fromS = 0, toS = 0] = (new URL(page.url()).searchParams.get('t') ?? '').split('-').map(Number);
  expect(toS - fromS).toBeLessThan(10);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(rowsOf(page).nth(2)).toBeVisible();
  for (const text of await rowsOf(page).locator('td:first-child').allTextContents()) {
    const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
    const ofDay = hours * 3600 + minutes * 60 + seconds;
    const from = new Date(fromS * 1000);
    const begin = from.getHours() * 3600 + from.getMinutes() * 60 + from.getSeconds();
    expect(ofDay - begin).toBeGreaterThanOrEqual(0);
    expect(ofDay - begin).toBeLessThan(toS - fromS);
  }
  await page.getByRole('button', { name: 'Show all times' }).click();
  await expect(page).not.toHaveURL(/t=/);
});

test('real values complete the filter, connection events are hidden by it, and a view is kept under a name', async ({
  page,
}) => {
  await withRows(page, 'cols=time,destination,request,pod');
  const { keyboard } = page;
  await keyboard.press('/');
  await keyboard.type('-pod:shop/cart-');
  const options = page.getByRole('listbox', { name: 'Completions' }).getByRole('option');
  await expect(options.first()).toHaveText('-pod:shop/cart-6c9f8d7b5-x2k4p');
  const listed = await options.first().boundingBox();
  expect(listed?.y).toBeGreaterThan(0);
  await keyboard.press('Enter');
  await expect(page).toHaveURL(/q=-pod:shop/);
  await keyboard.press('Escape');
  await expect(
    rowsOf(page)
      .filter({ hasText: /opened · SYN/ })
      .first(),
  ).toBeVisible();
  await page.getByRole('button', { name: 'Connection events' }).click();
  await expect(page).toHaveURL(/-type:trace/);
  await expect(rowsOf(page).nth(5)).toBeVisible();
  await expect(rowsOf(page).filter({ hasText: /opened · SYN/ })).toHaveCount(0);
  for (const text of await rowsOf(page).allTextContents()) expect(text).not.toContain('shop/cart:');
  const kept = page.url();
  await page.getByRole('button', { name: 'Copy or export' }).click();
  await page.getByRole('textbox', { name: /under a name/ }).fill('no carts');
  await keyboard.press('Enter');
  await expect(page.getByText('Saved as “no carts”.')).toBeVisible();
  await withRows(page, '');
  await keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Search' })).toBeVisible();
  await keyboard.type('no carts');
  await expect(page.getByRole('option', { name: /no carts/ })).toHaveAttribute('aria-selected', 'true');
  await keyboard.press('Enter');
  await expect(page).toHaveURL(kept);
});

test('a CEL expression is judged while it is typed, and a hundred thousand characters are refused in words', async ({
  page,
}) => {
  await withRows(page, '');
  const field = page.getByRole('combobox', { name: 'Filter flows' });
  const fault = page.getByRole('alert').filter({ hasText: /./ });
  await field.fill('cel:"_flow.verdict =="');
  await expect(fault).toContainText(/character 15, behind _flow\.verdict/);
  await page.keyboard.press('Enter');
  await expect(page).not.toHaveURL(/q=/);
  await field.fill('cel:"_flow.verdict == Verdict.DROPPED"');
  await expect(fault).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/q=cel/);
  await expect(rowsOf(page).nth(1)).toContainText('Dropped');
  await field.fill('pod:web '.repeat(12_500));
  await expect(fault).toContainText('99999 characters, at most 16384 are read');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/q=cel[^&]{0,80}$/);
  await field.fill('');
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
});

test('a link that nobody wrote in good faith is read as far as it can be, and hostile names stay text', async ({
  page,
}) => {
  await withRows(page, 'sort=colour&widths=source:-1,time:1e99,x&cols=bogus&t=9-1&window=soon&__proto__=1');
  await expect(page.getByRole('columnheader').first()).toHaveText('Time');
  await withRows(page, 'cols=source,destination,request,node');
  const row = rowsOf(page).filter({ hasText: hostile.markup }).first();
  await expect(row).toBeVisible();
  expect(await row.locator('bdi').first().textContent()).toBe(hostile.reversed);
  expect(await page.evaluate(() => 'isHijacked' in window)).toBe(false);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
});
