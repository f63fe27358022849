#!/usr/bin/env node
// The `parallax` command: finds the pinned Node and hands over to bin/parallax.ts. Plain JavaScript, since the Node that
// runs it first may be too old for TypeScript.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runOnPinnedNode } from '../setup/pinned-node.mjs';
import { root } from '../setup/root.mjs';
import { nodeFlags } from './node-flags.mjs';

if (!existsSync(join(root, 'node_modules', '@grpc'))) {
  process.stderr.write('npm packages are missing: run `npm start` once, or `npm install --ignore-scripts`.\n');
  process.exit(1);
}
runOnPinnedNode('bin/parallax.ts', process.argv.slice(2), nodeFlags(process.argv[2]));
