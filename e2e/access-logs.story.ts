// Envoys send their access logs to a real relay; the page shows them, counts all of them, and tells one in full.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'playwright/test';
import { contrastFindings, seriousFindings } from './accessibility.ts';
import { freePorts, type Started, startParallax } from './stack.ts';

const entries = 10_000;
const send = join(import.meta.dirname, '..', 'relay', 'access-logs', 'testing', 'send.ts');
let relay: Started;
let ui: Started;
let relayAddress = '';
let address = '';

test.beforeAll(async () => {
  const [relayPort, uiPort, nowhere] = await freePorts(3);
  relayAddress = `127.0.0.1:${relayPort}`;
  address = `http://127.0.0.1:${uiPort}`;
  relay = await startParallax(['relay', '--listen', relayAddress, '--peers', `127.0.0.1:${nowhere}`], /relay ready/);
  ui = await startParallax(['ui', '--relay', relayAddress, '--listen', `127.0.0.1:${uiPort}`], /ready/);
});

test.afterAll(async () => {
  await ui?.stop();
  await relay?.stop();
});

/** Ends once every entry has been taken by the relay's socket. */
function sendEntries(count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [send, relayAddress, String(count), '10000'], { stdio: 'ignore' });
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`send.ts ended with ${code}`))));
  });
}

test('without a proxy the page says how to point one here', async ({ page }) => {
  await page.goto(`${address}/access-logs`);
  await expect(page.getByText('No proxy sends its access log here')).toBeVisible();
});

test('every entry is counted on the page, and what is not shown is said', async ({ page }) => {
  await page.goto(`${address}/access-logs`);
  await sendEntries(entries);
  await expect(page.getByRole('img', { name: /10,000 requests over the window/ })).toBeVisible();
  const { matched, shown } = await page.evaluate(async () => {
    const lines = (await (await fetch('/api/access-logs?number=100000')).text()).trim().split('\n');
    const failed = (await (await fetch('/api/access-logs?number=100000&q=status:503+flag:UF')).text())
      .trim()
      .split('\n');
    return { matched: lines.length, shown: failed.length };
  });
  expect(matched).toBe(entries);
  expect(shown).toBe(Math.ceil(entries / 97));
});

test('a filter in the URL leaves what matches, and a record tells where its time went', async ({ page }) => {
  await sendEntries(1000);
  await page.goto(`${address}/access-logs?log=status%3A5xx`);
  const rows = page.getByRole('table', { name: 'Access logs' }).locator('tbody').getByRole('row');
  await expect(rows.nth(3)).toContainText('503');
  await rows.nth(3).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await expect(details.getByRole('list', { name: 'Where the time went' })).toContainText('upstream wait');
  await expect(details).toContainText('The proxy could not connect to the server');
  await expect(details).toContainText('not seen by the kernel');
  await expect(page).toHaveURL(/record=\d+/);
});

test('a filter that cannot be understood is answered in words', async ({ page }) => {
  await page.goto(`${address}/access-logs`);
  await page.getByRole('searchbox', { name: 'Filter access logs' }).fill('status:teapot');
  await expect(page.getByRole('alert').filter({ hasText: 'status:5xx' })).toBeVisible();
});

test('no serious accessibility findings, in the light and in the dark theme', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await sendEntries(100);
  await page.goto(`${address}/access-logs?record=97`);
  await expect(page.getByRole('list', { name: 'Where the time went' })).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await contrastFindings(page)).toEqual([]);
});
