// Requests sent = requests accounted, with two exporters that see the same packets: to a pod, and to a service's address behind
// which the pod answers.

import { expect, test } from 'playwright/test';
import { edgesBetween, fetchServiceMap, sumOf } from './service-map-api.ts';
import { freePorts, runParallax, type Started, startParallax } from './stack.ts';

const from = 'shop/web';
const destinations = ['shop/cart', 'shop/catalog'];
const requests = 250;
const objects = '/run/parallax-demo/objects.json';

let started: Started[] = [];

test.beforeAll(async () => {
  test.setTimeout(120_000);
  await runParallax('demo', 'up', '--traffic', 'off');
});

test.afterAll(async () => {
  for (const each of started.reverse()) await each.stop();
  started = [];
  await runParallax('demo', 'down');
});

test('the map counts each request once, however many exporters saw it', async ({ page }) => {
  test.setTimeout(120_000);
  const [one, two, relay, ui] = await freePorts(4);
  for (const [port, node] of [
    [one, 'node-1'],
    [two, 'node-2'],
  ] as const) {
    const args = [
      'exporter',
      '--listen',
      `127.0.0.1:${port}`,
      '--node-name',
      node,
      '--interfaces',
      'pxd-*',
      '--objects',
      objects,
    ];
    started.push(await startParallax(args, /exporter ready/));
  }
  started.push(
    await startParallax(
      ['relay', '--listen', `127.0.0.1:${relay}`, '--peers', `127.0.0.1:${one},127.0.0.1:${two}`],
      /relay ready/,
    ),
  );
  started.push(await startParallax(['ui', '--relay', `127.0.0.1:${relay}`, '--listen', `127.0.0.1:${ui}`], /ui ready/));
  const url = `http://127.0.0.1:${ui}`;

  for (const to of destinations) {
    const begun = Date.now();
    const burst = await runParallax('demo', 'burst', '--from', from, '--to', to, '--requests', String(requests));
    expect(burst).toContain(`${requests} sent, ${requests} answered`);
    // Until all are there; then one more look after both exporters' views have come, when it could count twice.
    const counted = async (): Promise<number[]> => {
      const edges = edgesBetween(await fetchServiceMap(url), from, to);
      return [sumOf(edges, 'requests'), sumOf(edges, 'responses')];
    };
    await expect.poll(counted, { timeout: 20_000 }).toEqual([requests, requests]);
    const description = `${requests} requests to ${to} within ${Date.now() - begun} ms of the first`;
    test.info().annotations.push({ type: 'accounted', description });
    const workload = to.split('/')[1] ?? '';
    const ends = ['--from-workload', 'web', '--to-workload', workload];
    const both = await runParallax(
      'observe',
      '--server',
      `127.0.0.1:${relay}`,
      ...ends,
      '--type',
      'l7',
      '--all',
      '-o',
      'json',
    );
    const nodes = new Set([...both.matchAll(/"node_name":"(node-\d)"/g)].map((match) => match[1]));
    expect([...nodes].sort(), 'both exporters saw the requests').toEqual(['node-1', 'node-2']);
    expect(await counted()).toEqual([requests, requests]);
  }

  await page.goto(`${url}/?window=300`);
  await expect(page.getByRole('region', { name: 'Service map' }).getByText('catalog').first()).toBeVisible();
});
