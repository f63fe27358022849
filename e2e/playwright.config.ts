// Stories in Debian's Chromium over the real stack. Those that need this machine's kernel hooks or the demo run one after
// the other; those over doubles beside them.

import { defineConfig } from 'playwright/test';

const machine = ['demo.story.ts', 'accounting.story.ts', 'policy.story.ts'];

export default defineConfig({
  testDir: '.',
  projects: [
    { name: 'machine', testMatch: machine, workers: 1 },
    { name: 'page', testMatch: '*.story.ts', testIgnore: machine, workers: 1 },
  ],
  outputDir: 'results',
  fullyParallel: false,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./counts-reporter.ts']],
  use: {
    viewport: { width: 1600, height: 1000 },
    // A trace keeps a copy of the page for each step, which on a live page costs more than the story; a failure is run again
    // by name with --trace on.
    trace: 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: '/usr/bin/chromium',
      // Chromium refuses its sandbox to root; the rest keeps it from calling home.
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
