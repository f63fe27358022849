// Pictures of the page in trouble, over a double of the relay that is made to be so: node e2e/state-screenshots.ts [FOLDER]
// Waiting for the relay, without one, cut off from it, and with events lost on the way.

import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { startDashboardDouble } from './doubles/dashboard.ts';
import { freePorts, startParallax } from './stack.ts';

const folder = process.argv[2] ?? join(import.meta.dirname, '..', 'docs', 'screenshots');
const [uiPort = 0, relayPort = 0] = await freePorts(2);
const relayAddress = `127.0.0.1:${relayPort}`;
const url = `http://127.0.0.1:${uiPort}`;

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage({
  viewport: { width: 1280, height: 800 },
  colorScheme: 'dark',
  reducedMotion: 'reduce',
});
const silent = await listenInSilence(relayPort);
const ui = await startParallax(['ui', '--relay', relayAddress, '--listen', `127.0.0.1:${uiPort}`], /ui ready/);
try {
  await page.goto(url);
  await page.getByText('Asking the relay for the map').waitFor();
  await picture('state-loading');
  silent.close();
  await page.getByText('The relay does not answer').waitFor();
  await picture('state-no-relay');
  let relay = await startDashboardDouble(relayAddress);
  await mapIsThere(page);
  relay.stop();
  await page.getByText('Cut off from the relay').waitFor();
  await picture('state-cut-off');
  relay = await startDashboardDouble(relayAddress, 8, { vertices: [], flows: () => [], lost: 1_204 });
  await page.getByText('1,204 events got lost').waitFor();
  await mapIsThere(page);
  await picture('state-lost');
  relay.stop();
} finally {
  await browser.close();
  await ui.stop();
}

async function picture(name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  process.stdout.write(`${name}.png\n`);
}

async function mapIsThere(page: Page): Promise<void> {
  await page.locator('[data-map-card]').nth(5).waitFor();
  await page.waitForFunction(() => performance.getEntriesByName('map drawn').length > 0);
}

/** Takes connections and says nothing, until it is closed with all of them. */
async function listenInSilence(port: number): Promise<{ close(): void }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
