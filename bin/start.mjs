#!/usr/bin/env node
// `npm start`: sets up what is missing, then runs `parallax up` on the pinned Node. Runs on Node 20 itself, so plain JavaScript.

import { installNpmPackages } from '../setup/npm-packages.mjs';
import { runOnPinnedNode } from '../setup/pinned-node.mjs';
import { say } from '../setup/report.mjs';
import { demoPackages, ensureSystemPackages, runtimePackages } from '../setup/system-packages.mjs';
import { buildUi } from '../setup/ui-build.mjs';

const args = process.argv.slice(2);
const withDemo = args.includes('--demo');

try {
  if (!args.includes('--help')) {
    await ensureSystemPackages(runtimePackages, "seeing this host's traffic (Linux, eBPF)");
    if (withDemo) await ensureSystemPackages(demoPackages, "the demo's services and network");
  }
  await installNpmPackages();
  if (!args.includes('--help')) await buildUi();
} catch (error) {
  say(`Set-up failed: ${error.message}`);
  process.exit(1);
}
runOnPinnedNode('bin/parallax.ts', ['up', ...args]);
