// Where the project lies, and which Node it is pinned to.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const pinnedNodeVersion = readFileSync(join(root, '.node-version'), 'utf8').trim();

/**
 * The pinned Node, an optional npm dependency where the platform has one; else the Node that runs this, if it is new
 * enough to run TypeScript as it is.
 */
export function findNode() {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return undefined;
}

export const noNodeText =
  `Parallax needs Node ${pinnedNodeVersion.split('.')[0]} or newer. No prebuilt one is packaged for ` +
  `${process.platform}-${process.arch}, and this is Node ${process.versions.node}: install Node 24 and run again.`;
