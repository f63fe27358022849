// Pictures of the page for the documentation, from a stack that is running: node e2e/screenshots.ts [ADDRESS] [FOLDER] [FILTER]
// Waits until the map is drawn and rows are there; starts and stops nothing but the browser.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';

const address = process.argv[2] ?? 'http://127.0.0.1:12000';
const folder = process.argv[3] ?? join(import.meta.dirname, '..', 'docs', 'screenshots');

/** Filter text; empty shows everything. */
const filter = process.argv[4] ?? '';
interface Picture {
  readonly name: string;
  readonly path: string;
  readonly isReady: (page: Page) => Promise<void>;
  /** 1600 x 1000 unless told. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Both unless told. */
  readonly theme?: 'dark' | 'light';
}

const pictures: readonly Picture[] = [
  { name: 'map', path: '/', isReady: mapIsDrawn },
  { name: 'details', path: `/?sel=v:${encodeURIComponent(await idOf('checkout'))}`, isReady: detailsAreDrawn },
  { name: 'namespaces', path: '/?scope=namespace', isReady: mapIsDrawn },
  { name: 'flows', path: '/flows', isReady: rowsAreThere },
  { name: 'verdicts', path: '/verdicts', isReady: (page: Page) => page.locator('article').first().waitFor() },
  { name: 'policies', path: '/policies', isReady: (page: Page) => page.locator('article').first().waitFor() },
  { name: 'access-logs', path: '/access-logs', isReady: logsAreThere },
  { name: 'status', path: '/status', isReady: (page: Page) => page.getByRole('table').nth(1).waitFor() },
  {
    name: 'details-1280',
    path: `/?sel=v:${encodeURIComponent(await idOf('checkout'))}`,
    isReady: panelIsDrawn,
    size: { width: 1280, height: 800 },
    theme: 'light',
  },
  { name: 'phone-map', path: '/', isReady: listIsThere, size: { width: 390, height: 844 }, theme: 'dark' },
  { name: 'phone-flows', path: '/flows', isReady: rowsAreThere, size: { width: 390, height: 844 }, theme: 'light' },
  { name: 'state-empty', path: '/?q=namespace:nowhere', isReady: saying('Nothing matches this filter'), theme: 'dark' },
  { name: 'state-error', path: '/?q=colour:red', isReady: saying('Mend the filter'), theme: 'light' },
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
try {
  for (const theme of ['dark', 'light'] as const) {
    const context = await browser.newContext({
      viewport: { width: 1600, height: 1000 },
      colorScheme: theme,
      reducedMotion: 'reduce',
    });
    for (const { name, path, isReady, size, theme: only } of pictures) {
      if (only !== undefined && only !== theme) continue;
      const page = await context.newPage();
      if (size !== undefined) await page.setViewportSize(size);
      const query = new URLSearchParams({ q: filter });
      const separator = path.includes('?') ? '&' : '?';
      await page.goto(`${address}${path}${filter === '' || path.includes('q=') ? '' : `${separator}${query}`}`);
      await isReady(page);
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
      await page.close();
      process.stdout.write(`${name}-${theme}.png\n`);
    }
    await context.close();
  }
} finally {
  await browser.close();
}

async function mapIsDrawn(page: Page): Promise<void> {
  await rowsAreThere(page);
  await page.locator('[data-map-card]').nth(5).waitFor();
  // Lines come from a worker, a moment after the cards.
  await page.waitForFunction(() => performance.getEntriesByName('map drawn').length > 0);
}

async function listIsThere(page: Page): Promise<void> {
  await page.getByRole('list', { name: 'Services' }).waitFor();
  await rowsAreThere(page);
}

function saying(text: string): (page: Page) => Promise<void> {
  return (page) => page.getByText(text).first().waitFor();
}

/** A whole page of rows. */
async function rowsAreThere(page: Page): Promise<void> {
  await page.getByRole('table', { name: 'Flows' }).locator('tbody').getByRole('row').nth(7).waitFor();
}

/** Where no proxy sends logs, the page says how one would: a picture too, after a wait for rows in vain. */
async function logsAreThere(page: Page): Promise<void> {
  const row = page.getByRole('table', { name: 'Access logs' }).locator('tbody').getByRole('row').first();
  await row.waitFor({ timeout: 5_000 }).catch(() => page.getByRole('heading', { level: 1 }).waitFor());
}

async function detailsAreDrawn(page: Page): Promise<void> {
  await mapIsDrawn(page);
  await panelIsDrawn(page);
}

/** Beside the panel of a small window there may be few cards. */
async function panelIsDrawn(page: Page): Promise<void> {
  await page.getByRole('complementary', { name: 'Details' }).getByRole('img').first().waitFor();
}

/** What the map calls the service of that name; '' where there is none yet. */
async function idOf(name: string): Promise<string> {
  const answer = await fetch(`${address}/api/service-map?window=300`);
  const { vertices = [] } = (await answer.json()) as {
    vertices?: readonly { readonly id: string; readonly name: string }[];
  };
  return vertices.find((vertex) => vertex.name === name)?.id ?? '';
}
