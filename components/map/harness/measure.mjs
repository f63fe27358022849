// Prints what the map costs in a real Chromium: node measure.mjs [URL of the harness]. Read ratios, not absolutes:
// headless Chromium draws in software. Start `serve.ts` first.

import { chromium } from 'playwright';

const base = process.argv[2] ?? 'http://127.0.0.1:26000/';
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
const rows = [
  ['services', 'namespaces', 'first picture ms', 'pan frame ms', 'pan p95 ms', 'main thread busy at rest %'],
];
for (const [services, query] of [
  [20, ''],
  [300, ''],
  [300, '&open=1'],
  [2000, ''],
  [2000, '&open=1'],
]) {
  const page = await browser.newPage({ viewport: { width: 1176, height: 576 } });
  await page.goto(`${base}?services=${services}${query}`);
  await page.waitForFunction(() => window.mapFigures !== undefined, undefined, { timeout: 60_000 });
  if (query) await page.getByText('Close all').waitFor({ timeout: 60_000 });
  await page.waitForTimeout(1000);
  const frames = (await page.evaluate(panForAWhile)).sort((left, right) => left - right);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? 0;
  };
  const before = await busy();
  await page.waitForTimeout(2000);
  const atRest = (((await busy()) - before) / 2) * 100;
  const { firstPictureMs } = await page.evaluate(() => window.mapFigures);
  rows.push([
    services,
    query ? 'all open' : 'as first seen',
    firstPictureMs.toFixed(0),
    (frames.reduce((sum, each) => sum + each, 0) / frames.length).toFixed(1),
    (frames[Math.floor(frames.length * 0.95)] ?? 0).toFixed(1),
    atRest.toFixed(0),
  ]);
  await page.close();
}
await browser.close();
for (const row of rows) process.stdout.write(`| ${row.join(' | ')} |\n`);

/** Runs in the page: one step of panning a frame for 120 frames, to and fro; the frame times. */
async function panForAWhile() {
  const stage = document.querySelector('[role="group"]');
  const frames = [];
  let last = await new Promise((done) => requestAnimationFrame(done));
  for (let frame = 0; frame < 120; frame++) {
    const key = Math.floor(frame / 20) % 2 === 0 ? 'ArrowRight' : 'ArrowLeft';
    stage.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    const now = await new Promise((done) => requestAnimationFrame(done));
    frames.push(now - last);
    last = now;
  }
  return frames;
}
