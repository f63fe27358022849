#!/usr/bin/env node
// The `parallax` command: finds the pinned Node and hands over to bin/parallax.ts. Plain JavaScript, since the Node that
// runs it first may be too old for TypeScript.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runOnPinnedNode } from '../setup/pinned-node.mjs';
import { root } from '../setup/root.mjs';

if (!existsSync(join(root, 'node_modules', '@grpc'))) {
  process.stderr.write('npm packages are missing: run `npm start` once, or `npm install --ignore-scripts`.\n');
  process.exit(1);
}
// What passes through a relay is garbage at once: a small young generation saves some 100 MB, and can only be had at the start.
const flags = process.argv[2] === 'relay' ? ['--max-semi-space-size=4'] : [];
runOnPinnedNode('bin/parallax.ts', process.argv.slice(2), flags);
