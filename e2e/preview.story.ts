// Policies tried on the page before anybody applies them: what they would deny of the traffic that was seen.

import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from 'playwright/test';
import { freePorts, type Started, startParallax } from './stack.ts';

const stricter = [
  'kind: NetworkPolicy',
  'metadata: {namespace: shop, name: cart-nobody}',
  'spec: {podSelector: {matchLabels: {app: cart}}, policyTypes: [Ingress]}',
].join('\n');

let up: Started;
let url = '';

test.beforeAll(async () => {
  test.setTimeout(120_000);
  const [ui, relay, exporter] = await freePorts(3);
  up = await startParallax(
    ['up', '--demo', '--ui-port', `${ui}`, '--relay-port', `${relay}`, '--exporter-port', `${exporter}`],
    /Open http/,
  );
  url = `http://127.0.0.1:${ui}`;
});

test.afterAll(async () => {
  await up?.stop();
});

test('a policy that denies a connection in use is counted as newly denied, with the reason', async ({ page }) => {
  await page.goto(`${url}/policies?view=preview`);
  const editor = page.getByRole('textbox', { name: 'Policies to try, YAML' });
  await editor.fill(stricter);
  const edge = page.getByRole('article', { name: 'shop/web to shop/cart' });
  await expect(async () => {
    await page.getByRole('button', { name: 'Try on the flows of the window' }).click();
    await expect(edge).toContainText(/[1-9][\d,]* newly denied/, { timeout: 5_000 });
  }).toPass({ timeout: 45_000 });
  await edge.getByText('Why').click();
  await expect(edge).toContainText('is isolated for ingress by NetworkPolicy:shop/cart-nobody');
});

test('a field that is wrong is marked where it stands and refused in words', async ({ page }) => {
  await page.goto(`${url}/policies?view=preview`);
  await page.getByRole('textbox', { name: 'Policies to try, YAML' }).fill(stricter.replace('[Ingress]', '[Sideways]'));
  await expect(page.locator('.cm-lint-marker-error')).toBeVisible();
  await page.getByRole('button', { name: 'Try on the flows of the window' }).click();
  await expect(page.getByText('"Sideways" is neither Ingress nor Egress')).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const)
  for (const view of ['in-force', 'preview'])
    test(`the ${view} view of policies has no accessibility fault in ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${url}/policies?view=${view}`);
      const loaded = view === 'preview' ? page.locator('.cm-content') : page.getByRole('article').first();
      await expect(loaded).toBeVisible({ timeout: 20_000 });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
    });
