// The built page over a double of the relay: what a reader does with it, and what it must withstand.

import { expect, type Page, test } from 'playwright/test';
import { contrastFindings, seriousFindings } from './accessibility.ts';
import { type DashboardDouble, startDashboardDouble } from './doubles/dashboard.ts';
import { hostile, hostileFlow, hostileVertex } from './doubles/hostile-flows.ts';
import { freePorts, type Started, startParallax } from './stack.ts';

let relay: DashboardDouble;
let ui: Started;
let url = '';
let faults: string[] = [];

// Some three and a half minutes in all on two free cores; the limit of each is for a machine that is not free.
test.describe.configure({ timeout: 180_000 });

test.beforeAll(async () => {
  const [uiPort] = await freePorts(1);
  relay = await startDashboardDouble('127.0.0.1:0');
  url = `http://127.0.0.1:${uiPort}`;
  ui = await startParallax(['ui', '--relay', relay.address, '--listen', `127.0.0.1:${uiPort}`], /ui ready/);
});

test.afterAll(async () => {
  await ui?.stop();
  relay?.stop();
});

test.beforeEach(({ context }) => {
  faults = [];
  context.on('weberror', (error) => faults.push(error.error().message));
});

test.afterEach(() => {
  expect(faults).toEqual([]);
});

const rowsOf = (page: Page) => page.getByRole('table', { name: 'Flows' }).locator('tbody').getByRole('row');

async function withRows(page: Page, path: string): Promise<void> {
  await page.goto(`${url}${path}`);
  await expect(rowsOf(page).nth(3)).toBeVisible({ timeout: 45_000 });
}

test('a link restores filter, window, columns and selection', async ({ page }) => {
  await withRows(page, '/flows?q=verdict:dropped&window=900&cols=source,verdict');
  const look = async () => {
    await expect(page.getByRole('button', { name: 'Remove verdict:dropped' })).toBeVisible();
    await expect(page.getByRole('columnheader')).toHaveText(['Source', 'Verdict']);
    await expect(page.getByRole('button', { name: /last 15 min/ })).toBeVisible();
    for (const text of await rowsOf(page).allTextContents()) expect(text).toContain('Dropped');
  };
  await look();
  await page.goto(`${page.url()}&sel=v%3Apayments%2Fledger`);
  await look();
  await expect(page.getByRole('complementary', { name: 'Details' })).toContainText('ledger');
});

test('pausing holds the rows still and counts what waits', async ({ page }) => {
  await withRows(page, '/flows');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.mouse.move(5, 500);
  const waiting = page.getByRole('button', { name: /waiting$/ });
  await expect(waiting).toBeVisible();
  const top = (await rowsOf(page).nth(0).textContent()) ?? '';
  const before = (await waiting.textContent()) ?? '';
  await expect(waiting).not.toHaveText(before);
  expect(await rowsOf(page).nth(0).textContent()).toBe(top);
  await waiting.click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  await page.mouse.move(5, 500);
  await expect(rowsOf(page).nth(0)).not.toHaveText(top);
});

test('the keyboard alone filters, steps through flows, pauses and searches', async ({ page }) => {
  await withRows(page, '/flows');
  const { keyboard } = page;
  await keyboard.press('/');
  await expect(page.getByRole('combobox', { name: 'Filter flows' })).toBeFocused();
  await keyboard.type('verdict:dropped');
  await keyboard.press('Enter');
  await expect(page).toHaveURL(/q=verdict:dropped/);
  await keyboard.press('Escape');
  await expect(rowsOf(page).nth(3)).toContainText('Dropped');
  const details = page.getByRole('complementary', { name: 'Details' });
  await keyboard.press('j');
  await expect(details).toBeVisible();
  const first = page.url();
  await keyboard.press('j');
  await expect(page).not.toHaveURL(first);
  await keyboard.press('k');
  await expect(page).toHaveURL(first);
  await keyboard.press('Escape');
  await expect(details).toBeHidden();
  await rowsOf(page).nth(1).focus();
  await keyboard.press('Enter');
  await expect(details).toBeVisible();
  await keyboard.press('Escape');
  await keyboard.press(' ');
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  await keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await keyboard.press('Escape');
  await keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Search' })).toBeVisible();
  await keyboard.type('shop/checkout');
  await keyboard.press('Enter');
  await expect(page).toHaveURL(/sel=v:shop\/checkout/);
});

/** A card of the map in the DOM, by the id that the double gives its service. */
const cardOf = (page: Page, id: string) => page.locator(`[data-map-card="${id}"]`);

test('a namespace is stepped into and out of, by keyboard too, and the link says where one stands', async ({
  page,
}) => {
  await page.goto(url);
  const header = page.getByRole('button', { name: /^Namespace shop,/ });
  await expect(header).toBeVisible({ timeout: 45_000 });
  await header.focus();
  await page.keyboard.press('Shift+Enter');
  await expect(page).toHaveURL(/q=namespace:shop/);
  const crumbs = page.getByRole('navigation', { name: 'Where the map stands' });
  await expect(crumbs).toHaveText('Allshop');
  await cardOf(page, 'shop/web').dblclick({ timeout: 45_000 });
  await expect(page).toHaveURL(/scope=pod/);
  await expect(crumbs).toHaveText('Allshopweb');
  await crumbs.getByRole('button', { name: 'All' }).click();
  await expect(page).not.toHaveURL(/scope|namespace/);
  await page.getByLabel(/^Scope/).selectOption('namespace');
  await expect(cardOf(page, 'ns:prod-eu-west/shop')).toContainText('6 services', { timeout: 45_000 });
  await cardOf(page, 'ns:prod-eu-west/shop').click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await expect(details.getByRole('list', { name: 'Services' }).getByRole('listitem')).toHaveCount(6);
});

test('what is closed or left out of the map stays so in the link', async ({ page }) => {
  await page.goto(url);
  await expect(cardOf(page, 'kube-system/coredns')).toBeVisible({ timeout: 45_000 });
  await page.getByRole('button', { name: 'Hide DNS on the map' }).click();
  await expect(cardOf(page, 'kube-system/coredns')).toBeHidden();
  await page.getByRole('textbox', { name: 'Find on the map' }).fill('stripe');
  await page.keyboard.press('Enter');
  await expect(cardOf(page, '/api.stripe.com')).toBeHidden();
  await page.getByRole('button', { name: /^Namespace payments,/ }).focus();
  await page.keyboard.press('Backspace');
  await expect(cardOf(page, 'ns:prod-eu-west/payments')).toContainText('3 services');
  await page.reload();
  await expect(cardOf(page, 'ns:prod-eu-west/payments')).toBeVisible({ timeout: 45_000 });
  await expect(cardOf(page, 'kube-system/coredns')).toBeHidden();
  await page.getByRole('button', { name: 'Show stripe again' }).click();
  await expect(cardOf(page, '/api.stripe.com')).toBeVisible();
});

test('figures that move, move no card; a card put elsewhere is pinned there, also after a reload', async ({ page }) => {
  await page.goto(url);
  const card = cardOf(page, '/smtp.relay.example');
  await expect(card).toBeVisible({ timeout: 45_000 });
  await expect.poll(() => page.evaluate(() => document.getAnimations().length)).toBeLessThan(4);
  const places = () =>
    page
      .locator('[data-map-card]')
      .evaluateAll((all) => all.map((each) => (each as HTMLElement).style.transform).join());
  const before = await places();
  const rate = await card.textContent();
  await expect(card).not.toHaveText(rate ?? '', { timeout: 45_000 });
  expect(await places()).toBe(before);
  await card.hover({ position: { x: 40, y: 12 } });
  const box = await card.boundingBox();
  const [x, y] = [(box?.x ?? 0) + 40, (box?.y ?? 0) + 12];
  await page.mouse.down();
  await page.mouse.move(x - 500, y - 20, { steps: 4 });
  await page.mouse.up();
  await expect(page.getByRole('button', { name: 'Unpin smtp.relay.example' })).toBeVisible();
  const moved = (await card.getAttribute('style')) ?? '';
  expect(before).not.toContain(/translate\([^)]*\)/.exec(moved)?.[0]);
  // Places are written half a second later, or when the page is left.
  await page.reload();
  await expect(card).toBeVisible({ timeout: 45_000 });
  await expect(card).toHaveAttribute('style', moved, { timeout: 45_000 });
  await expect(page.getByRole('button', { name: 'Unpin smtp.relay.example' })).toBeVisible({ timeout: 45_000 });
});

test('details show the course from before the page was opened, for a service and a connection', async ({ page }) => {
  await page.goto(`${url}/?sel=v:shop/checkout`);
  const details = page.getByRole('complementary', { name: 'Details' });
  for (const name of ['Latency over time', 'Requests a second over time', 'Answers by latency over time'])
    await expect(details.getByRole('img', { name, exact: true })).toBeVisible({ timeout: 45_000 });
  await details.getByRole('button', { name: /payments\/payments/ }).click();
  await expect(page).toHaveURL(/sel=e:shop/);
  await expect(details.getByRole('img', { name: 'Latency over time', exact: true })).toBeVisible();
  await expect(details).toContainText('First seen');
  await page.goto(`${url}/?sel=n:prod-eu-west|shop`);
  await expect(details.getByRole('img', { name: 'Latency over time', exact: true })).toBeVisible({ timeout: 45_000 });
});

test('what a preview would change is marked on the map by the link alone, until it is taken off', async ({ page }) => {
  const marks = 'c:shop/web>shop/cart,o:shop/web>shop/checkout,+12';
  await page.goto(`${url}/?${new URLSearchParams({ marks })}`);
  const chip = page.getByRole('button', {
    name: 'Policy preview: 1 would be denied, 1 allowed, 0 not known, 12 more not marked',
  });
  await expect(chip).toBeVisible({ timeout: 45_000 });
  await expect(page.getByText('would be denied', { exact: true })).toBeVisible();
  await chip.click();
  await expect(chip).toBeHidden();
  await expect(page).not.toHaveURL(/marks/);
});

test('a refused connection leads to its flows, to the map and back, in the window that was looked at', async ({
  page,
}) => {
  await page.goto(`${url}/verdicts?window=900`);
  const refused = page.getByRole('article').filter({ hasText: 'report-scheduler' });
  await refused.getByRole('link', { name: 'Show its dropped flows' }).click({ timeout: 45_000 });
  await expect(page).toHaveURL(/\/flows\?.*window=900/);
  for (const term of ['verdict:dropped', 'from:workload:report-scheduler', 'to:namespace:payments'])
    await expect(page.getByRole('button', { name: `Remove ${term}` })).toBeVisible({ timeout: 45_000 });
  await page.goBack();
  await refused.getByRole('link', { name: 'Show on the map' }).click({ timeout: 45_000 });
  await expect(page.getByRole('complementary', { name: 'Details' }).getByLabel('Refused', { exact: true })).toBeVisible(
    {
      timeout: 45_000,
    },
  );
  await expect(page).toHaveURL(/window=900/);
});

test('on a phone, and zoomed in fourfold, map and flows can be reached and a verdict is in sight', async ({ page }) => {
  for (const [width, height] of [
    [390, 844],
    [320, 256],
  ] as const) {
    await page.setViewportSize({ width, height });
    await withRows(page, '/');
    const row = rowsOf(page).nth(1);
    await row.scrollIntoViewIfNeeded();
    await expect(row).toBeInViewport();
    await expect(page.getByRole('columnheader', { name: 'Verdict' })).toBeInViewport();
    await expect(page.getByRole('button', { name: 'Map', exact: true })).toBeVisible();
  }
});

/** Every page, every kind of details, the list in place of the map, and a phone: each once it shows something. */
const views: readonly (readonly [path: string, isLoaded: (page: Page) => Promise<void>, width?: number])[] = [
  ['/', (page) => expect(cardOf(page, 'shop/checkout')).toBeVisible({ timeout: 45_000 })],
  ['/?scope=namespace', (page) => expect(cardOf(page, 'ns:prod-eu-west/shop')).toBeVisible({ timeout: 45_000 })],
  [
    '/?sel=v:shop/checkout',
    (page) => expect(page.getByRole('img', { name: 'Latency over time', exact: true })).toBeVisible(),
  ],
  [
    '/?sel=e:platform/report-scheduler|payments/ledger',
    (page) => expect(page.getByLabel('Refused', { exact: true })).toBeVisible(),
  ],
  ['/?sel=n:prod-eu-west|shop', (page) => expect(page.getByRole('list', { name: 'Services' })).toBeVisible()],
  ['/flows', (page) => expect(rowsOf(page).nth(3)).toBeVisible({ timeout: 45_000 })],
  ['/verdicts', (page) => expect(page.getByRole('article').first()).toBeVisible()],
  ['/policies', (page) => expect(page.getByRole('heading', { level: 1 })).toBeVisible()],
  ['/status', (page) => expect(page.getByRole('table').first()).toBeVisible()],
  ['/', (page) => expect(page.getByRole('list', { name: 'Services' })).toBeVisible({ timeout: 45_000 }), 390],
];

test('every view passes axe, in the dark and in the light theme', async ({ page }) => {
  test.setTimeout(400_000);
  for (const [path, isLoaded, width = 1600] of views) {
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: width < 800 ? 844 : 1000 });
    await page.goto(`${url}${path}`);
    await isLoaded(page);
    expect(await seriousFindings(page), `${path} at ${width}, dark`).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await contrastFindings(page), `${path} at ${width}, light`).toEqual([]);
    const isTooWide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    expect(isTooWide, `${path} at ${width} must not scroll sideways`).toBe(false);
  }
});

test('the page says when it is cut off, and goes on by itself when the relay is back', async ({ page }) => {
  await withRows(page, '/flows');
  const { address } = relay;
  relay.stop();
  await expect(page.getByText('Cut off from the relay')).toBeVisible();
  await expect(rowsOf(page).nth(3)).toBeVisible();
  relay = await startDashboardDouble(address, 8);
  await expect(page.getByText('Cut off from the relay')).toBeHidden();
  await expect.poll(() => relay.openWatches()).toBe(1);
  const top = (await rowsOf(page).nth(0).textContent()) ?? '';
  await expect(rowsOf(page).nth(0)).not.toHaveText(top);
});

test('eight tabs share one stream, a plain request still gets through, and the last tab to go ends the stream', async ({
  context,
}) => {
  const pages = await Promise.all(Array.from({ length: 8 }, () => context.newPage()));
  for (const page of pages) {
    // The quietest page: eight live tables would measure the machine.
    await page.goto(`${url}/status`);
    await expect(page.getByRole('link', { name: '11 of 12 nodes' })).toBeVisible({ timeout: 45_000 });
  }
  expect(relay.openWatches()).toBe(1);
  const status = await pages[7]?.evaluate(async () => (await fetch('/api/status')).status);
  expect(status).toBe(200);
  await Promise.all(pages.slice(1).map((page) => page.close()));
  expect(relay.openWatches()).toBe(1);
  await pages[0]?.close();
  const closed = Date.now();
  await expect.poll(() => relay.openWatches(), { intervals: [20] }).toBe(0);
  test.info().annotations.push({ type: 'last tab closed to call ended', description: `${Date.now() - closed} ms` });
});

test('names with markup, reversed text and long labels are shown as the text they are', async ({ page }) => {
  const { address } = relay;
  relay.stop();
  const guests = { vertices: [hostileVertex], flows: (nowMs: number) => [hostileFlow(nowMs)], lost: 1_204 };
  relay = await startDashboardDouble(address, 9, guests);
  await withRows(page, '/?cols=time,source,destination,request,verdict,node,pod');
  await expect(page.getByText('1,204 events got lost on the way here')).toBeVisible();
  const row = rowsOf(page).filter({ hasText: hostile.markup }).first();
  await expect(row).toContainText('Forwarded');
  await page.getByRole('button', { name: 'Pause' }).click();
  await row.click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await expect(details).toContainText(hostile.markup);
  await page.goto(`${url}/?sel=${encodeURIComponent(`v:${hostileVertex.id}`)}`);
  await expect(details).toContainText(hostile.markup);
  await details.getByRole('tab', { name: 'Pods' }).click();
  await expect(details).toContainText('note=long');
  expect(await page.evaluate(() => 'isHijacked' in window)).toBe(false);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  expect(await details.evaluate((panel) => panel.scrollWidth <= panel.clientWidth)).toBe(true);
});

test('parameters that nobody knows are left alone, and a filter that cannot be read is explained', async ({ page }) => {
  await withRows(page, '/?window=soon&sel=zzz&cols=bogus&metric=x&t=9-1&theme=%3Cscript%3E');
  await expect(page.getByRole('complementary', { name: 'Details' })).toBeHidden();
  await page.goto(`${url}/flows?q=${encodeURIComponent('colour:red')}`);
  await expect(page.getByRole('status')).toContainText('colour');
  await expect(page.getByRole('button', { name: 'Remove colour:red' })).toBeVisible();
});
