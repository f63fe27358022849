// A refused connection explained: the kernel's drop, the policy's name and what its rule lacked, on one flow and on the
// pages; and policies tried before anybody applies them. One demo for all of it.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'playwright/test';
import { contrastFindings, seriousFindings } from './accessibility.ts';
import { freePorts, runParallax, type Started, startParallax } from './stack.ts';

const policyName = 'ledger-allow-payments-only';
const stricter = [
  'kind: NetworkPolicy',
  'metadata: {namespace: shop, name: cart-nobody}',
  'spec: {podSelector: {matchLabels: {app: cart}}, policyTypes: [Ingress]}',
].join('\n');

let up: Started;
let url = '';
let relay = '';

test.beforeAll(async () => {
  test.setTimeout(120_000);
  const [ui, relayPort, exporter] = await freePorts(3);
  up = await startParallax(
    ['up', '--demo', '--ui-port', `${ui}`, '--relay-port', `${relayPort}`, '--exporter-port', `${exporter}`],
    /Open http/,
  );
  url = `http://127.0.0.1:${ui}`;
  relay = `127.0.0.1:${relayPort}`;
});

test.afterAll(async () => {
  await up?.stop();
});

test('the drop, the kernel reason, the policy and the explanation meet on one flow', async () => {
  const drops = async () => {
    const lines = await runParallax(
      ...['observe', '--server', relay, '--all', '--verdict', 'DROPPED', '--to-pod', 'payments/ledger', '-o', 'json'],
    );
    return lines
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).flow);
  };
  await expect.poll(async () => (await drops()).length, { timeout: 30_000 }).toBeGreaterThan(0);
  const flow = (await drops()).at(-1);
  expect(flow.verdict).toBe('DROPPED');
  expect(flow.extensions.drop.reason).toBe('NETFILTER_DROP');
  expect(flow.ingress_denied_by).toEqual([expect.objectContaining({ namespace: 'payments', name: policyName })]);
  expect(flow.extensions.policy.agreement).toBe('AGREES');
  expect(flow.extensions.policy.ingress_reasons.join(' ')).toContain('with app=payments, which platform/scheduler');
});

test('the panel of the dropped flow names the policy and says what its rule lacked', async ({ page }) => {
  await page.goto(`${url}/flows?q=${encodeURIComponent('verdict:dropped to:workload:ledger')}`);
  const row = page.getByRole('row').filter({ hasText: 'scheduler' }).filter({ hasText: 'Dropped' }).first();
  await expect(row).toBeVisible({ timeout: 30_000 });
  await row.click();
  const story = page.getByLabel('Why it was dropped');
  await expect(story).toContainText(`payments/${policyName}`);
  await expect(story).toContainText('with app=payments, which platform/scheduler');
  await expect(story).toContainText('NETFILTER_DROP');
});

test('an allowed flow says which policy let it through', async ({ page }) => {
  await page.goto(`${url}/flows?q=${encodeURIComponent('from:workload:payments to:workload:ledger')}`);
  const row = page.getByRole('row').filter({ hasText: 'ledger' }).first();
  await expect(row).toBeVisible({ timeout: 30_000 });
  await row.click();
  await expect(page.getByRole('complementary', { name: 'Details' })).toContainText(
    `Allowed by NetworkPolicy:payments/${policyName}`,
  );
});

test('the page of policies counts what each allowed and denied, and finds the rule that never matched', async ({
  page,
}) => {
  await page.goto(`${url}/policies`);
  const ledger = page.getByRole('article', { name: policyName });
  await expect(ledger).toContainText(/[1-9][\d,]* denied/, { timeout: 30_000 });
  await expect(ledger).toContainText(/[1-9][\d,]* allowed/);
  await expect(ledger).toContainText('allows pods of namespace payments with app=payments on TCP 8443');
  await expect(page.getByText('Pods that no policy restricts')).toBeVisible();
});

test('a preview of a stricter policy on the live flows fails a build and names the connection', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'policy-story-'));
  try {
    await writeFile(
      join(folder, 'cart.yaml'),
      [
        'kind: NetworkPolicy',
        'metadata: {namespace: shop, name: cart-gateway-only}',
        'spec: {podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {matchLabels: {app: x}}}]}]}',
      ].join('\n'),
    );
    const failure = await runPreview(folder, '--fail-on', 'newly-denied').catch((error) => error);
    expect(failure.code).toBe(3);
    expect(failure.stdout).toMatch(/shop\/web -> shop\/cart +TCP 8080 +[1-9]/);
  } finally {
    await rm(folder, { recursive: true });
  }
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
  await page.getByRole('link', { name: 'Show on the map' }).click();
  await expect(page).toHaveURL(/\?.*marks=c/);
  await expect(page.getByRole('button', { name: /^Policy preview: [1-9]\d* would be denied/ })).toBeVisible();
});

test('a field that is wrong is marked where it stands and refused in words', async ({ page }) => {
  await page.goto(`${url}/policies?view=preview`);
  await page.getByRole('textbox', { name: 'Policies to try, YAML' }).fill(stricter.replace('[Ingress]', '[Sideways]'));
  await expect(page.locator('.cm-lint-marker-error')).toBeVisible();
  await page.getByRole('button', { name: 'Try on the flows of the window' }).click();
  await expect(page.getByText('"Sideways" is neither Ingress nor Egress')).toBeVisible();
});

for (const view of ['in-force', 'preview'])
  test(`the ${view} view of policies has no accessibility fault, in the light and in the dark theme`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`${url}/policies?view=${view}`);
    const loaded = view === 'preview' ? page.locator('.cm-content') : page.getByRole('article').first();
    await expect(loaded).toBeVisible({ timeout: 20_000 });
    expect(await seriousFindings(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await contrastFindings(page)).toEqual([]);
  });

function runPreview(policies: string, ...more: string[]): Promise<{ stdout: string }> {
  const parallax = join(import.meta.dirname, '..', 'bin', 'parallax.ts');
  const args = [parallax, 'policy', 'preview', '--policies', policies, '--flows', relay, ...more];
  return promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
}
